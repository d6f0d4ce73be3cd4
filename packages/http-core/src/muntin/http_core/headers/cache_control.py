"""Cache-Control, of requests and responses (RFC 9111 §5.2).

This is its grammar, for any directive. Nothing is cached here.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from muntin.http_core.headers._parameters import QUOTED_STRING, quote_string, unquote_string
from muntin.http_core.tokens import TOKEN, is_token

__all__ = ["MAX_DIRECTIVES", "CacheControl", "format_cache_control", "parse_cache_control"]

MAX_DIRECTIVES: Final = 32
"""The number of directives that a field may have. RFC 9111 has sixteen, and no field needs half of them."""

_DIRECTIVE: Final = re.compile(rf"[ \t]*+(?:({TOKEN})(?:=(?:({TOKEN})|({QUOTED_STRING})))?)?[ \t]*+(?:,|$)")
_SECONDS: Final = re.compile(r"[0-9]++")
# RFC 9111 §1.2.2: a larger number means this one, which is 68 years.
_LONGEST: Final = 2**31


@dataclass(frozen=True, slots=True)
class CacheControl:
    """The directives of a Cache-Control field: name in lower case, and argument or None."""

    directives: tuple[tuple[str, str | None], ...] = ()

    @classmethod
    def of(cls, **directives: bool | int | str | None) -> "CacheControl":
        """Build directives from keywords, such as ``of(max_age=60, no_transform=True)``.

        False and None leave a directive out.
        """
        present: list[tuple[str, str | None]] = []
        for name, argument in directives.items():
            if argument is not None and argument is not False:
                present.append((name.replace("_", "-"), None if argument is True else str(argument)))
        return cls(tuple(present))

    def __contains__(self, name: str) -> bool:
        return any(found == name for found, _ in self.directives)

    def get(self, name: str) -> str | None:
        """Return the argument of the first directive of a name, in lower case, or None."""
        for found, argument in self.directives:
            if found == name:
                return argument
        return None

    def seconds(self, name: str) -> int | None:
        """Return the argument of a directive as seconds; None if it is missing or no plain number."""
        argument = self.get(name)
        if argument is None or not _SECONDS.fullmatch(argument):
            return None
        digits = argument.lstrip("0") or "0"
        return min(int(digits), _LONGEST) if len(digits) <= 10 else _LONGEST


def parse_cache_control(text: str, *, limit: int = MAX_DIRECTIVES) -> CacheControl | None:
    """Parse a Cache-Control field; return None if it is malformed or has more than `limit` directives."""
    directives: list[tuple[str, str | None]] = []
    position = 0
    while position < len(text):
        match = _DIRECTIVE.match(text, position)
        if match is None:
            return None
        name, token, quoted = match.groups()
        if name is not None:
            if len(directives) == limit:
                return None
            directives.append((name.lower(), token if quoted is None else unquote_string(quoted)))
        position = match.end()
    return CacheControl(tuple(directives))


def format_cache_control(control: CacheControl) -> str:
    """Format a Cache-Control field; without directives it is an empty text.

    Raises:
        ValueError: a name is not a token, or an argument has a control character.
    """
    return ", ".join(_format_directives(control.directives))


def _format_directives(directives: Iterable[tuple[str, str | None]]) -> list[str]:
    formatted = []
    for name, argument in directives:
        if not is_token(name):
            raise ValueError(f"not a cache directive: {name!r}")
        if argument is None:
            formatted.append(name)
        else:
            formatted.append(f"{name}={argument if is_token(argument) else quote_string(argument)}")
    return formatted
