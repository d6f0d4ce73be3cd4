"""Converters: variables with a type, written `{name:converter()}`.

A converter has an expression for the text, and functions from the text to a value and back. Its place in a path is no
concern of it.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

if TYPE_CHECKING:
    from uuid import UUID

__all__ = ["CONVERTERS", "Converter"]

V = TypeVar("V")


class Converter(NamedTuple, Generic[V]):
    """The type of a variable: `regex` for the encoded text, `parse` from the decoded text, `format` back to text.

    The type argument is the type of the values. If `parse` raises `ValueError`, the resource does not match.
    """

    regex: str
    parse: Callable[[str], V]
    format: Callable[[V], str] = str


def _parse_uuid(text: str) -> "UUID":
    from uuid import UUID  # noqa: PLC0415 - few programs have such a variable

    return UUID(text)


CONVERTERS: Mapping[str, Converter[Any]] = {
    # 640 digits are what Python converts under any setting of its limit (sys.int_info.str_digits_check_threshold).
    "int": Converter("[0-9]{1,640}", int),
    "uuid": Converter("[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}", _parse_uuid),
    "path": Converter(".+", str),
}
"""The converters that every router has: `int()`, `uuid()`, and `path()` for text with slashes."""
