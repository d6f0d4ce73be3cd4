"""Quoted strings, and parameters made of tokens and quoted strings (RFC 9110 §5.6).

This is the grammar that nearly every field shares, without what any parameter means.

All repeats are possessive: no input makes them backtrack, so each match takes linear time.
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
    """Return True if a text can stand inside a field: if it has no control character but the tab."""
    return _CONTROL.search(text) is None


def unquote_string(quoted: str) -> str:
    """Return the text of a quoted string, in which every escaped character stands for itself."""
    inner = quoted[1:-1]
    return _ESCAPED.sub(r"\1", inner) if "\\" in inner else inner


def quote_string(text: str) -> str:
    """Return a text as a quoted string.

    Raises:
        ValueError: the text has a control character.
    """
    if not is_free_of_controls(text):
        raise ValueError(f"a field cannot hold control characters: {text!r}")
    return '"' + _TO_ESCAPE.sub(r"\\\1", text) + '"'


def parse_parameters(
    text: str, position: int, limit: int, unquote: Callable[[str], str] = unquote_string
) -> Parameters | None:
    """Parse the parameters from `position` to the end of the text; their names become lower case.

    Return None if they are malformed, more than `limit`, or if one comes twice: of two values, two readers may take
    different ones, and a filter that reads the one is bypassed by the other.
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

    Names are in lower case. Values are returned as they are, with their quotes. A value is None where it has a control
    character, where its quotes are not closed, or where something stands between the quotes and the next semicolon. A
    value without quotes ends at the next semicolon (WHATWG MIME Sniffing §4.4), and white space may stand around the
    ``=``, as in mail. A parameter without a value, or whose name is no token, is left out.

    Args:
        quoted: the pattern of a quoted value.
    """
    while match := _NAME_BEFORE_VALUE.match(text, position):
        position = match.end()
        if match[2] is None:
            continue
        name = match[1].rstrip(" \t").lower()
        value: str | None
        if text.startswith('"', position):
            found = quoted.match(text, position)
            # Behind a quote that is never closed, nothing can be parsed.
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
    """Return True if parameters, or nothing, stand behind the value that ends at `position`."""
    return text[position:].lstrip(" \t")[:1] in ("", ";")


def format_parameters(parameters: Iterable[tuple[str, str]]) -> str:
    """Format the parameters that follow a value, with quotes where they are needed.

    Raises:
        ValueError: a name is not a token, or a value has a control character.
    """
    return "".join(map(_format_parameter, parameters))


def _format_parameter(parameter: tuple[str, str]) -> str:
    name, value = parameter
    if not is_token(name):
        raise ValueError(f"not the name of a parameter: {name!r}")
    return f"; {name}={value if is_token(value) else quote_string(value)}"
