"""Patterns: no regular expression repeats a group possessively.

Pythons before 3.11.5, Debian's among them, match `(?:…)*+`, `(…)?+` and the like wrongly (CPython issue 106052).
Possessive repeats of single characters and classes are sound. Patterns are what stands in raw strings.
"""

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SOURCES = sorted(ROOT.glob("packages/*/src/**/*.py"))

# A parenthesis that closes a group (so none that is escaped), and a repeat of any kind with `+` behind it.
CLOSED = re.compile(r"(?<!\\)(?:\\\\)*\)(?:[*+?]|\{[0-9]*,?[0-9]*\})\+")
CLASS = re.compile(r"(?<!\\)\[\^?\]?(?:[^\]\\]|\\.)*\]")


def find_offences(source: str) -> Iterator[int]:
    """Yield the lines of raw strings that repeat a group possessively."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        is_raw = "r" in token.string.partition("'")[0].partition('"')[0].lower()
        if token.type == tokenize.STRING and is_raw and CLOSED.search(CLASS.sub("x", token.string)):
            yield token.start[0]


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: "/".join(source.parts[-3:]))
def test_no_group_is_repeated_possessively(source: Path) -> None:
    assert list(find_offences(source.read_text())) == []


@pytest.mark.parametrize("pattern", ["(?:a|b)*+", "(a)?+", "(a)++", "(ab){2,3}+", r"(\\)*+", "[(](a)*+"])
def test_offences_are_found(pattern: str) -> None:
    assert list(find_offences(f"x = re.compile(r'{pattern}')\n")) == [1]


@pytest.mark.parametrize("pattern", ["(?:a|b)*", "[ab]*+", r"\)*+", "(a++b)+", "[)]*+", "a{1,2}+"])
def test_other_patterns_are_none(pattern: str) -> None:
    assert list(find_offences(f"x = re.compile(r'{pattern}')\n")) == []
