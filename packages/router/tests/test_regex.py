"""Which expressions can match a slash, and which can match nothing."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.router._regex import DEFAULT, compile_regex, is_slash_free, needs_unencoded_text


@pytest.mark.parametrize(
    "regex",
    [
        DEFAULT,
        r"\d+",
        r"\w*?",
        "[a-z]{2,3}",
        "[0-9a-fA-F-]+",
        "[^/.]+",
        "(?:a|b)c?",
        "(x)",
        r"[\w.-]+",
        r"a\.b",
        "%D0",
    ],
)
def test_slash_free(regex):
    assert is_slash_free(regex)
    assert compile_regex(regex).fullmatch("/") is None


@pytest.mark.parametrize(
    "regex",
    [
        ".*",
        "a/b",
        "[^a]",
        r"\D",
        r"\S+",
        "[ -~]",
        "[+-9]",
        r"\b\w+",
        "^a$",
        "(?=a)a",
        "(?P=x)",
        r"(a)\1",
        "(?i:a)",
        "a++",
        r"\x2f",
    ],
)
def test_not_provably_slash_free(regex):
    assert not is_slash_free(regex)


PIECES = st.sampled_from(
    [
        "a",
        ".",
        "/",
        r"\d",
        r"\w",
        r"\S",
        r"\.",
        "[a-c]",
        "[^/]",
        "[^a]",
        "[+-9]",
        "[!-]",
        "(?:b|c)",
        "(d)",
        "*",
        "+",
        "?",
        "{2}",
        "|",
        "^",
        "$",
        "-",
        r"\/",
    ]
)


@given(st.lists(PIECES, max_size=6).map("".join), st.text("ab/1.-+", max_size=6))
def test_slash_free_is_never_wrong(regex, text):
    try:
        compiled = re.compile(regex)
    except re.error:
        return
    if is_slash_free(regex) and compiled.fullmatch(text):
        assert "/" not in text


@pytest.mark.row("RT-30")
@pytest.mark.parametrize(
    ("regex", "needs"),
    [
        ("[а-я]+", True),
        (r"\u0430", True),
        (r"\xe9", True),
        (r"\N{EM DASH}", True),
        (r"\x41\u0041", False),
        ("(?:%D0%[0-9A-F]{2})+", False),
    ],
)
def test_unencoded_text(regex, needs):
    assert needs_unencoded_text(regex) is needs
