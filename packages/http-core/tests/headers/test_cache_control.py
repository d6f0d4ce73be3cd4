import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.cache_control import (
    MAX_DIRECTIVES,
    CacheControl,
    format_cache_control,
    parse_cache_control,
)

TOKENS = st.text("abcxyz0129-", min_size=1, max_size=8)
TEXTS = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=12)
CONTROLS = st.lists(st.tuples(TOKENS, st.none() | TEXTS), max_size=6).map(
    lambda items: CacheControl(tuple(items))
)


@pytest.mark.parametrize(
    ("text", "directives"),
    [
        ("", []),
        ("no-store", [("no-store", None)]),
        ("Max-Age=60 , ,no-transform", [("max-age", "60"), ("no-transform", None)]),
        ('private="set-cookie, x\\"y", max-age="5"', [("private", 'set-cookie, x"y'), ("max-age", "5")]),
        (",\t,", []),
    ],
)
def test_parses(text: str, directives: list[tuple[str, str | None]]) -> None:
    assert parse_cache_control(text) == CacheControl(tuple(directives))


@pytest.mark.parametrize(
    "text", ["a b", "=5", "max-age=", "max-age = 5", 'a="', "é", "a;b", "a=\x00", "a" + "=a" * 100_000]
)
def test_malformed_is_none(text: str) -> None:
    assert parse_cache_control(text) is None


@pytest.mark.row("HI-42")
def test_directives_have_a_cap() -> None:
    text = ",".join(f"d{number}" for number in range(MAX_DIRECTIVES))
    assert len((parse_cache_control(text) or CacheControl()).directives) == MAX_DIRECTIVES
    assert parse_cache_control(text + ",one-more") is None
    assert parse_cache_control("," * 200_000) == CacheControl()


def test_what_it_says() -> None:
    control = CacheControl((("max-age", "060"), ("no-store", None), ("max-age", "5"), ("s-maxage", "x")))
    assert "no-store" in control
    assert "no-cache" not in control
    assert (control.get("max-age"), control.get("no-store"), control.get("private")) == ("060", None, None)
    assert (control.seconds("max-age"), control.seconds("s-maxage"), control.seconds("no-store")) == (
        60,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("digits", "seconds"),
    [
        ("0", 0),
        ("000", 0),
        ("9999999999", 2**31),
        ("9" * 10_000, 2**31),
        ("٣", None),
        ("+1", None),
        ("-1", None),
    ],
)
def test_seconds(digits: str, seconds: int | None) -> None:
    assert CacheControl((("max-age", digits),)).seconds("max-age") == seconds


def test_of_keywords() -> None:
    control = CacheControl.of(public=True, max_age=0, no_cache=False, private=None, no_store="a b")
    assert control == CacheControl((("public", None), ("max-age", "0"), ("no-store", "a b")))
    assert format_cache_control(control) == 'public, max-age=0, no-store="a b"'


@pytest.mark.parametrize("directive", [("a b", None), ("", None), ("a\r\n", None), ("a", "\r\nx: y")])
def test_refuses_what_would_break_the_head(directive: tuple[str, str | None]) -> None:
    with pytest.raises(ValueError):
        format_cache_control(CacheControl((directive,)))


@given(CONTROLS)
def test_what_is_formatted_is_parsed_back(control: CacheControl) -> None:
    assert parse_cache_control(format_cache_control(control)) == control
