"""The list grammar of the handshake's fields (RFC 6455 §9.1, RFC 9110 §5.6): tokens, lists, extensions."""

import re
from collections.abc import Iterable, Iterator

__all__ = ["Extension", "is_token", "parse_extensions", "split_list"]

Extension = tuple[str, tuple[tuple[str, str | None], ...]]

_TOKEN = r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_WS = r"[ \t]*"
_token = re.compile(_TOKEN)
# A quoted value must be a token once it is unquoted (§9.1), so the quoting can add nothing but the quotes.
_parameter = re.compile(rf'{_WS};{_WS}({_TOKEN})(?:{_WS}={_WS}(?:({_TOKEN})|"({_TOKEN})"))?')
_separator = re.compile(rf"{_WS}(?:,{_WS})*")

# Far more than any peer needs. Further items are ignored.
_MAX_ITEMS = 128


def is_token(text: str) -> bool:
    """Return whether `text` is a token (RFC 9110 §5.6.2)."""
    return _token.fullmatch(text) is not None


def split_list(lines: Iterable[str]) -> Iterator[str]:
    """Iterate over the members of a comma list that may span several field lines; empty members are left out."""
    for line in lines:
        for item in line.split(",", _MAX_ITEMS)[:_MAX_ITEMS]:
            item = item.strip(" \t")
            if item:
                yield item


def parse_extensions(lines: Iterable[str]) -> list[Extension] | None:
    """Parse Sec-WebSocket-Extensions lines; return the extensions in order, or None for a syntax error."""
    found: list[Extension] = []
    for line in lines:
        pos = _skip_separator(line, 0)
        while pos < len(line):
            if len(found) == _MAX_ITEMS:
                return found
            extension = _parse_extension(line, pos)
            if extension is None:
                return None
            found.append(extension[0])
            pos = _skip_separator(line, extension[1])
            if pos < len(line) and "," not in line[extension[1] : pos]:
                return None
    return found


def _parse_extension(line: str, pos: int) -> tuple[Extension, int] | None:
    name = _token.match(line, pos)
    if name is None:
        return None
    parameters: list[tuple[str, str | None]] = []
    pos = name.end()
    while match := _parameter.match(line, pos):
        parameters.append((match[1], match[2] or match[3]))
        pos = match.end()
        if len(parameters) > _MAX_ITEMS:
            return None
    return (name[0], tuple(parameters)), pos


def _skip_separator(line: str, pos: int) -> int:
    match = _separator.match(line, pos)
    return match.end() if match else pos
