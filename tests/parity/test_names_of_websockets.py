"""The table of WebSockets beside aiohttp's has every public name of the installed aiohttp, and tells the truth."""

import enum
import inspect
import re
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web as theirs

from muntin import web as ours

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "web" / "compatibility-websockets.md"

PAIRS = {
    "WebSocketResponse": (theirs.WebSocketResponse, ours.WebSocketResponse),
    "WebSocketReady": (theirs.WebSocketReady, ours.WebSocketReady),
    "WSMessage": (aiohttp.WSMessage, ours.WSMessage),
    "WSMsgType": (aiohttp.WSMsgType, ours.WSMsgType),
    "WSCloseCode": (aiohttp.WSCloseCode, ours.WSCloseCode),
}

pytestmark = pytest.mark.row("CF-01", "CF-02", "CF-03", "CF-21", "WS-10")


def read_table(section):
    """Return what the page says of each name of one section."""
    text = PAGE.read_text().partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    told = {}
    for line in re.findall(r"^\| (.+) \|$", text, re.M):
        names, here = line.split(" | ", 1)
        told |= dict.fromkeys(re.findall(r"`([\w.]+)`", names), here)
    return told


def public_names(kind):
    """Return the names of a class, those that it has from being an int, a response or an enumeration aside."""
    if issubclass(kind, enum.Enum):
        return set(kind.__members__)
    inherited = set(dir(theirs.StreamResponse)) if issubclass(kind, theirs.StreamResponse) else set()
    own = set(vars(kind)) if inherited else set()
    return {name for name in set(dir(kind)) - inherited | own if not name.startswith("_")}


@pytest.mark.parametrize("section", PAIRS)
def test_every_name_of_theirs_is_in_the_table_and_none_besides(section):
    assert set(read_table(section)) == public_names(PAIRS[section][0])


@pytest.mark.parametrize("section", PAIRS)
def test_what_the_table_calls_the_same_is_there_and_takes_the_same_arguments(section):
    one, other = PAIRS[section]
    for name, here in read_table(section).items():
        assert re.match(r"(same|stricter|other|not offered)\b", here), name
        offered = not here.startswith("not offered")
        assert hasattr(other, name) is offered, name
        if offered and callable(getattr(one, name)) and not issubclass(one, tuple):
            wanted, found = (inspect.signature(getattr(kind, name)).parameters for kind in (one, other))
            assert set(wanted) <= set(found), name
            for key, parameter in wanted.items():
                assert found[key].kind == parameter.kind, (name, key)
                assert (found[key].default is parameter.empty) is (parameter.default is parameter.empty), (
                    name,
                    key,
                )


def test_the_constructor_takes_theirs():
    one, other = (inspect.signature(kind).parameters for kind in PAIRS["WebSocketResponse"])
    assert {name: parameter.kind for name, parameter in one.items()} == {
        name: other[name].kind for name in one if name in other
    }
    assert {name: one[name].default for name in one} == {name: other[name].default for name in one}


@pytest.mark.parametrize("section", ["WSMsgType", "WSCloseCode"])
def test_members_are_the_same_numbers(section):
    one, other = PAIRS[section]
    assert {name: int(member) for name, member in other.__members__.items()} == {
        name: int(member) for name, member in one.__members__.items()
    }
