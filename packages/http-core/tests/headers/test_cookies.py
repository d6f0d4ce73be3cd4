from http.cookies import SimpleCookie
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.cookies import MAX_COOKIES, format_cookies, format_set_cookie, parse_cookies

TOKENS = st.text("!#$%&'*+-.^_`|~0123456789abcXYZ", min_size=1, max_size=12)
VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "cookies"),
    [
        ("", []),
        ("a=b", [("a", "b")]),
        ("a=b; c=d;e=f ;\tg = h ", [("a", "b"), ("c", "d"), ("e", "f"), ("g", "h")]),
        ("a=b; a=c", [("a", "b"), ("a", "c")]),
        ("a=b=c==", [("a", "b=c==")]),
        ("a=", [("a", "")]),
        ('a=""', [("a", "")]),
        ('a="', [("a", '"')]),
        ('a="b c"', [("a", "b c")]),
        ('a="b\\"c\\\\d"', [("a", 'b"c\\d')]),
        ('a="\\073\\054"', [("a", ";,")]),
        ('a="\\303\\251"', [("a", "é")]),
        ('a="\\351"', [("a", "é")]),
        ('a="\\351\u20ac"', [("a", "é€")]),
        ('a="b', [("a", '"b')]),
        ('a={"b": [1]}', [("a", '{"b": [1]}')]),
        ("käse=wörst; [x]=y", [("käse", "wörst"), ("[x]", "y")]),
        # One quote must not swallow the neighbours.
        ('a="b; session=c; d=e"', [("a", '"b'), ("session", "c"), ("d", 'e"')]),
    ],
)
def test_parses(text: str, cookies: list[tuple[str, str]]) -> None:
    assert parse_cookies(text) == cookies


@pytest.mark.row("HI-36")
@pytest.mark.parametrize("text", ["=__Host-x=evil", " = b", "b", ";;;", "a\x00=b", "a=b\x01", "a=b\r\n"])
def test_ignores_pairs_that_are_not_cookies(text: str) -> None:
    assert parse_cookies(text) == []
    assert parse_cookies(f"a=b; {text}; c=d") == [("a", "b"), ("c", "d")]


@pytest.mark.row("HI-36")
def test_the_rest_beyond_the_cap_is_left_out() -> None:
    text = "; ".join(f"c{number}=v" for number in range(MAX_COOKIES + 10))
    assert len(parse_cookies(text)) == MAX_COOKIES
    assert parse_cookies("=; a=b; c=d; e=f", limit=2) == [("a", "b"), ("c", "d")]


@pytest.mark.row("HI-36")
def test_a_hundred_thousand_backslashes_take_linear_time() -> None:
    assert parse_cookies('a="' + "\\" * 200_000 + '"') == [("a", "\\" * 100_000)]
    assert parse_cookies('a="' + "\\1" * 100_000 + '"') == [("a", "1" * 100_000)]
    assert parse_cookies('a="' + "\\" * 200_000) == [("a", '"' + "\\" * 200_000)]
    assert parse_cookies(";" * 200_000 + "=" * 200_000) == []


@pytest.mark.parametrize(
    ("attributes", "field"),
    [
        ({}, "n=v"),
        ({"path": "/a b", "domain": "example.org"}, "n=v; Domain=example.org; Path=/a b"),
        ({"domain": ".example.org", "max_age": 0}, "n=v; Domain=.example.org; Max-Age=0"),
        ({"max_age": -1, "expires": 0}, "n=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Max-Age=-1"),
        ({"expires": "Thu, 01 Jan 1970 00:00:00 GMT"}, "n=v; Expires=Thu, 01 Jan 1970 00:00:00 GMT"),
        ({"secure": True, "httponly": True, "samesite": "lax"}, "n=v; Secure; HttpOnly; SameSite=Lax"),
        ({"samesite": "NONE", "secure": True}, "n=v; Secure; SameSite=None"),
        ({"samesite": "Strict"}, "n=v; SameSite=Strict"),
        ({"partitioned": True, "secure": True}, "n=v; Secure; Partitioned"),
    ],
)
def test_formats(attributes: dict[str, Any], field: str) -> None:
    assert format_set_cookie("n", "v", **attributes) == field


BREAKING = ["\r\nx: y", "\n", "\r", "\x00", "\x1f", "\x7f", "\t"]


