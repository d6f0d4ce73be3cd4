"""The table of applications and routing beside aiohttp's has every public name of the installed aiohttp."""

import inspect
import re
from pathlib import Path

import pytest
from aiohttp import web as theirs

from muntin import web as ours

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "web" / "compatibility-application.md"

SECTIONS = {
    "Application": ["Application"],
    "CleanupError": ["CleanupError"],
    "UrlDispatcher": ["UrlDispatcher"],
    "UrlMappingMatchInfo": ["UrlMappingMatchInfo"],
    "Resources": ["AbstractResource", "Resource", "PlainResource", "DynamicResource", "StaticResource"],
    "PrefixedSubAppResource": ["PrefixedSubAppResource"],
    "Routes": ["AbstractRoute", "ResourceRoute"],
    "View": ["View"],
    "RouteDef": ["RouteDef"],
    "StaticDef": ["StaticDef"],
    "RouteTableDef": ["RouteTableDef"],
}
FUNCTIONS = {
    name
    for name in theirs.__all__
    if inspect.isfunction(getattr(theirs, name)) and name.partition("_")[0] not in {"json", "run"}
}
# Objects whose attributes are not on their class.
SAMPLES = {
    "CleanupError": ours.CleanupError("failed", [OSError("failed")]),
    "RouteDef": ours.get("/", len),
    "StaticDef": ours.static("/", "."),
}
VARIADIC = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)

pytestmark = pytest.mark.row("CF-17", "WB-01", "RT-28")


def read_table(section):
    """Return what the page says of each name of one section; its other tables have behaviours, not names."""
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    table = text.partition("| name | here |")[2].partition("\n\n")[0]
    told = {}
    for line in re.findall(r"^\| (.+) \|$", table, re.M):
        names, here = line.split(" | ", 1)
        told |= dict.fromkeys(re.findall(r"`([\w.]+)`", names), here)
    return told


def public_names(kind):
    return {name for name in dir(kind) if not name.startswith("_")}


def check_arguments(one, other):
    """Whoever calls the one may call the other."""
    wanted, found = (inspect.signature(function).parameters for function in (one, other))
    takes_any = any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in found.values())
    in_order = list(found.values())
    for place, (name, parameter) in enumerate(wanted.items()):
        if parameter.kind in VARIADIC or (takes_any and name not in found):
            continue
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD and parameter.default is parameter.empty:
            # Given by its place, whatever it is called.
            assert in_order[place].kind is parameter.kind, name
            continue
        assert found[name].kind == parameter.kind, name
        if parameter.default is not parameter.empty:
            assert found[name].default is not parameter.empty, name


@pytest.mark.parametrize("section", SECTIONS)
def test_every_name_of_theirs_is_in_the_table_and_none_besides(section):
    names = set().union(*(public_names(getattr(theirs, name)) for name in SECTIONS[section]))
    assert set(read_table(section)) == names


@pytest.mark.parametrize(("section", "kind"), [(key, kind) for key in SECTIONS for kind in SECTIONS[key]])
def test_what_the_table_calls_the_same_is_there_and_takes_the_same_arguments(section, kind):
    one = getattr(theirs, kind)
    other = SAMPLES.get(kind, getattr(ours, kind))
    for name, here in read_table(section).items():
        if not hasattr(one, name) and kind not in SAMPLES:
            continue  # of another class of this section
        assert re.match(r"(same|stricter|other|not offered)\b", here), name
        offered = not here.startswith("not offered")
        assert hasattr(other, name) is offered, name
        if offered and inspect.isfunction(getattr(one, name, None)) and kind not in SAMPLES:
            check_arguments(getattr(one, name), getattr(other, name))


def test_every_function_of_theirs_is_in_the_table_and_takes_the_same_arguments():
    assert set(read_table("Functions")) == FUNCTIONS
    for name in FUNCTIONS - {"middleware"}:  # is never called with a keyword
        check_arguments(getattr(theirs, name), getattr(ours, name))


@pytest.mark.parametrize(
    "kind", ["Application", "UrlMappingMatchInfo", "PlainResource", "RouteDef", "AppKey"]
)
def test_constructors_take_theirs(kind):
    check_arguments(getattr(theirs, kind), getattr(ours, kind))
