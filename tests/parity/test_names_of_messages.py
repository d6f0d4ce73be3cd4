"""The table of messages beside aiohttp.web, held against both: every name is in it, and what it says is so.

aiohttp is looked at from outside only: which names there are, and what they may be called with.
"""

import inspect
import re
from collections.abc import Iterator, MutableMapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from muntin import web
from muntin.web.response.exceptions import HTTPException

aiohttp = pytest.importorskip("aiohttp")
theirs = pytest.importorskip("aiohttp.web")

PAGE = Path(__file__).parents[2] / "docs/reference/web/compatibility-messages.md"
VERDICTS = ("same", "stricter", "other", "not offered", "new")
OFFERED = ("same", "stricter", "other")

CLASSES: dict[str, list[tuple[str, type, type]]] = {
    "BaseRequest and Request": [
        ("BaseRequest", theirs.BaseRequest, web.BaseRequest),
        ("Request", theirs.Request, web.Request),
    ],
    "StreamResponse and Response": [
        ("StreamResponse", theirs.StreamResponse, web.StreamResponse),
        ("Response", theirs.Response, web.Response),
        ("ContentCoding", theirs.ContentCoding, web.ContentCoding),
        ("ETag", aiohttp.helpers.ETag, web.ETag),
    ],
    "Bodies": [
        ("StreamReader", aiohttp.StreamReader, web.StreamReader),
        ("FileField", theirs.FileField, web.FileField),
        ("MultipartReader", aiohttp.MultipartReader, web.MultipartReader),
        ("BodyPartReader", aiohttp.BodyPartReader, web.BodyPartReader),
        ("MultipartWriter", aiohttp.MultipartWriter, web.MultipartWriter),
        ("Payload", aiohttp.Payload, web.Payload),
    ],
    "Exceptions": [("HTTPException", theirs.HTTPException, HTTPException)],
}
OF_MAPPINGS = set(dir(MutableMapping))


class Verdict(NamedTuple):
    """What the page says of a name."""

    kind: str
    reason: str


def read_page() -> dict[str, dict[str, Verdict]]:
    """Return the verdicts by section and name; `Class.name` is of that class, another name of all in the section."""
    sections: dict[str, dict[str, Verdict]] = {}
    for block in PAGE.read_text().split("\n## ")[1:]:
        title, _, text = block.partition("\n")
        rows = sections[title] = {}
        for names, verdict in re.findall(r"^\| (.+?) \| (.+) \|$", text, re.MULTILINE):
            if verdict != "here":
                kind = next((kind for kind in VERDICTS if verdict.startswith(kind)), "")
                assert kind, f"no verdict: {verdict!r}"
                rows |= {name: Verdict(kind, verdict) for name in re.findall(r"`([^`]+)`", names) or [names]}
    return sections


PAGE_SAYS = read_page()


def public(kind: type) -> Iterator[str]:
    """Yield the public names of a class beyond those of every mapping, exception and response."""
    known = {*dir(Exception), *(OF_MAPPINGS if issubclass(kind, MutableMapping) else ())}
    if issubclass(kind, theirs.HTTPException):
        known |= set(dir(theirs.Response))
    fields = getattr(kind, "__dataclass_fields__", {})
    yield from sorted(name for name in {*dir(kind), *fields} - known if not name.startswith("_"))


def verdict_on(section: str, kind: str, name: str) -> Verdict | None:
    rows = PAGE_SAYS[section]
    return rows.get(f"{kind}.{name}") or rows.get(name)


OF_EACH_CLASS = pytest.mark.parametrize(
    ("section", "label", "their", "our"),
    [(section, *part) for section, parts in CLASSES.items() for part in parts],
    ids=[part[0] for parts in CLASSES.values() for part in parts],
)


@OF_EACH_CLASS
def test_every_name_has_a_verdict_that_holds(section: str, label: str, their: type, our: type) -> None:
    said = {name: verdict_on(section, label, name) for name in public(their)}
    assert said, "nothing was compared"
    assert [name for name, verdict in said.items() if verdict is None] == [], f"not on the page of {label}"
    have = {*dir(our), *getattr(our, "__dataclass_fields__", {}), *getattr(our, "__annotations__", {})}
    wrong = [
        (name, each) for name, each in said.items() if each and (name in have) is not (each.kind in OFFERED)
    ]
    assert wrong == [], f"the page is wrong about {label}"


def test_reasons_are_given() -> None:
    for section, rows in PAGE_SAYS.items():
        for name, (kind, text) in rows.items():
            assert kind == "same" or len(text) > len(kind) + 10, f"{section}: why is {name} {kind}?"


def parameters(function: Any) -> set[str]:
    return {name for name in inspect.signature(function).parameters if not name.startswith("_")} - {
        "self",
        "kwargs",
    }


@OF_EACH_CLASS
def test_methods_take_what_theirs_take(section: str, label: str, their: type, our: type) -> None:
    lacking: dict[str, set[str]] = {}
    for name in public(their):
        method = inspect.getattr_static(their, name)
        verdict = verdict_on(section, label, name)
        if inspect.isfunction(method) and verdict is not None and verdict.kind in OFFERED:
            missing = parameters(method) - parameters(getattr(our, name))
            lacking[name] = {
                each for each in missing if verdict_on(section, label, f"{name}({each})") is None
            }
    assert {name: missing for name, missing in lacking.items() if missing} == {}


@pytest.mark.parametrize(
    ("their", "our"),
    [
        (theirs.StreamResponse, web.StreamResponse),
        (theirs.Response, web.Response),
        (theirs.FileField, web.FileField),
        (aiohttp.MultipartWriter, web.MultipartWriter),
        (aiohttp.Payload, web.Payload),
        (theirs.json_response, web.json_response),
        (theirs.json_bytes_response, web.json_bytes_response),
        (theirs.HTTPFound, web.HTTPFound),
        (theirs.HTTPNotFound, web.HTTPNotFound),
        (theirs.HTTPMethodNotAllowed, web.HTTPMethodNotAllowed),
        (theirs.HTTPRequestEntityTooLarge, web.HTTPRequestEntityTooLarge),
        (theirs.HTTPUnavailableForLegalReasons, web.HTTPUnavailableForLegalReasons),
    ],
    ids=lambda each: each.__name__,
)
def test_constructors_take_what_theirs_take(their: Any, our: Any) -> None:
    assert parameters(their) - parameters(our) == set()


@pytest.mark.row("HC-35", "HC-36")
def test_every_exception_is_here_with_its_status_and_family() -> None:
    names = [name for name in theirs.__all__ if name.startswith("HTTP")]
    assert len(names) >= 58
    families = [
        "HTTPSuccessful",
        "HTTPRedirection",
        "HTTPMove",
        "HTTPError",
        "HTTPClientError",
        "HTTPServerError",
    ]
    for name in names:
        their, our = getattr(theirs, name), getattr(web, name)
        assert their.status_code == our.status_code, name
        assert their.empty_body == our.empty_body, name
        for family in families:
            expected = issubclass(their, getattr(theirs, family))
            assert issubclass(our, getattr(web, family)) is expected, (name, family)
