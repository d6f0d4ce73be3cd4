"""Conditional requests: which precondition decides (RFC 9110 §13.2.2), and If-Range (§13.1.5).

This is the order of the fields and what each compares. The caller knows the tag and the date of the representation.
"""

from enum import Enum, auto
from typing import Final

from muntin.http_core.headers.dates import parse_date
from muntin.http_core.headers.etags import ANY, ETag, is_strong_match, is_weak_match, parse_etag, parse_etags

__all__ = ["Precondition", "evaluate_preconditions", "is_range_current"]

# These neither select nor change a representation (RFC 9110 §13.2.1).
_UNCONDITIONAL: Final = frozenset({"CONNECT", "OPTIONS", "TRACE"})
_SAFE_READS: Final = frozenset({"GET", "HEAD"})


class Precondition(Enum):
    """The result of the preconditions of a request."""

    PROCEED = auto()
    """Perform the method."""
    NOT_MODIFIED = auto()
    """Respond with 304: the representation that the client has is current."""
    PRECONDITION_FAILED = auto()
    """Respond with 412: the resource is not in the state that the client expects."""


def evaluate_preconditions(
    method: str,
    *,
    if_match: str | None = None,
    if_unmodified_since: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: str | None = None,
    etag: ETag | None = None,
    last_modified: float | None = None,
    exists: bool = True,
) -> Precondition:
    """Evaluate the preconditions of a request, in the order of RFC 9110 §13.2.2.

    Call it where the response without preconditions would be 2xx (§13.2.1). If-Range is step 5, and has a function of
    its own: `is_range_current`. A malformed list of tags lists no tag; a malformed date is no condition (§13.1.3,
    §13.1.4).

    Args:
        method: of the request.
        if_match, if_unmodified_since, if_none_match, if_modified_since: the values of the fields; None for one that
            is missing.
        etag: the current tag of the representation, if it has one.
        last_modified: the time when it was last modified, in seconds since the epoch, if that is known.
        exists: False if there is no current representation.
    """
    if method in _UNCONDITIONAL:
        return Precondition.PROCEED
    # 1. If-Match
    if if_match is not None:
        if not _lists(if_match, etag, exists=exists, is_strong=True):
            return Precondition.PRECONDITION_FAILED
    # 2. If-Unmodified-Since, only without If-Match
    elif if_unmodified_since is not None and _is_since(last_modified, if_unmodified_since):
        return Precondition.PRECONDITION_FAILED
    # 3. If-None-Match
    if if_none_match is not None:
        if _lists(if_none_match, etag, exists=exists, is_strong=False):
            return Precondition.NOT_MODIFIED if method in _SAFE_READS else Precondition.PRECONDITION_FAILED
    # 4. If-Modified-Since, only without If-None-Match and for GET and HEAD
    elif (
        if_modified_since is not None
        and method in _SAFE_READS
        and _is_since(last_modified, if_modified_since) is False
    ):
        return Precondition.NOT_MODIFIED
    # 5. Range with If-Range: see is_range_current. 6. Otherwise:
    return Precondition.PROCEED


def is_range_current(
    if_range: str | None,
    *,
    etag: ETag | None = None,
    last_modified: float | None = None,
    now: float | None = None,
) -> bool:
    """Return True if Range applies, by the If-Range beside it (RFC 9110 §13.1.5); if not, everything is to be sent.

    Both validators have to be strong: a weak tag never matches, and a date matches only exactly.

    Args:
        if_range: the value of the field; if it is None, Range applies.
        etag: the current tag of the representation, if it has one.
        last_modified: the time when it was last modified, in seconds since the epoch, if that is known.
        now: the time of the response. A date less than a second older is weak (§8.8.2.2): there may have been two
            changes in that second. If None, this is not checked.
    """
    if if_range is None:
        return True
    tag = parse_etag(if_range)
    if tag is not None:
        return etag is not None and is_strong_match(tag, etag)
    date = parse_date(if_range)
    if date is None or last_modified is None or (now is not None and last_modified > now - 1):
        return False
    return date.timestamp() == last_modified // 1


def _lists(text: str, etag: ETag | None, *, exists: bool, is_strong: bool) -> bool:
    """Return True if a list of tags has the current one; a star has any (RFC 9110 §13.1.1, §13.1.2)."""
    tags = parse_etags(text) or ()
    if tags == (ANY,):
        return exists
    match = is_strong_match if is_strong else is_weak_match
    return exists and etag is not None and any(match(tag, etag) for tag in tags)


def _is_since(last_modified: float | None, text: str) -> bool | None:
    """Return True if the representation was modified after a date; None if one of both is unknown."""
    date = parse_date(text)
    if date is None or last_modified is None:
        return None
    # Fields have whole seconds: with its fraction, every file would be younger than its own Last-Modified.
    return last_modified // 1 > date.timestamp()
