"""Header families: what the values of fields mean, each with its `parse_x` and `format_x`.

Every parser takes a field's value as `str`, decoded as latin-1, takes time linear in its length, and has a
cap on its items. None of them raises for anything that came from the wire.
"""

from .dates import format_date, parse_date
from .etags import (
    ANY,
    MAX_ETAGS,
    ETag,
    format_etag,
    format_etags,
    is_strong_match,
    is_weak_match,
    parse_etag,
    parse_etags,
)
from .ranges import (
    COALESCED_GAP,
    MAX_RANGES,
    ByteRange,
    ContentRange,
    RangeSpec,
    format_content_range,
    format_ranges,
    format_unsatisfied_range,
    parse_content_range,
    parse_ranges,
    resolve_ranges,
)

__all__ = [
    "ANY",
    "COALESCED_GAP",
    "MAX_ETAGS",
    "MAX_RANGES",
    "ByteRange",
    "ContentRange",
    "ETag",
    "RangeSpec",
    "format_content_range",
    "format_date",
    "format_etag",
    "format_etags",
    "format_ranges",
    "format_unsatisfied_range",
    "is_strong_match",
    "is_weak_match",
    "parse_content_range",
    "parse_date",
    "parse_etag",
    "parse_etags",
    "parse_ranges",
    "resolve_ranges",
]
