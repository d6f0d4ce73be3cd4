"""Byte ranges: the Range field (RFC 9110 §14.2), its resolution against a size, and Content-Range (§14.4).

The caller decides whether the method and If-Range allow a partial response.
"""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

__all__ = [
    "COALESCED_GAP",
    "MAX_RANGES",
    "ByteRange",
    "ContentRange",
    "RangeSpec",
    "format_content_range",
    "format_ranges",
    "format_unsatisfied_range",
    "parse_content_range",
    "parse_ranges",
    "resolve_ranges",
]

MAX_RANGES: Final = 200
"""The number of ranges that a field may have; one with more is ignored. Apache has the same default since
CVE-2011-3192.
"""

COALESCED_GAP: Final = 80
"""Ranges with a smaller gap between them (bytes) are sent as one: the delimiter and fields of a part are larger."""

# No representation is larger, so a number of a thousand digits is read as this, and costs as little as one of twenty.
_LARGEST: Final = 10**19

_FIELD: Final = re.compile(r"bytes=([0-9, \t-]*)", re.IGNORECASE | re.ASCII)
_SPEC: Final = re.compile(r"(?:([0-9]++)-([0-9]*+)|-([0-9]++))")
_CONTENT_RANGE: Final = re.compile(
    r"bytes (?:(?P<first>[0-9]{1,19})-(?P<last>[0-9]{1,19})/(?P<size>[0-9]{1,19}|\*)"
    r"|\*/(?P<unsatisfied>[0-9]{1,19}))",
    re.IGNORECASE | re.ASCII,
)


class RangeSpec(NamedTuple):
    """One range of a Range field; positions count from 0."""

    first: int | None
    """The position of the first byte; None for a suffix of `last` bytes."""
    last: int | None
    """The position of the last byte, which is included; None for all up to the end. For a suffix, its length."""


class ByteRange(NamedTuple):
    """One range within a representation of known size."""

    first: int
    last: int
    """The position of the last byte, which is included."""

    @property
    def length(self) -> int:
        """The number of its bytes."""
        return self.last - self.first + 1


class ContentRange(NamedTuple):
    """A Content-Range field."""

    range: ByteRange | None
    """The range that is enclosed; None in a 416 response."""
    size: int | None
    """The complete size; None when it is unknown."""


def parse_ranges(text: str, *, limit: int = MAX_RANGES) -> tuple[RangeSpec, ...] | None:
    """Parse a Range field into its ranges; return None if the field is to be ignored.

    It is ignored, and the whole representation sent, if it is malformed, has an inverted range, another unit than
    bytes, or more than `limit` ranges (RFC 9110 §14.2).
    """
    field = _FIELD.fullmatch(text)
    if field is None:
        return None
    specs: list[RangeSpec] = []
    for element in field[1].split(","):
        if not (element := element.strip(" \t")):
            continue
        spec = _parse_spec(element)
        if spec is None or len(specs) == limit:
            return None
        specs.append(spec)
    return tuple(specs) or None


def _parse_spec(element: str) -> RangeSpec | None:
    match = _SPEC.fullmatch(element)
    if match is None:
        return None
    first, last, suffix = match.groups()
    if suffix is not None:
        return RangeSpec(None, _parse_position(suffix))
    spec = RangeSpec(_parse_position(first), _parse_position(last) if last else None)
    inverted = spec.first is not None and spec.last is not None and spec.last < spec.first
    return None if inverted else spec


def _parse_position(digits: str) -> int:
    digits = digits.lstrip("0") or "0"
    return int(digits) if len(digits) < 20 else _LARGEST


def format_ranges(specs: Iterable[RangeSpec]) -> str:
    """Format a Range field.

    Raises:
        ValueError: there is no range, or one is negative, inverted or has no bounds.
    """
    elements = [_format_spec(spec) for spec in specs]
    if not elements:
        raise ValueError("a Range field asks for at least one range")
    return "bytes=" + ",".join(elements)


def _format_spec(spec: RangeSpec) -> str:
    element = f"{'' if spec.first is None else spec.first}-{'' if spec.last is None else spec.last}"
    if _parse_spec(element) is None:
        raise ValueError(f"not a range: {spec!r}")
    return element


def resolve_ranges(
    specs: Iterable[RangeSpec], size: int, *, gap: int = COALESCED_GAP
) -> tuple[ByteRange, ...]:
    """Return the ranges to send of a representation of `size` bytes; if there is none, the response is 416.

    Ranges that overlap, touch, or have fewer than `gap` bytes between them become one, so never more than
    ``size + gap × ranges`` bytes are sent. They keep the order of the field (RFC 9110 §15.3.7.2).
    """
    wanted = sorted(
        (found.first, found.last, order)
        for order, spec in enumerate(specs)
        if (found := _resolve(spec, size)) is not None
    )
    merged: list[tuple[int, int, int]] = []
    for first, last, order in wanted:
        if merged and first - merged[-1][1] - 1 < max(gap, 1):
            before = merged[-1]
            merged[-1] = (before[0], max(before[1], last), min(before[2], order))
        else:
            merged.append((first, last, order))
    merged.sort(key=lambda item: item[2])
    return tuple(ByteRange(first, last) for first, last, _ in merged)


def _resolve(spec: RangeSpec, size: int) -> ByteRange | None:
    # An empty representation has no byte to send. §14.1.2 would call a suffix of it satisfiable, but Content-Range
    # cannot express it.
    end = size - 1
    if spec.first is None:
        length = min(spec.last or 0, size)
        return ByteRange(size - length, end) if length else None
    if spec.first > end:
        return None
    return ByteRange(spec.first, end if spec.last is None else min(spec.last, end))


def format_content_range(first: int, last: int, size: int | None) -> str:
    """Format the Content-Range of a partial response; a `size` of None is an unknown one.

    Raises:
        ValueError: the range is negative, inverted or reaches beyond the size.
    """
    if not 0 <= first <= last or (size is not None and last >= size):
        raise ValueError(f"not a range of {size} bytes: {first}-{last}")
    return f"bytes {first}-{last}/{'*' if size is None else size}"


def format_unsatisfied_range(size: int) -> str:
    """Format the Content-Range of a 416 response.

    Raises:
        ValueError: the size is negative.
    """
    if size < 0:
        raise ValueError(f"not a size: {size}")
    return f"bytes */{size}"


def parse_content_range(text: str) -> ContentRange | None:
    """Parse a Content-Range field; return None if it is malformed or its unit is not bytes."""
    match = _CONTENT_RANGE.fullmatch(text)
    if match is None:
        return None
    if match["unsatisfied"] is not None:
        return ContentRange(None, int(match["unsatisfied"]))
    enclosed = ByteRange(int(match["first"]), int(match["last"]))
    size = None if match["size"] == "*" else int(match["size"])
    if enclosed.last < enclosed.first or (size is not None and enclosed.last >= size):
        return None
    return ContentRange(enclosed, size)
