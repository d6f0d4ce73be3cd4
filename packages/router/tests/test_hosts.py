"""Hosts and patterns of hosts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.router import HostPattern, TemplateError
from muntin.router._hosts import parse_host


@pytest.mark.row("BH-20")
@pytest.mark.parametrize(
    ("pattern", "field", "matches"),
    [
        ("example.com", "example.com", True),
        ("example.com", "EXAMPLE.com.", True),
        ("Example.COM", "example.com:8080", True),
        ("example.com", "www.example.com", False),
        ("example.com", "examplexcom", False),
        ("example.com", "example.com.evil.org", False),
        ("example.com:8080", "example.com:8080", True),
        ("example.com:8080", "example.com", False),
        ("example.com:80", "example.com", True),
        ("example.com:80", "example.com:81", False),
        ("*.example.com", "a.example.com", True),
        ("*.example.com", "a.b.example.com", True),
        ("*.example.com", "example.com", False),
        ("*.example.com", ".example.com", False),
        ("*.example.com", "a.example.com:81", True),
        ("api-*.example.*", "api-2.example.org", True),
        ("*.a.*.b.*", "1.a.2.b.3", True),
        ("*.a.*.b.*", "1.a.b.3", False),
        ("*.a.*.b.*", "1.b.2.a.3", False),
        ("*a*", "aaa", True),
        ("*a*", "aa", False),
        ("a*b*", "a-b", False),
        ("**.x", "a.x", False),
        ("**.x", "ab.x", True),
        ("ab*ba", "aba", False),
        ("*", "anything", True),
        ("*", "", False),
        ("[::1]:8080", "[::1]:8080", True),
        ("bücher.example", "xn--bcher-kva.example", True),
        ("example.com", None, False),
        ("example.com", "example.com/x", False),
        ("example.com", "user@example.com", False),
        ("example.com", "example.com:http", False),
    ],
)
def test_matching(pattern, field, matches):
    assert HostPattern(pattern).matches(field) is matches


LABEL = st.text("ab.", max_size=3)


@given(
    st.lists(st.sampled_from(["a", "b", "ab", "a.b", ""]), min_size=2, max_size=5),
    st.lists(LABEL, max_size=9),
)
def test_matching_is_what_a_regular_expression_does(literals, pieces):
    pattern = "*".join(literals)
    host = "".join(pieces).strip(".")
    assert HostPattern(pattern).matches(host) is (
        re.fullmatch(".+".join(map(re.escape, literals)), host) is not None
    )


@pytest.mark.parametrize(
    "text", ["", "http://example.com", "a b", "-a.com", "a..b", "example.com:http", ":80", "a/b"]
)
def test_malformed(text):
    with pytest.raises(TemplateError, match="domain "):
        HostPattern(text)


def test_canonical():
    assert HostPattern("Bücher.Example:81").canonical == "xn--bcher-kva.example:81"
    assert HostPattern("*.Example").canonical == "*.example"


def test_parsing():
    assert parse_host("A.b.:80") == ("a.b", "80")
    assert parse_host("a:") == ("a", None)
    assert parse_host("[::1") is None
