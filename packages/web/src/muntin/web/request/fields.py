"""The head of a request, parsed: target, fields, and the meaning of known fields.

Each value is computed when it is first used, and most are kept.
"""

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict, MultiDictProxy
from yarl import URL

from muntin.http_core import FramingKind, HttpVersion, RawFields, RequestHead
from muntin.http_core import headers as families
from muntin.http_core.headers.dates import parse_date
from muntin.http_core.headers.media import MediaType, parse_media_type
from muntin.web.response.exceptions import HTTPBadRequest
from muntin.web.routing.target import Target, build_url, parse_target

__all__ = ["RequestFields", "decode_fields"]

_NO_QUERY: Final[MultiDictProxy[str]] = MultiDictProxy(MultiDict())
_NO_COOKIES: Final[Mapping[str, str]] = MappingProxyType({})
# RFC 9110 §8.3: without a Content-Type the recipient may guess, and we do not.
_NO_MEDIA_TYPE: Final = MediaType("application", "octet-stream")
# Clients choose these texts: only short ones are remembered, and not many (bytes).
_SHORT: Final = 64
_WHOLE: Final = slice(None, None, 1)


def decode_fields(raw: RawFields) -> CIMultiDictProxy[str]:
    """Decode field lines as UTF-8; other bytes become surrogates, which encode back to the same bytes."""
    return CIMultiDictProxy(
        CIMultiDict([(name.decode("ascii"), value.decode("utf-8", "surrogateescape")) for name, value in raw])
    )


def _read_long(raw: bytes) -> MediaType:
    """Parse a Content-Type; `application/octet-stream` for a malformed one."""
    return parse_media_type(raw.decode("latin-1")) or _NO_MEDIA_TYPE


_read_short: Final = lru_cache(128)(_read_long)


