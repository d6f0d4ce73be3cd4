"""The fields of a response as a mapping, which refuses at once what cannot be sent.

It knows the grammar of names and values, and not what any field means.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, Final

from multidict import CIMultiDict

from muntin.http_core.tokens import is_token

__all__ = ["CheckedHeaders", "LooseHeaders", "check_fields"]

LooseHeaders = Mapping[str, str] | Iterable[tuple[str, str]]
"""The types that are taken for fields: a mapping, a multidict, or pairs."""

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_is_name: Final = lru_cache(256)(is_token)


def check_fields(fields: Iterable[tuple[str, str]]) -> None:
    """Refuse fields that would break a head.

    Raises:
        ValueError: a name is not a token, or a value has a control character (RFC 9110 §5.5).
        TypeError: a name or a value is no text.
    """
    for name, value in fields:
        if not isinstance(name, str):
            raise TypeError(f"the name of a field must be a str, not {type(name).__name__}")
        if not _is_name(name):
            raise ValueError(f"not the name of a field: {name!r}")
        if not isinstance(value, str):
            raise TypeError(f"the value of the field {name} must be a str, not {type(value).__name__}")
        # What is printable has no control character; the rest is looked at.
        if not value.isprintable() and _CONTROL.search(value):
            raise ValueError(f"the value of the field {name} has a control character: {value!r}")


class CheckedHeaders(CIMultiDict[str]):
    """Fields by name, in any case. Whatever puts one there raises as `check_fields` does, and then changes nothing.

    So the error points at the line that assigns the value, and not at a response that cannot be sent.
    """

    def __init__(self, given: Any = (), /, **named: str) -> None:
        super().__init__(given, **named)
        check_fields(self.items())

    def __setitem__(self, name: str, value: str) -> None:
        check_fields(((name, value),))
        super().__setitem__(name, value)

    def add(self, key: str, value: str) -> None:
        check_fields(((key, value),))
        super().add(key, value)

    def setdefault(self, key: str, default: Any = None) -> Any:
        if key not in self:
            check_fields(((key, default),))
        return super().setdefault(key, default)

    def extend(self, given: Any = (), /, **named: str) -> None:
        super().extend(CheckedHeaders(given, **named))

    def update(self, given: Any = (), /, **named: str) -> None:
        super().update(CheckedHeaders(given, **named))

    def merge(self, given: Any = (), /, **named: str) -> None:
        super().merge(CheckedHeaders(given, **named))
