"""Tokens, quoted strings and the parameters made of them (RFC 9110 §5.6).

Knows the grammar that nearly every field shares. Does not know what any parameter means.

All repeats are possessive: no input makes them backtrack, so each match is linear.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from muntin.http_core.tokens import TOKEN, is_token

__all__ = [
    "QUOTED_STRING",
    "Parameters",
    "follows_value",
    "format_parameters",
    "is_free_of_controls",
    "iterate_parameters",
    "parse_parameters",
    "quote_string",
    "unquote_string",
]

_CONTROLS: Final = r"\x00-\x08\x0a-\x1f\x7f"
QUOTED_STRING: Final = rf'"[^"\\{_CONTROLS}]*+(?:\\[^{_CONTROLS}][^"\\{_CONTROLS}]*+)*"'

_CONTROL: Final = re.compile(f"[{_CONTROLS}]")
_PARAMETER: Final = re.compile(rf"[ \t]*+;[ \t]*+(?:({TOKEN})=(?:({TOKEN})|({QUOTED_STRING})))?")
_QUOTED: Final = re.compile(QUOTED_STRING)
_NAME_BEFORE_VALUE: Final = re.compile(r"[ \t]*+;[ \t]*+([^;=]*+)(=[ \t]*+)?")
_REST: Final = re.compile(r"[^;]*+")
_ESCAPED: Final = re.compile(r"\\(.)", re.DOTALL)
_TO_ESCAPE: Final = re.compile(r'(["\\])')

Parameters = tuple[tuple[str, str], ...]


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


def iterate_parameters(
    text: str, position: int, quoted: re.Pattern[str] = _QUOTED
) -> Iterator[tuple[str, str | None]]:
    """Iterate over the parameters from `position` to the end of the text, as lenient readers see them.

    Names are in lower case; values are as they stand there, quotes included, or None where one cannot be
    read: it has a control character, its quotes are not closed, or something stands between them and the next
    semicolon. What is not quoted goes on to the next semicolon (WHATWG MIME Sniffing §4.4), and white space
    may stand around the ``=``, as in mail. What has no value, or no token for a name, is passed over.

    Args:
        quoted: what a quoted value is.
    """
    while match := _NAME_BEFORE_VALUE.match(text, position):
        position = match.end()
        if match[2] is None:
            continue
        name = match[1].rstrip(" \t").lower()
        value: str | None
        if text.startswith('"', position):
            found = quoted.match(text, position)
            # Behind a quote that is never closed, nothing can be read.
            begin = len(text) if found is None else found.end()
            end = _REST.match(text, begin).end()  # type: ignore[union-attr]  # it matches anywhere
            value = None if found is None or text[begin:end].strip(" \t") else found[0]
        else:
            end = _REST.match(text, position).end()  # type: ignore[union-attr]
            value = text[position:end].rstrip(" \t")
            if not is_free_of_controls(value):
                value = None
        position = end
        if value != "" and is_token(name):
            yield name, value


def follows_value(text: str, position: int) -> bool:
    """Return whether parameters, or nothing, stand behind the value that ends at `position`."""
    return text[position:].lstrip(" \t")[:1] in ("", ";")


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
