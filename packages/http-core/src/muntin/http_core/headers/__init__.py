"""Header families: what the values of fields mean, each with its `parse_x` and `format_x`.

Every parser takes a field's value as `str`, decoded as latin-1, takes time linear in its length, and has a
cap on its items. None of them raises for anything that came from the wire.
"""

from muntin.http_core.headers.cookies import MAX_COOKIES, format_cookies, format_set_cookie, parse_cookies
from muntin.http_core.headers.dates import format_date, parse_date
from muntin.http_core.headers.disposition import (
    MAX_DISPOSITION_PARAMETERS,
    Disposition,
    format_disposition,
    parse_disposition,
)
from muntin.http_core.headers.etags import (
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
from muntin.http_core.headers.filenames import MAX_FILENAME, sanitize_filename
from muntin.http_core.headers.media import (
    MAX_MEDIA_PARAMETERS,
    MediaType,
    format_media_type,
    parse_media_type,
)
from muntin.http_core.headers.ranges import (
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
    "MAX_COOKIES",
    "MAX_DISPOSITION_PARAMETERS",
    "MAX_ETAGS",
    "MAX_FILENAME",
    "MAX_MEDIA_PARAMETERS",
    "MAX_RANGES",
    "ByteRange",
    "ContentRange",
    "Disposition",
    "ETag",
    "MediaType",
    "RangeSpec",
    "format_content_range",
    "format_cookies",
    "format_date",
    "format_disposition",
    "format_etag",
    "format_etags",
    "format_media_type",
    "format_ranges",
    "format_set_cookie",
    "format_unsatisfied_range",
    "is_strong_match",
    "is_weak_match",
    "parse_content_range",
    "parse_cookies",
    "parse_date",
    "parse_disposition",
    "parse_etag",
    "parse_etags",
    "parse_media_type",
    "parse_ranges",
    "resolve_ranges",
    "sanitize_filename",
]
