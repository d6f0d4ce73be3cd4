"""Whether a file is sent, in whole, in part or not at all: the conditions of RFC 9110 §13 and ranges of §14.

Knows request fields and validators. Knows neither files nor how an answer is written.
"""

from collections.abc import Callable
from typing import NamedTuple

from muntin.http_core.headers import (
    ANY,
    ByteRange,
    is_strong_match,
    is_weak_match,
    parse_date,
    parse_etag,
    parse_etags,
    parse_ranges,
    resolve_ranges,
)
from muntin.static._representation import Representation

Field = Callable[[str], "str | None"]
"""Gives a request field's value by its name in lower case, several lines joined with commas; None if it is absent."""


class Outcome(NamedTuple):
    """What is to be sent: a status out of 200, 206, 304, 412 and 416, and with 206 the ranges."""

    status: int
    ranges: tuple[ByteRange, ...] = ()


WHOLE = Outcome(200)


def decide(method: str, field: Field, chosen: Representation) -> Outcome:
    """Evaluate the preconditions in the order of RFC 9110 §13.2.2, then the range.

    Fields that cannot be understood are ignored, except If-Match: who sends that wants the answer only if it is sure.
    """
    # Steps 1 and 2: is this still the representation that the client knows?
    if (text := field("if-match")) is not None:
        tags = parse_etags(text)
        if tags is None or not (tags == (ANY,) or any(is_strong_match(tag, chosen.etag) for tag in tags)):
            return Outcome(412)
    elif (since := _seconds(field("if-unmodified-since"))) is not None and not _is_unmodified(chosen, since):
        return Outcome(412)
    # Steps 3 and 4: does the client have it already?
    if (text := field("if-none-match")) is not None:
        tags = parse_etags(text)
        if tags is not None and (tags == (ANY,) or any(is_weak_match(tag, chosen.etag) for tag in tags)):
            return Outcome(304)
    elif (since := _seconds(field("if-modified-since"))) is not None and _is_unmodified(chosen, since):
        return Outcome(304)
    # Step 5: only a part of it? Range has no meaning for other methods than GET (§14.2).
    if method == "GET" and (text := field("range")) is not None and _is_same(field("if-range"), chosen):
        return _partition(text, chosen)
    return WHOLE


def _partition(text: str, chosen: Representation) -> Outcome:
    wanted = parse_ranges(text)
    if wanted is None:
        return WHOLE
    ranges = resolve_ranges(wanted, chosen.size)
    if len(ranges) > 1 and chosen.about.coding:
        # Content-Encoding beside multipart/byteranges would claim that the multipart body itself is coded.
        return WHOLE
    return Outcome(206, ranges) if ranges else Outcome(416)


def _is_same(if_range: str | None, chosen: Representation) -> bool:
    """If-Range (§13.1.5): the tag compares strongly, a date only exactly."""
    if if_range is None:
        return True
    tag = parse_etag(if_range)
    if tag is not None:
        return is_strong_match(tag, chosen.etag)
    since = _seconds(if_range)
    return since is not None and since == chosen.last_modified


def _is_unmodified(chosen: Representation, since: int) -> bool:
    return chosen.last_modified is not None and chosen.last_modified <= since


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    moment = parse_date(text)
    return None if moment is None else int(moment.timestamp())
