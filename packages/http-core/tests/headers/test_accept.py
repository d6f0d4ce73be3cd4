from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.accept import (
    MAX_PREFERENCES,
    Preference,
    format_qualities,
    negotiate_charset,
    negotiate_encoding,
    negotiate_language,
    negotiate_media_type,
    parse_qualities,
)

TOKENS = st.text("abcxyz0129-+.", min_size=1, max_size=8)
NAMES = TOKENS.filter(lambda name: name != "q")
PARAMETERS = st.dictionaries(NAMES, st.text('ab ,;="\\é', max_size=6), max_size=3).map(
    lambda items: tuple(items.items())
)
QUALITIES = st.integers(min_value=0, max_value=1000).map(lambda number: number / 1000)
PREFERENCES = st.builds(
    Preference, TOKENS | st.tuples(TOKENS, TOKENS).map("/".join) | st.just("*/*"), QUALITIES, PARAMETERS
)


@pytest.mark.parametrize(
    ("text", "preferences"),
    [
        ("", []),
        ("gzip", [Preference("gzip")]),
        ("GZip;q=0.5, *;Q=0", [Preference("gzip", 0.5), Preference("*", 0.0)]),
        (" , a ;q=1.000,, b; q=0.123 ,", [Preference("a"), Preference("b", 0.123)]),
        ("a/b;c=d;q=0.2;e=f", [Preference("a/b", 0.2, (("c", "d"),))]),
        ('a/b;c="x,y;q=0";q=0.5', [Preference("a/b", 0.5, (("c", "x,y;q=0"),))]),
        # What is malformed is passed over.
        ("text/html, image/gif, *; q=.2, */*; q=.2", [Preference("text/html"), Preference("image/gif")]),
        ("a;q=2, b;q=-1, c;q=1.1, d;q=0.1234, e;q=x, f;q=1e-1, g", [Preference("g")]),
        ("a;q=٠, b;x, c d, é, /, a/, f;q=1;q=1, g", [Preference("g")]),
        ('a, "b, c', [Preference("a")]),
        ('a, x"b, c', [Preference("a")]),
        ('a, "b", c', [Preference("a"), Preference("c")]),
    ],
)
def test_parses(text: str, preferences: list[Preference]) -> None:
    assert parse_qualities(text) == tuple(preferences)


@pytest.mark.row("HI-42")
def test_the_rest_beyond_the_cap_is_left_out() -> None:
    assert len(parse_qualities("a," * 100_000)) == MAX_PREFERENCES
    assert parse_qualities("é, a, b, c", limit=2) == (Preference("a"), Preference("b"))