@pytest.mark.row("HI-34")
@pytest.mark.parametrize("text", BREAKING)
def test_refuses_control_characters_everywhere(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        format_set_cookie(f"a{text}", "v")
    with pytest.raises(ValueError, match="value"):
        format_set_cookie("a", f"v{text}")
    for attribute in ("domain", "path", "expires", "samesite"):
        arguments: dict[str, Any] = {attribute: f"Lax{text}"}
        with pytest.raises(ValueError, match=attribute):
            format_set_cookie("a", "v", **arguments)


@pytest.mark.row("HI-34")
@pytest.mark.parametrize(
    "arguments",
    [
        {"path": "/; Secure"},
        {"path": "/é"},
        {"domain": "a; b"},
        {"domain": "a b"},
        {"domain": ""},
        {"domain": "a..b"},
        {"domain": "bücher.example"},
        {"expires": "never; x"},
        {"expires": float("inf")},
        {"samesite": "Maybe"},
        {"samesite": "Lax; Secure"},
        {"max_age": "1; Secure"},
        {"max_age": 1.5},
    ],
)
def test_refuses_attributes_that_smuggle(arguments: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        format_set_cookie("a", "v", **arguments)


@pytest.mark.parametrize("name", ["", "a b", "a=b", "a;b", "é", '"a"'])
def test_refuses_what_is_not_a_name(name: str) -> None:
    with pytest.raises(ValueError, match="not the name of a cookie"):
        format_set_cookie(name, "v")


@pytest.mark.parametrize(
    ("name", "arguments", "demand"),
    [
        ("a", {"samesite": "None"}, "secure"),
        ("a", {"partitioned": True}, "secure"),
        ("__Secure-a", {}, "secure"),
        ("__SECURE-a", {}, "secure"),
        ("__Host-a", {"path": "/"}, "secure"),
        ("__Host-a", {"secure": True}, "path"),
        ("__Host-a", {"secure": True, "path": "/x"}, "path"),
        ("__Host-a", {"secure": True, "path": "/", "domain": "example.org"}, "no domain"),
        ("__Http-a", {"secure": True}, "httponly"),
        ("__Host-Http-a", {"secure": True, "path": "/"}, "httponly"),
    ],
)
def test_refuses_what_a_browser_would_drop(name: str, arguments: dict[str, Any], demand: str) -> None:
    with pytest.raises(ValueError, match=f"must .*{demand}"):
        format_set_cookie(name, "v", **arguments)


def test_keeps_what_the_prefix_promises() -> None:
    assert format_set_cookie("__Host-a", "v", secure=True, path="/") == "__Host-a=v; Path=/; Secure"
    assert format_set_cookie("__Secure-a", "Domain=x", secure=True) == "__Secure-a=Domain=x; Secure"
    field = format_set_cookie("__Host-Http-a", "v", secure=True, httponly=True, path="/")
    assert field == "__Host-Http-a=v; Path=/; Secure; HttpOnly"


def test_a_value_cannot_become_an_attribute() -> None:
    field = format_set_cookie("a", 'b; Domain=evil.example; "\\')
    assert field == 'a="b\\073 Domain=evil.example\\073 \\"\\\\"'
    assert parse_cookies(field) == [("a", 'b; Domain=evil.example; "\\')]


@given(st.lists(st.tuples(TOKENS, VALUES), max_size=8))
def test_what_is_formatted_is_parsed_back(cookies: list[tuple[str, str]]) -> None:
    assert parse_cookies(format_cookies(cookies)) == cookies


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30))
def test_the_standard_library_reads_our_values_alike(value: str) -> None:
    assert SimpleCookie(format_set_cookie("name", value))["name"].value == value


@given(st.text('a=;" \\01\t\x00é', max_size=60))
def test_any_text_gives_cookies(text: str) -> None:
    assert all(name and "\x00" not in value for name, value in parse_cookies(text))


@given(st.lists(st.text('ab="\\ \t\x01\x7f\u3000é\udc80', max_size=8), max_size=5).map(";".join))
def test_each_pair_is_read_as_it_would_be_alone(text: str) -> None:
    assert parse_cookies(text) == [cookie for pair in text.split(";") for cookie in parse_cookies(pair)]


@given(st.lists(st.text("ab=; é", max_size=8), max_size=8).map("; ".join), st.integers(0, 4))
def test_common_cookies_are_read_as_those_beside_uncommon_ones(text: str, limit: int) -> None:
    # The last pair is left out, since it is none; but with a quote, the whole field is read pair by pair.
    assert parse_cookies(text, limit=limit) == parse_cookies(f'{text};"', limit=limit)
