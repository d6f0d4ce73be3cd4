"""Field lines as bytes: read from a section that was received, and joined to one that is sent.

`_speedups.pyx` is the compiled twin of this module, and `_accel` selects one of them. This one is the reference, and is
there for every interpreter. A section that was received consists of lines that `FIELD_SECTION` accepts.
"""

from typing import Any

from muntin.http_core._grammar import FIELD_LINE, OUTGOING_FIELDS

__all__ = ["cut_lines", "decode_lines", "find_all", "find_each", "join_lines"]


def cut_lines(section: bytes) -> list[tuple[bytes, bytes]]:
    """Return names and values of all lines, in order."""
    return FIELD_LINE.findall(section)


def decode_lines(section: bytes) -> list[tuple[str, str]]:
    """Return names and values of all lines as text: UTF-8, and other bytes as surrogates, which encode back to them."""
    if not section:
        return []
    # Decoded whole: what separates names, values and lines is ASCII, so each piece is decoded as it would be alone.
    lines = section.decode("utf-8", "surrogateescape")[:-2].split("\r\n")
    return [(name, value.strip(" \t")) for name, _, value in [line.partition(":") for line in lines]]


def find_all(section: bytes, name: bytes) -> list[bytes]:
    """Return the values of every line of a name (lower case), in order; no other line is taken apart."""
    # With a line feed in front, the first line is found like the others.
    lines = b"\n" + section.lower()
    start = b"\n" + name + b":"
    values = []
    at = lines.find(start)
    while at >= 0:
        begin = at + len(start) - 1
        end = section.find(b"\r", begin)
        values.append(section[begin:end].strip(b" \t"))
        at = lines.find(start, end)
    return values


def find_each(section: bytes, names: tuple[bytes, ...]) -> list[bytes | None]:
    """Return the first value of each of several names (lower case), or None for one that is missing."""
    lines = b"\n" + section.lower()
    values: list[bytes | None] = []
    for name in names:
        at = lines.find(b"\n" + name + b":")
        if at < 0:
            values.append(None)
        else:
            begin = at + len(name) + 1
            values.append(section[begin : section.find(b"\r", begin)].strip(b" \t"))
    return values


def join_lines(fields: object) -> bytes | None:
    """Join lines in a list or tuple; return None unless all are valid text, and none frames or dates the message."""
    if fields.__class__ is not list and fields.__class__ is not tuple:
        return None
    lines: Any = fields
    words: list[Any] = []
    try:
        for name, value in lines:
            words += (name, ": ", value, "\r\n")
        # Joining accepts nothing but text, while formatting would accept any object.
        raw = "".join(words).encode("utf-8", "surrogateescape")
    except (TypeError, ValueError):
        return None
    # A value with a line of its own inside would match; the number of lines shows it.
    return raw if OUTGOING_FIELDS.fullmatch(raw) and raw.count(b"\n") == len(lines) else None
