"""Properties of every header family."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core import headers

FAMILIES = [getattr(headers, family) for family in headers.__all__]
PARSERS: dict[str, Callable[[str], object]] = {
    name: getattr(family, name) for family in FAMILIES for name in family.__all__ if name.startswith("parse_")
}
PARSERS["sanitize_filename"] = headers.filenames.sanitize_filename

# A hundred thousand characters each: what is quadratic would take minutes.
SIZE = 100_000
PIECES = [
    "a",
    ",",
    ";",
    "=",
    '"',
    "\\",
    " ",
    "\t",
    "\x00",
    "\xff",
    ".",
    "-",
    "0",
    "[",
    ":",
    "%",
    "*",
    "/",
    'W/"',
]
PIECES += [
    "a=",
    ";a=",
    ',a="',
    '"\\"',
    '"\\\\"',
    '"a",',
    "a b",
    "; ",
    ", ",
    " ,",
    "0-",
    "-0,",
    "bytes=0-,",
    "a;q=0,",
]
HOSTILE = [
    (begin + piece * (SIZE // len(piece)) + end)
    for piece in PIECES
    for begin in ("", 'a/b;c="')
    for end in ("", "!")
]

FRAGMENTS = st.sampled_from(
    [
        "a",
        "b/c",
        "q",
        "filename*",
        "for",
        "bytes",
        "Basic ",
        "max-age",
        "=",
        '"',
        "\\",
        ";",
        ",",
        " ",
        "\t",
        "*",
        "W/",
        "0",
        "9",
        "-",
        ".",
        "[",
        "]",
        "::1",
        "1.2.3.4",
        "_x",
        ":",
        "utf-8''",
        "%41",
        "%",
        "é",
        "\x00",
        "\r\n",
        "٣",
        "Mon, ",
        "GMT",
        "YTpi",
    ]
)


@pytest.mark.row("HI-36", "HI-41", "HI-42")
@pytest.mark.parametrize("parser", PARSERS)
def test_hostile_text_takes_linear_time_and_raises_nothing(parser: str) -> None:
    for text in HOSTILE:
        PARSERS[parser](text)


@pytest.mark.parametrize("parser", PARSERS)
@given(text=st.text(max_size=60) | st.lists(FRAGMENTS, max_size=16).map("".join))
def test_nothing_that_comes_from_the_wire_raises(parser: str, text: str) -> None:
    assert PARSERS[parser](text) == PARSERS[parser](text)


def test_values_cannot_be_changed() -> None:
    values = [
        headers.media.parse_media_type("a/b;c=d"),
        headers.disposition.parse_disposition("a;b=c"),
        headers.cache_control.parse_cache_control("a=b"),
        headers.authorization.parse_basic("Basic YTpi"),
        headers.forwarded.parse_forwarded("for=_a"),
        headers.etags.parse_etag('"a"'),
        headers.accept.parse_qualities("a"),
    ]
    for value in values:
        assert value is not None
        assert isinstance(hash(value), int)
        assert not hasattr(value, "__dict__")
