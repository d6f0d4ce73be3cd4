"""Conditions (RFC 9110 §13) and ranges (§14): they decide whether a file is sent in whole, in part or not at all.

The rules themselves are in http-core; here they are applied to the fields of a request and to a file.
"""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from muntin.http_core.headers.conditions import Precondition, evaluate_preconditions, is_range_current
from muntin.http_core.headers.ranges import ByteRange, parse_ranges, resolve_ranges
from muntin.static._representation import Representation

__all__ = ["WHOLE", "Field", "Outcome", "decide"]

Field = Callable[[str], "str | None"]
"""A function from the lower-case name of a request field to its value, lines joined by commas; None if it is absent."""


class Outcome(NamedTuple):
    """The decision: a status out of 200, 206, 304, 412 and 416, and with 206 the ranges."""

    status: int
    ranges: tuple[ByteRange, ...] = ()


WHOLE: Final = Outcome(200)

_UNSENT: Final = {
    Precondition.NOT_MODIFIED: Outcome(304),
    Precondition.PRECONDITION_FAILED: Outcome(412),
}


def decide(method: str, field: Field, chosen: Representation) -> Outcome:
    """Evaluate the preconditions of a GET or HEAD request, then its range (RFC 9110 §13.2.2)."""
    if_match, if_unmodified_since = field("if-match"), field("if-unmodified-since")
    if_none_match, if_modified_since = field("if-none-match"), field("if-modified-since")
    if not (if_match is if_unmodified_since is if_none_match is if_modified_since is None):
        found = evaluate_preconditions(
            method,
            if_match=if_match,
            if_unmodified_since=if_unmodified_since,
            if_none_match=if_none_match,
            if_modified_since=if_modified_since,
            etag=chosen.etag,
            last_modified=chosen.last_modified,
        )
        if found is not Precondition.PROCEED:
            return _UNSENT[found]
    # Range has no meaning for other methods than GET (§14.2).
    text = field("range") if method == "GET" else None
    if text is None or not _is_current(field("if-range"), chosen):
        return WHOLE
    return _partition(text, chosen)


def _is_current(if_range: str | None, chosen: Representation) -> bool:
    if if_range is None:
        return True
    return is_range_current(if_range, etag=chosen.etag, last_modified=chosen.last_modified, now=time.time())


def _partition(text: str, chosen: Representation) -> Outcome:
    wanted = parse_ranges(text)
    if wanted is None:
        return WHOLE
    ranges = resolve_ranges(wanted, chosen.size)
    if len(ranges) > 1 and chosen.about.coding:
        # Content-Encoding beside multipart/byteranges would claim that the multipart body itself is coded.
        return WHOLE
    return Outcome(206, ranges) if ranges else Outcome(416)
