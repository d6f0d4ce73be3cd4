"""The fields that are to be sent: no way leads into the mapping but for text that a field can be."""

import io
from typing import Any

import pytest
from multidict import CIMultiDict, CIMultiDictProxy, istr

from muntin import web
from muntin.web.multipart import MultipartWriter
from muntin.web.response.headers import CheckedHeaders
from muntin.web.response.payloads import BytesPayload

WAYS = {
    "assignment": lambda headers, value: headers.__setitem__("X-Length", value),
    "add": lambda headers, value: headers.add("X-Length", value),
    "add, by names": lambda headers, value: headers.add(key="X-Length", value=value),
    "setdefault": lambda headers, value: headers.setdefault("X-Length", value),
    "update with a mapping": lambda headers, value: headers.update({"X-Length": value}),
    "update with pairs": lambda headers, value: headers.update([("X-A", "b"), ("X-Length", value)]),
    "update with what is iterated once": lambda headers, value: headers.update(
        pair for pair in (("X-A", "b"), ("X-Length", value))
    ),
    "update with a multidict": lambda headers, value: headers.update(CIMultiDict({"X-Length": value})),
    "update with a proxy": lambda headers, value: headers.update(
        CIMultiDictProxy(CIMultiDict({"X-Length": value}))
    ),
    "update with names": lambda headers, value: headers.update(**{"X-Length": value}),
    "extend": lambda headers, value: headers.extend({"X-Length": value}),
    "extend with names": lambda headers, value: headers.extend([], **{"X-Length": value}),
}
if hasattr(CIMultiDict, "merge"):
    WAYS["merge"] = lambda headers, value: headers.merge({"X-Length": value})

MAKERS = {
    "response": lambda **given: web.Response(**given),
    "stream": lambda **given: web.StreamResponse(**given),
    "event stream": lambda **given: web.EventStream(**given),
    "file": lambda **given: web.FileResponse("a.txt", **given),
    "JSON": lambda **given: web.json_response({}, **given),
    "error": lambda **given: web.HTTPNotFound(**given),
    "redirect": lambda **given: web.HTTPFound("/", **given),
    "payload": lambda **given: BytesPayload(b"", **given),
}
NO_TEXT = [5, 2.5, None, True, b"x", io.BytesIO(b"x"), ["x"], object()]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("maker", MAKERS)
def test_a_value_that_is_no_text_is_refused_and_named(maker: str, way: str) -> None:
    headers = MAKERS[maker]().headers
    before = list(headers.items())
    for value in NO_TEXT:
        with pytest.raises(TypeError, match=f"field X-Length must be a str, not {type(value).__name__}"):
            WAYS[way](headers, value)
    for value in ("a\r\nb", "\0", "\x7f"):
        with pytest.raises(ValueError, match="field X-Length has a control character"):
            WAYS[way](headers, value)
    assert list(headers.items()) == before
    WAYS[way](headers, "12")
    assert headers["x-length"] == "12"


@pytest.mark.parametrize("maker", MAKERS)
@pytest.mark.parametrize("shape", [dict, list, CIMultiDict, iter])
def test_the_same_of_the_constructor(maker: str, shape: Any) -> None:
    for value in NO_TEXT:
        with pytest.raises(TypeError, match=r"field X-Length must be a str, not "):
            MAKERS[maker](headers=shape([("X-Length", value)]))
    assert MAKERS[maker](headers=shape([("X-Length", "12")])).headers["X-Length"] == "12"


def test_other_places_that_take_fields() -> None:
    stream = web.StreamResponse()
    writer = MultipartWriter()
    for attempt in (
        lambda: stream.trailers.add("X-Length", 5),
        lambda: writer.append(b"x", {"X-Length": 5}),
        lambda: writer.append(BytesPayload(b"x"), {"X-Length": 5}),
        lambda: writer.append_json({}, {"X-Length": 5}),
        lambda: writer.append_form({}, {"X-Length": 5}),
    ):
        with pytest.raises(TypeError, match=r"field X-Length must be a str, not int"):
            attempt()


def test_names_are_tokens() -> None:
    headers = CheckedHeaders()
    for name, kind in (
        ("a b", ValueError),
        ("", ValueError),
        ("ä", ValueError),
        (5, TypeError),
        (b"a", TypeError),
    ):
        for attempt in (
            lambda name=name: headers.__setitem__(name, "x"),
            lambda name=name: headers.add(name, "x"),
            lambda name=name: headers.setdefault(name, "x"),
            lambda name=name: headers.update({name: "x"}),
            lambda name=name: headers.extend([(name, "x")]),
        ):
            with pytest.raises(kind):
                attempt()
    assert not headers


def test_otherwise_it_is_a_multidict() -> None:
    headers = CheckedHeaders({"A": "1"}, b="2")
    headers.update([("a", "3"), ("a", "4")])
    headers.extend({"B": "5"})
    assert headers.getall("A") == ["3", "4"]
    assert headers.getall("b") == ["2", "5"]
    assert headers.setdefault("a") == "3"
    headers[istr("C")] = "6"
    copied = headers.copy()
    assert copied == headers
    assert isinstance(copied, CheckedHeaders)
    with pytest.raises(TypeError):
        headers.update(None, None)
    headers.extend()
    assert copied == headers
