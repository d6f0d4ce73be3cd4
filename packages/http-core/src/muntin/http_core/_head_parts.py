"""The parts of a request's head (RFC 9112 §3 and §5), found by patterns.

`_speedups.pyx` is the compiled twin of this module, and `_accel` selects one of them. This one is the reference, and is
there for every interpreter.

A plain head needs one match, which proves that every line is well-formed and that only Host and Content-Length decide
how the message is read; no line is taken apart. Any other head needs three: one match for the request-line, one for the
lines, and one that finds the fields that frame the message.
"""

from muntin.http_core._grammar import FIELD_SECTION, FRAMING_FIELD, PLAIN_HEAD, REQUEST_LINE

__all__ = ["FramingFields", "HeadParts", "find_framing_fields", "split_any", "split_head"]

FramingFields = dict[bytes, list[bytes]]
"""The values of the fields that frame a message, by lower-case name."""

HeadParts = tuple[int, str, str, bytes, bytes, int, FramingFields | None]
"""The position behind the head, its method, its target, the digits of its version, and its field lines as received.

In a plain head the length of the body and None follow, in any other head 0 and the fields that frame the message.
"""


def split_head(data: bytes, start: int, most: int) -> HeadParts | None:
    """Split the head of a request; return its parts, or None where no whole and well-formed head stands.

    Args:
        data: what was received; more may stand before and behind the head.
        start: the position of the head.
        most: the number of field lines that it may have.
    """
    plain = PLAIN_HEAD.match(data, start)
    if plain is None:
        return split_any(data, start, most)
    method, target, fields, behind, before = plain.groups()
    if fields.count(b"\n") > most:
        return None
    if method == b"CONNECT":
        return split_any(data, start, most)
    length = int(behind or before or 0)
    return plain.end(), method.decode("ascii"), target.decode("ascii"), b"1.1", fields, length, None


def split_any(data: bytes, start: int, most: int) -> HeadParts | None:
    """Split a head of any kind; what `split_head` does for those that are not plain."""
    line = REQUEST_LINE.match(data, start)
    section = FIELD_SECTION.match(data, line.end()) if line is not None else None
    if line is None or section is None or not data.startswith(b"\r\n", section.end()):
        return None
    fields = section[0]
    if fields.count(b"\n") > most:
        return None
    method, target, version = line.groups()
    framing_fields = find_framing_fields(data, section.start(), section.end())
    return (
        section.end() + 2,
        method.decode("ascii"),
        target.decode("ascii"),
        version,
        fields,
        0,
        framing_fields,
    )


def find_framing_fields(block: bytes, start: int, end: int) -> FramingFields:
    """Return the values of the fields that frame a message; `start` is behind the first line, `end` behind the last."""
    found: FramingFields = {}
    for name, value in FRAMING_FIELD.findall(block, start - 1, end):
        found.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return found