@pytest.mark.row("HI-42")
@pytest.mark.parametrize(
    "text",
    ['"' * 200_001, '"\\"' * 100_000, "," * 200_000, "a;" * 100_000, "a " * 100_000, 'a;b="' * 200_000],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    assert parse_qualities(text) in ((), (Preference("a"),))


@given(st.lists(PREFERENCES, max_size=6))
def test_what_is_formatted_is_parsed_back(preferences: list[Preference]) -> None:
    assert parse_qualities(format_qualities(preferences)) == tuple(preferences)


@pytest.mark.parametrize(
    "preference",
    [
        Preference("a b"),
        Preference("", 1),
        Preference("a", 1.1),
        Preference("a", -0.1),
        Preference("a", 1, (("b", "\n"),)),
    ],
)
def test_refuses_to_format_nonsense(preference: Preference) -> None:
    with pytest.raises(ValueError):
        format_qualities([preference])


@pytest.mark.parametrize(
    ("text", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("compress", None),
        ("gzip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate, br", "br"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("deflate, gzip", "gzip"),
        ("*", "br"),
        ("gzip, *", "gzip"),
        ("br;q=0, *", "gzip"),
        ("gzip;q=0", None),
        ("*;q=0", None),
        ("*;q=0, deflate", "deflate"),
        ("gzip;q=0.5, identity", None),
        ("gzip;q=0.5, identity;q=0.5", "gzip"),
        ("identity;q=0", None),
        ("identity;q=0.5, *;q=0", None),
        ("gzip;q=0, gzip", "gzip"),
    ],
)
def test_encodings(text: str | None, coding: str | None) -> None:
    assert negotiate_encoding(text, ["br", "gzip", "deflate"]) == coding


def test_without_offers_there_is_nothing_to_choose() -> None:
    assert negotiate_encoding("*", []) is None
    assert negotiate_media_type(None, []) is None
    assert negotiate_media_type("*/*", []) is None


# The example of RFC 9110 §12.5.1.
RFC = "text/*;q=0.3, text/plain;q=0.7, text/plain;format=flowed, text/plain;format=fixed;q=0.4, */*;q=0.5"


@pytest.mark.parametrize(
    ("text", "offers", "media_type"),
    [
        (None, ["a/b", "c/d"], "a/b"),
        ("", ["a/b"], "a/b"),
        ("garbage garbage", ["a/b"], "a/b"),
        ("text/html", ["application/json"], None),
        ("text/html;q=0.5, application/json", ["text/html", "application/json"], "application/json"),
        ("text/*, application/json", ["text/html", "application/json"], "application/json"),
        ("application/json, text/plain, */*", ["text/html", "application/json"], "application/json"),
        ("text/*", ["text/html", "text/plain"], "text/html"),
        ("TEXT/HTML", ["text/html"], "text/html"),
        ("*", ["a/b"], "a/b"),
        ("*/*;q=0.1, text/html;q=0", ["text/html", "a/b"], "a/b"),
        ("*/*;q=0", ["a/b"], None),
        ("text/html;level=1", ["text/html", "text/html; level=1"], "text/html; level=1"),
        (RFC, ["text/plain; format=fixed", "text/html"], "text/plain; format=fixed"),
        (RFC, ["text/plain; format=fixed", "image/jpeg"], "image/jpeg"),
        (RFC, ["image/jpeg", "text/plain"], "text/plain"),
        (RFC, ["text/plain", "text/plain;format=flowed"], "text/plain;format=flowed"),
        (RFC, ["text/html", "image/jpeg"], "image/jpeg"),
    ],
)
def test_media_types(text: str | None, offers: list[str], media_type: str | None) -> None:
    assert negotiate_media_type(text, offers) == media_type


def test_an_offer_has_to_be_a_media_type() -> None:
    with pytest.raises(ValueError, match="not a media type"):
        negotiate_media_type("*/*", ["html"])


@pytest.mark.parametrize(
    ("text", "offers", "language"),
    [
        (None, ["en", "de"], "en"),
        ("", ["en"], "en"),
        ("de", ["en", "de"], "de"),
        ("de", ["en", "de-AT"], "de-AT"),
        ("DE-ch", ["en", "de", "de-CH"], "de-CH"),
        ("de-CH, en;q=0.9", ["en", "de"], "de"),
        ("de-CH;q=0, de", ["de-CH", "de"], "de"),
        ("de-CH;q=0", ["de"], None),
        ("de-CH;q=0.3, de-AT;q=0.8, en;q=0.5", ["en", "de"], "de"),
        ("d", ["de"], None),
        ("fr", ["en"], None),
        ("fr, *;q=0.1", ["en"], "en"),
        ("en, *;q=0", ["de", "en-GB"], "en-GB"),
    ],
)
def test_languages(text: str | None, offers: list[str], language: str | None) -> None:
    assert negotiate_language(text, offers) == language


@pytest.mark.parametrize(
    ("text", "charset"),
    [(None, "utf-8"), ("iso-8859-1, UTF-8;q=0.5", "iso-8859-1"), ("*", "utf-8"), ("koi8-r", None)],
)
def test_charsets(text: str | None, charset: str | None) -> None:
    assert negotiate_charset(text, ["utf-8", "iso-8859-1"]) == charset


@pytest.mark.parametrize(
    "negotiate", [negotiate_charset, negotiate_encoding, negotiate_language, negotiate_media_type]
)
@pytest.mark.parametrize("text", [None, "", "*", "e, gzip"])
def test_one_text_is_no_sequence_of_offers(negotiate: Callable[..., str | None], text: str | None) -> None:
    """Its characters would be the offers: a page in the language `e`."""
    with pytest.raises(ValueError, match="offers are a sequence"):
        negotiate(text, "en")
