"""Header families: what the values of fields mean, each with its `parse_x` and `format_x`.

Every parser takes a field's value as `str`, decoded as latin-1, takes time linear in its length, and has a
cap on its items. None of them raises for anything that came from the wire.
"""

from typing import TYPE_CHECKING, Final

from muntin.http_core import _door

if TYPE_CHECKING:
    from muntin.http_core.headers.accept import (
        MAX_PREFERENCES,
        Preference,
        format_qualities,
        negotiate_charset,
        negotiate_encoding,
        negotiate_language,
        negotiate_media_type,
        parse_qualities,
    )
    from muntin.http_core.headers.authorization import (
        Authorization,
        BasicCredentials,
        format_basic,
        format_basic_challenge,
        parse_authorization,
        parse_basic,
    )
    from muntin.http_core.headers.cache_control import (
        MAX_DIRECTIVES,
        CacheControl,
        format_cache_control,
        parse_cache_control,
    )
    from muntin.http_core.headers.conditions import Precondition, evaluate_preconditions, is_range_current
    from muntin.http_core.headers.cookies import MAX_COOKIES, format_cookies, format_set_cookie, parse_cookies
    from muntin.http_core.headers.dates import format_date, parse_date
    from muntin.http_core.headers.disposition import (
        MAX_DISPOSITION_PARAMETERS,
        Disposition,
        format_disposition,
        format_raw_disposition,
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
    from muntin.http_core.headers.forwarded import (
        MAX_HOPS,
        ForwardedElement,
        Node,
        format_forwarded,
        format_node,
        parse_forwarded,
        parse_node,
        parse_x_forwarded_for,
        parse_x_forwarded_host,
        parse_x_forwarded_port,
        parse_x_forwarded_prefix,
        parse_x_forwarded_proto,
        walk_forwarded,
        walk_x_forwarded,
    )
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

_HOMES: Final = {
    "muntin.http_core.headers.accept": (
        "MAX_PREFERENCES Preference format_qualities negotiate_charset negotiate_encoding "
        "negotiate_language negotiate_media_type parse_qualities"
    ),
    "muntin.http_core.headers.authorization": (
        "Authorization BasicCredentials format_basic format_basic_challenge parse_authorization parse_basic"
    ),
    "muntin.http_core.headers.cache_control": "MAX_DIRECTIVES CacheControl format_cache_control parse_cache_control",
    "muntin.http_core.headers.conditions": "Precondition evaluate_preconditions is_range_current",
    "muntin.http_core.headers.cookies": "MAX_COOKIES format_cookies format_set_cookie parse_cookies",
    "muntin.http_core.headers.dates": "format_date parse_date",
    "muntin.http_core.headers.disposition": (
        "MAX_DISPOSITION_PARAMETERS Disposition format_disposition format_raw_disposition parse_disposition"
    ),
    "muntin.http_core.headers.etags": (
        "ANY MAX_ETAGS ETag format_etag format_etags is_strong_match is_weak_match parse_etag parse_etags"
    ),
    "muntin.http_core.headers.filenames": "MAX_FILENAME sanitize_filename",
    "muntin.http_core.headers.forwarded": (
        "MAX_HOPS ForwardedElement Node format_forwarded format_node parse_forwarded parse_node "
        "parse_x_forwarded_for parse_x_forwarded_host parse_x_forwarded_port "
        "parse_x_forwarded_prefix parse_x_forwarded_proto walk_forwarded walk_x_forwarded"
    ),
    "muntin.http_core.headers.media": "MAX_MEDIA_PARAMETERS MediaType format_media_type parse_media_type",
    "muntin.http_core.headers.ranges": (
        "COALESCED_GAP MAX_RANGES ByteRange ContentRange RangeSpec format_content_range "
        "format_ranges format_unsatisfied_range parse_content_range parse_ranges resolve_ranges"
    ),
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = _door.open_door(__name__, _HOMES)

__all__ = [
    "ANY",
    "COALESCED_GAP",
    "MAX_COOKIES",
    "MAX_DIRECTIVES",
    "MAX_DISPOSITION_PARAMETERS",
    "MAX_ETAGS",
    "MAX_FILENAME",
    "MAX_HOPS",
    "MAX_MEDIA_PARAMETERS",
    "MAX_PREFERENCES",
    "MAX_RANGES",
    "Authorization",
    "BasicCredentials",
    "ByteRange",
    "CacheControl",
    "ContentRange",
    "Disposition",
    "ETag",
    "ForwardedElement",
    "MediaType",
    "Node",
    "Precondition",
    "Preference",
    "RangeSpec",
    "evaluate_preconditions",
    "format_basic",
    "format_basic_challenge",
    "format_cache_control",
    "format_content_range",
    "format_cookies",
    "format_date",
    "format_disposition",
    "format_etag",
    "format_etags",
    "format_forwarded",
    "format_media_type",
    "format_node",
    "format_qualities",
    "format_ranges",
    "format_raw_disposition",
    "format_set_cookie",
    "format_unsatisfied_range",
    "is_range_current",
    "is_strong_match",
    "is_weak_match",
    "negotiate_charset",
    "negotiate_encoding",
    "negotiate_language",
    "negotiate_media_type",
    "parse_authorization",
    "parse_basic",
    "parse_cache_control",
    "parse_content_range",
    "parse_cookies",
    "parse_date",
    "parse_disposition",
    "parse_etag",
    "parse_etags",
    "parse_forwarded",
    "parse_media_type",
    "parse_node",
    "parse_qualities",
    "parse_ranges",
    "parse_x_forwarded_for",
    "parse_x_forwarded_host",
    "parse_x_forwarded_port",
    "parse_x_forwarded_prefix",
    "parse_x_forwarded_proto",
    "resolve_ranges",
    "sanitize_filename",
    "walk_forwarded",
    "walk_x_forwarded",
]