class RequestFields:
    """The head of a request, read; what `Request` is made of.

    Its attributes are set by `BaseRequest`, in one place: one call for each layer would cost more than all the rest.
    """

    __slots__ = ("_cookies", "_head", "_headers", "_media_type", "_query", "_rel_url", "_target", "method")

    method: str
    """The method as it was sent."""
    _head: RequestHead
    _target: Target | None
    _rel_url: URL | None
    _query: MultiDictProxy[str] | None
    _headers: CIMultiDictProxy[str] | None
    _media_type: MediaType | None
    _cookies: Mapping[str, str] | None

    @property
    def version(self) -> HttpVersion:
        """The protocol version of the peer."""
        return self._head.version

    # The target: one parse for all

    @property
    def target(self) -> Target:
        """Path and query as they were sent; routing, `path`, `rel_url` and `url` all come from it."""
        target = self._target
        if target is None:
            target = self._target = parse_target(self.method, self._head.target)
        return target

    @property
    def rel_url(self) -> URL:
        """Path and query; of a CONNECT, the authority.

        Raises:
            HTTPBadRequest: the host of a CONNECT cannot be read.
        """
        url = self._rel_url
        if url is None:
            try:
                url = self._rel_url = build_url(self.method, self.target)
            except ValueError:
                raise HTTPBadRequest(text="400: malformed request target") from None
        return url

    @property
    def path(self) -> str:
        """The path, percent-decoded: ``%2F`` cannot be told from a slash here."""
        path = self.target.path
        return path if "%" not in path else self.rel_url.path

    @property
    def raw_path(self) -> str:
        """Path and query exactly as they were sent."""
        sent = self._head.target
        return sent if sent.startswith("/") else self.path_qs

    @property
    def path_qs(self) -> str:
        """Path and query, percent-encoded; without the question mark of an empty query."""
        path, query = self.target
        return f"{path}?{query}" if query else path

    @property
    def query_string(self) -> str:
        """The query, percent-decoded."""
        return self.rel_url.query_string if self.target.query else ""

    @property
    def query(self) -> MultiDictProxy[str]:
        """The query's parameters in order."""
        parameters = self._query
        if parameters is None:
            sent = self._head.target
            # Of the usual form of a target, the query is cut here; `parse_target` knows the other forms.
            query = sent.partition("?")[2] if sent[:1] == "/" else self.target.query
            if not query:
                parameters = _NO_QUERY
            elif "%" in query or "+" in query:
                parameters = self.rel_url.query
            else:
                # Nothing to decode: cut as the URL would be, which takes far longer to make.
                found: MultiDict[str] = MultiDict()
                for pair in query.split("&"):
                    if pair:
                        name, _, value = pair.partition("=")
                        found.add(name, value)
                parameters = MultiDictProxy(found)
            self._query = parameters
        return parameters

    # The fields

    @property
    def raw_headers(self) -> RawFields:
        """All field lines as bytes, in order."""
        return self._head.fields

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """All field lines by name, in any case."""
        headers = self._headers
        if headers is None:
            headers = self._headers = CIMultiDictProxy(CIMultiDict(self._head.decode_fields()))
        return headers

    def get_lines(self, name: bytes) -> list[bytes]:
        """Return the values of all lines of a field (lower-case name) without building the mapping of all fields."""
        return self._head.get_all(name)

    def get_field(self, name: str) -> str | None:
        """Return all lines of a field, joined by commas (RFC 9110 §5.3), as latin-1; None without the field."""
        lines = self.get_lines(name.lower().encode("ascii"))
        return b", ".join(lines).decode("latin-1") if lines else None

    @property
    def media_type(self) -> MediaType:
        """The parsed Content-Type; ``application/octet-stream`` if it is missing or malformed, or has two values.

        A parameter that cannot be read is left out, see `muntin.http_core.headers.media.parse_media_type`.
        """
        media = self._media_type
        if media is None:
            lines = self._head.get_all(b"content-type")
            if len(lines) == 1 or len(set(lines)) == 1:
                raw = lines[0]
                media = _read_short(raw) if len(raw) <= _SHORT else _read_long(raw)
            else:
                media = _NO_MEDIA_TYPE
            self._media_type = media
        return media

    @property
    def _has_malformed_type(self) -> bool:
        """True if there is a Content-Type that is malformed or has two values."""
        return self.media_type is _NO_MEDIA_TYPE and bool(self.get_lines(b"content-type"))

    @property
    def content_type(self) -> str:
        """Type and subtype of the body, such as ``application/json``."""
        return self.media_type.essence

    @property
    def charset(self) -> str | None:
        """The charset that Content-Type names."""
        return self.media_type.charset

    @property
    def content_length(self) -> int | None:
        """The length of the body in bytes, where it was told beforehand."""
        kind, length = self._head.framing
        if kind is FramingKind.LENGTH:
            return length
        return 0 if kind is FramingKind.NONE and self.get_lines(b"content-length") else None

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies by name; of two with one name the last counts."""
        cookies = self._cookies
        if cookies is None:
            # RFC 6265 §5.4 allows one line; RFC 9113 §8.2.3 several, parted by semicolons.
            if self._headers is None:
                text = b"; ".join(self._head.get_all(b"cookie")).decode("utf-8", "surrogateescape")
            else:
                text = "; ".join(self._headers.getall("Cookie", ()))
            cookies = MappingProxyType(dict(families.cookies.parse_cookies(text))) if text else _NO_COOKIES
            self._cookies = cookies
        return cookies

    # Conditions (RFC 9110 §13) and ranges (§14)

    def _tags(self, name: str) -> "tuple[families.etags.ETag, ...] | None":
        text = self.get_field(name)
        return None if text is None else families.etags.parse_etags(text)

    def _date(self, name: bytes) -> datetime | None:
        lines = self.get_lines(name)
        return parse_date(lines[0].decode("latin-1")) if lines else None

    @property
    def if_match(self) -> "tuple[families.etags.ETag, ...] | None":
        """The tags of If-Match; ``(ETag("*"),)`` for any; None when missing or malformed."""
        return self._tags("if-match")

    @property
    def if_none_match(self) -> "tuple[families.etags.ETag, ...] | None":
        """The tags of If-None-Match, likewise."""
        return self._tags("if-none-match")

    @property
    def if_modified_since(self) -> datetime | None:
        """The date of If-Modified-Since, in UTC; None when missing or malformed."""
        return self._date(b"if-modified-since")

    @property
    def if_unmodified_since(self) -> datetime | None:
        """The date of If-Unmodified-Since, likewise."""
        return self._date(b"if-unmodified-since")

    @property
    def if_range(self) -> datetime | None:
        """The date of If-Range, likewise; None when it is an entity tag."""
        return self._date(b"if-range")

    @property
    def http_range(self) -> slice:
        """The one range that Range asks for, as a slice of the representation; the whole when there is none, or it
        is to be ignored: malformed (RFC 9110 §14.2), or several ranges at once.
        """
        text = self.get_field("range")
        ranges = None if text is None else families.ranges.parse_ranges(text)
        return _as_slice(ranges[0]) if ranges and len(ranges) == 1 else _WHOLE


def _as_slice(spec: "families.ranges.RangeSpec") -> slice:
    first, last = spec
    if first is None:
        return slice(-(last or 0), None, 1)
    return slice(first, None if last is None else last + 1, 1)
