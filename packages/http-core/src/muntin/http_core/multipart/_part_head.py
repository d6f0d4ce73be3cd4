"""The head of a part: parsing and formatting its fields (RFC 2046 §5.1, RFC 7578 §4).

This is the grammar, and which fields may come only once. Of the values, only a length is interpreted.
"""

import re
from collections.abc import Iterable
from typing import Final

from muntin.http_core.multipart.errors import MultipartError
from muntin.http_core.multipart.events import Headers
from muntin.http_core.tokens import TOKEN, is_token

__all__ = ["declared_length", "format_part_head", "parse_part_head"]

_NAME: Final = TOKEN.encode("ascii")
_FIELD: Final = re.compile(rb"(" + _NAME + rb"):([^\x00-\x08\x0a-\x1f\x7f]*+)")
_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*+")
# A field continues in the next line if that begins with white space: MIME allows it, though HTTP does not.
_FOLD: Final = re.compile(rb"\r\n(?=[ \t])")
# 18 digits stay below 2**60: no part is longer, and no number is too long to convert at once.
_LENGTH: Final = re.compile(r"[0-9]{1,18}")
# Fields that may come once: of two values, two readers may take different ones.
_SINGLE: Final = frozenset(
    {"content-disposition", "content-type", "content-transfer-encoding", "content-encoding", "content-length"}
)


def parse_part_head(block: bytes, limit: int) -> Headers:
    """Parse the head of a part, without a CRLF before the first field and after the last.

    Raises:
        MultipartError: 400 if the head is malformed, or has a field twice that may come once; 413 beyond `limit`
        fields.
    """
    if not block:
        return ()
    lines = _FOLD.sub(b"", block).split(b"\r\n", limit)
    if len(lines) > limit:
        raise MultipartError(413, "too many fields in the head of a part")
    headers: list[tuple[str, str]] = []
    seen: set[str] = set()
    for line in lines:
        match = _FIELD.fullmatch(line)
        if match is None:
            raise MultipartError(400, "malformed field in the head of a part")
        name = match[1].decode("ascii")
        if (lower := name.lower()) in _SINGLE and lower in seen:
            raise MultipartError(400, "a field comes twice in the head of a part")
        seen.add(lower)
        headers.append((name, _decode(match[2].strip(b" \t"))))
    return tuple(headers)


def _decode(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


def declared_length(headers: Headers) -> int | None:
    """Return the length that a part declares, or None.

    Raises:
        MultipartError: 400 if the length is anything but ASCII digits.
    """
    for name, value in headers:
        if name.lower() == "content-length":
            if not _LENGTH.fullmatch(value):
                raise MultipartError(400, "malformed length of a part")
            return int(value)
    return None


def format_part_head(headers: Iterable[tuple[str, str]]) -> bytes:
    """Format the lines of a part's head, in UTF-8, with the empty line that ends it.

    Raises:
        ValueError: a name is not a token, or a value has a control character or a lone surrogate.
        TypeError: a name or a value is not a str.
    """
    lines = [_format_field(name, value) for name, value in headers]
    return b"".join([*lines, b"\r\n"])


def _format_field(name: str, value: str) -> bytes:
    if not isinstance(name, str):
        raise TypeError(f"the name of a field must be a str, not {type(name).__name__}")
    if not isinstance(value, str):
        raise TypeError(f"the value of the field {name} must be a str, not {type(value).__name__}")
    if not is_token(name):
        raise ValueError(f"not the name of a field: {name!r}")
    if not _VALUE.fullmatch(value):
        raise ValueError(f"the field {name} cannot hold control characters: {value!r}")
    return f"{name}: {value}\r\n".encode()
