"""Trailer sections (RFC 9110 §6.5, RFC 9112 §7.1.2): which fields they must not have, and reading them."""

from typing import Final

from muntin.http_core._events import RawFields
from muntin.http_core._grammar import FIELD_LINE, FIELD_SECTION
from muntin.http_core._limits import Limits
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["FORBIDDEN_TRAILERS", "parse_trailers"]

# RFC 9110 §6.5.1: fields that frame, route, authenticate, modify the request or describe the content come too late in a
# trailer; a recipient that merged one into the head would be deceived.
FORBIDDEN_TRAILERS: Final = frozenset(
    {
        b"authorization",
        b"cache-control",
        b"connection",
        b"content-encoding",
        b"content-length",
        b"content-location",
        b"content-range",
        b"content-type",
        b"cookie",
        b"date",
        b"expect",
        b"expires",
        b"forwarded",
        b"host",
        b"if-match",
        b"if-modified-since",
        b"if-none-match",
        b"if-range",
        b"if-unmodified-since",
        b"keep-alive",
        b"location",
        b"max-forwards",
        b"pragma",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"range",
        b"retry-after",
        b"set-cookie",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"vary",
        b"via",
        b"warning",
        b"www-authenticate",
        b"x-forwarded-for",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
        b"x-forwarded-proto",
    }
)


def parse_trailers(section: bytes, limits: Limits) -> RawFields:
    """Parse trailer lines and the empty line after them.

    Raises:
        RemoteProtocolError: 431 if there are too many, 400 if one is malformed or forbidden.
    """
    if section.count(b"\n") - 1 > limits.trailer_count:
        raise RemoteProtocolError(431, "too many trailers")
    match = FIELD_SECTION.match(section)
    if match is None or match.end() != len(section) - 2:
        raise RemoteProtocolError(400, "malformed trailer")
    trailers: RawFields = FIELD_LINE.findall(section)
    if not FORBIDDEN_TRAILERS.isdisjoint(name.lower() for name, _ in trailers):
        raise RemoteProtocolError(400, "forbidden trailer")
    return trailers
