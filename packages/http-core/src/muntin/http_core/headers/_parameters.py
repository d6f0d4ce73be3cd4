"""Tokens, quoted strings and the parameters made of them (RFC 9110 §5.6).

Knows the grammar that nearly every field shares. Does not know what any parameter means.

All repeats are possessive: no input makes them backtrack, so each match is linear.
"""

import re
from collections.abc import Callable, Iterable
from typing import Final

TOKEN: Final = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
_CONTROLS: Final = r"\x00-\x08\x0a-\x1f\x7f"
QUOTED_STRING: Final = rf'"[^"\\{_CONTROLS}]*+(?:\\[^{_CONTROLS}][^"\\{_CONTROLS}]*+)*"'

_TOKEN: Final = re.compile(TOKEN)
_CONTROL: Final = re.compile(f"[{_CONTROLS}]")
_PARAMETER: Final = re.compile(rf"[ \t]*+;[ \t]*+(?:({TOKEN})=(?:({TOKEN})|({QUOTED_STRING})))?")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(r'(["\\])')

Parameters = tuple[tuple[str, str], ...]


def is_token(text: str) -> bool:
    """Tell whether a text is a token."""
    return _TOKEN.fullmatch(text) is not None


def is_free_of_controls(text: str) -> bool:
    """Tell whether a text can stand inside a field: it has no control character but the tab."""
    return _CONTROL.search(text) is None


def unquote_string(quoted: str) -> str:
    """Give what a quoted string says: every escaped character stands for itself."""
    inner = quoted[1:-1]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def quote_string(text: str) -> str:
    """Give the quoted string that says `text`.

    Raises:
        ValueError: it has a control character.
    """
    if not is_free_of_controls(text):
        raise ValueError(f"a field cannot hold control characters: {text!r}")
    return '"' + _TO_ESCAPE.sub(r"\\\1", text) + '"'


def parse_parameters(
    text: str, position: int, limit: int, unquote: Callable[[str], str] = unquote_string
) -> Parameters | None:
    """Give the parameters from `position` to the end of the text, their names in lower case.

    None when they are malformed, more than `limit`, or one comes twice: of two values, two readers may take
    different ones, which is how filters are passed by.
    """
    found: dict[str, str] = {}
    while match := _PARAMETER.match(text, position):
        position = match.end()
        name, token, quoted = match.groups()
        if name is None:
            continue
        name = name.lower()
        if name in found or len(found) == limit:
            return None
        found[name] = token if quoted is None else unquote(quoted)
    return None if text[position:].strip(" \t") else tuple(found.items())


def format_parameters(parameters: Iterable[tuple[str, str]]) -> str:
    """Give the parameters as they follow a value, quoted where they must be.

    Raises:
        ValueError: a name is not a token, or a value has a control character.
    """
    return "".join(f"; {_checked(name)}={_value(value)}" for name, value in parameters)


def _checked(name: str) -> str:
    if not is_token(name):
        raise ValueError(f"not the name of a parameter: {name!r}")
    return name


def _value(text: str) -> str:
    return text if is_token(text) else quote_string(text)
