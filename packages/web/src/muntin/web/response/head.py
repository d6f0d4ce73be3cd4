"""The head of a response while it is being described: status, fields, cookies.

Most responses never have a mapping of fields: their one Content-Type is kept as text, and the mapping is made for
those who ask for it. It does not know how a response is sent.
"""

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

from multidict import CIMultiDict

from muntin.http_core import FieldBlock, HeadFields, forbids_body, reason_of
from muntin.http_core import headers as families
from muntin.http_core.headers.dates import format_date, parse_date
from muntin.http_core.headers.media import MediaType, format_media_type, parse_media_type
from muntin.http_core.tokens import TOKEN
from muntin.web.keys import ResponseKey
from muntin.web.legacy import warn_older
from muntin.web.response.cookies import ResponseCookies, SetCookie
from muntin.web.response.headers import CheckedHeaders, check_fields
from muntin.web.storage import Storage

__all__ = ["OCTET_STREAM", "SERVER", "SERVER_FIELD", "ResponseFields", "checked_reason", "checked_status"]
__all__ += ["format_content_type", "read_media_type"]

SERVER: Final = "muntin/0.1"
SERVER_FIELD: Final = ("Server", SERVER)
OCTET_STREAM: Final = "application/octet-stream"
_ESSENCE: Final = re.compile(f"{TOKEN}/{TOKEN}")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def checked_status(status: int) -> int:
    """Give a status code as a plain number.

    Raises:
        ValueError: it is not one of an answer.
    """
    code = int(status)
    if not (200 <= code <= 999 or code == 101):
        raise ValueError(f"a response cannot have the status {status!r}")
    return code


def checked_reason(reason: str | None) -> str | None:
    """Give a reason phrase.

    Raises:
        ValueError: it has a control character.
    """
    if reason is not None and _CONTROL.search(reason):
        raise ValueError(f"a reason cannot contain control characters, \\r or \\n: {reason!r}")
    return reason


@lru_cache(64)
def read_media_type(field: str) -> MediaType:
    """Give what a Content-Type of our own says."""
    return parse_media_type(field) or MediaType("application", "octet-stream")


@lru_cache(64)
def format_content_type(essence: str, charset: str | None) -> str:
    """Give a Content-Type.

    Raises:
        ValueError: not a type and a subtype, or no charset.
    """
    if ";" in essence:
        raise ValueError("charset must not be in content_type: give it as charset")
    if not _ESSENCE.fullmatch(essence):
        raise ValueError(f"not a type and a subtype: {essence!r}")
    if charset is None:
        return essence
    return essence + format_media_type(MediaType("a", "b", (("charset", charset),)))[3:]


@lru_cache(64)
def _describe_plainly(content_type: str) -> HeadFields:
    return FieldBlock((("Content-Type", content_type), SERVER_FIELD))


class ResponseFields(Storage):
    """What the head of a response says, changeable until it is sent; what `StreamResponse` is made of.

    Its attributes are set by `StreamResponse`, in one place: one call for each layer would cost more than the rest.
    """

    # Response is a base of exceptions, whose layout leaves no room for slots: instances have a dictionary.

    _key_type = ResponseKey

    _status: int
    _reason: str | None
    _content_type: str | None
    """The Content-Type field, while there is no mapping."""
    _headers: CIMultiDict[str] | None
    _cookies: ResponseCookies | None
    _stored: dict[Any, Any] | None

    def _open_storage(self) -> dict[Any, Any]:
        stored = self._stored
        if stored is None:
            stored = self._stored = {}
        return stored

    # Status

    @property
    def status(self) -> int:
        """The status code."""
        return self._status

    @property
    def reason(self) -> str:
        """The reason phrase."""
        return reason_of(self._status) if self._reason is None else self._reason

    @property
    def message(self) -> str:
        """The reason phrase, by its oldest name."""
        warn_older("response.message", "response.reason")
        return self.reason

    def set_status(self, status: int, reason: str | None = None) -> None:
        """Set the status code, and the reason phrase: the registered one for None.

        Raises:
            ValueError: not a status of an answer, or a reason with control characters.
        """
        self._status = checked_status(status)
        self._reason = checked_reason(reason)

    # Fields

    @property
    def headers(self) -> CIMultiDict[str]:
        """The fields by name, in any case; what is changed after `prepare` is not sent.

        Putting there what is no text is a TypeError that names the field, and what would break the head a ValueError.
        """
        headers = self._headers
        if headers is None:
            headers = self._headers = CheckedHeaders()
            if self._content_type is not None:
                headers["Content-Type"] = self._content_type
        return headers

    def _content_type_field(self) -> str | None:
        return self._content_type if self._headers is None else self._headers.get("Content-Type")

    def _set_content_type_field(self, field: str) -> None:
        if self._headers is None:
            self._content_type = field
        else:
            self._headers["Content-Type"] = field

    def _media_type(self) -> MediaType:
        return read_media_type(self._content_type_field() or OCTET_STREAM)

    @property
    def content_type(self) -> str:
        """Type and subtype of the body. Assigning keeps the parameters, such as the charset.

        Raises:
            ValueError: assigned something else than a type and a subtype.
        """
        return self._media_type().essence

    @content_type.setter
    def content_type(self, value: str) -> None:
        if not _ESSENCE.fullmatch(value):
            raise ValueError(f"not a type and a subtype: {value!r}")
        kind, _, subtype = str(value).partition("/")
        self._set_content_type_field(
            format_media_type(MediaType(kind, subtype, self._media_type().parameters))
        )

    @property
    def charset(self) -> str | None:
        """The charset of the body; None for none.

        Raises:
            RuntimeError: assigned while the body is of no particular type.
        """
        return self._media_type().charset

    @charset.setter
    def charset(self, value: str | None) -> None:
        media = self._media_type()
        if media.essence == OCTET_STREAM:
            raise RuntimeError(
                "a charset makes no sense for application/octet-stream: set content_type first"
            )
        parameters = tuple(pair for pair in media.parameters if pair[0] != "charset")
        if value is not None:
            parameters += (("charset", str(value).lower()),)
        self._set_content_type_field(format_media_type(MediaType(media.type, media.subtype, parameters)))

    @property
    def content_length(self) -> int | None:
        """The length of the body in bytes, told beforehand; None for unknown."""
        declared = self._headers and self._headers.get("Content-Length")
        return int(declared) if declared and declared.isascii() and declared.isdigit() else None

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        if value is None:
            self.headers.pop("Content-Length", None)
        elif int(value) < 0:
            raise ValueError(f"not a length: {value!r}")
        else:
            self.headers["Content-Length"] = str(int(value))

    @property
    def last_modified(self) -> datetime | None:
        """The date in Last-Modified; may be assigned as a time, as seconds since the epoch, or as a field value."""
        value = self._headers and self._headers.get("Last-Modified")
        return parse_date(value) if value else None

    @last_modified.setter
    def last_modified(self, value: date | float | str | None) -> None:
        if value is None:
            self.headers.pop("Last-Modified", None)
        else:
            self.headers["Last-Modified"] = _format_modified(value)

    @property
    def etag(self) -> "families.etags.ETag | None":
        """The entity tag; may be assigned as an `ETag` or as the text of a strong one, without its quotes.

        Raises:
            ValueError: assigned what no tag can be.
        """
        value = self._headers and self._headers.get("ETag")
        return families.etags.parse_etag(value) if value else None

    @etag.setter
    def etag(self, value: "families.etags.ETag | str | None") -> None:
        if value is None:
            self.headers.pop("ETag", None)
        elif isinstance(value, str):
            self.headers["ETag"] = families.etags.format_etag(families.etags.ETag(value))
        elif isinstance(value, families.etags.ETag):
            self.headers["ETag"] = families.etags.format_etag(value)
        else:
            raise ValueError(f"not an entity tag: {value!r}")

    # Cookies

    @property
    def cookies(self) -> Mapping[str, SetCookie]:
        """The cookies to set, by name, as they are now."""
        return (self._cookies or ResponseCookies()).by_name()

    def set_cookie(
        self,
        name: str,
        value: str,
        *,
        expires: float | str | None = None,
        domain: str | None = None,
        max_age: float | str | None = None,
        path: str | None = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        version: str | None = None,
        samesite: str | None = None,
        partitioned: bool | None = None,
    ) -> None:
        """Set a cookie, replacing one of the same name, domain, path and `partitioned`.

        Args:
            name: a token.
            value: text without control characters; what a cookie cannot hold is quoted and escaped. A number, or
                whatever else, is taken by its `str()`.
            expires: seconds since the epoch, rounded up, or a date as a field shows it.
            domain: the hosts it goes to; None for this one only.
            max_age: seconds to keep it, rounded up: only 0 and less remove it.
            path: the path below which it is sent.
            secure: over TLS only.
            httponly: not for scripts.
            version: of RFC 2109; no browser knows it, and it is not sent.
            samesite: "Strict", "Lax" or "None".
            partitioned: kept apart for each top-level site (CHIPS); needs `secure`.

        Raises:
            ValueError: a character that may not be there, or a combination that browsers refuse.
        """
        if self._cookies is None:
            self._cookies = ResponseCookies()
        attributes = {
            "domain": domain,
            "path": path,
            "expires": expires if expires is None or isinstance(expires, str) else _round_up(expires),
            "max_age": None if max_age is None else _round_up(max_age),
            "secure": bool(secure),
            "httponly": bool(httponly),
            "samesite": samesite,
            "partitioned": bool(partitioned),
        }
        self._cookies.set(name, str(value), attributes)

    def del_cookie(
        self,
        name: str,
        *,
        domain: str | None = None,
        path: str | None = "/",
        secure: bool | None = None,
        httponly: bool | None = None,
        version: str | None = None,
        samesite: str | None = None,
        partitioned: bool | None = None,
    ) -> None:
        """Let the browser drop a cookie.

        Domain, path and `partitioned` must be those that it was set with, since a browser tells cookies apart by them;
        the others where it would not take the field without (``SameSite=None`` and ``__Host-`` names need `secure`).

        Raises:
            ValueError: as `set_cookie`.
        """
        self.set_cookie(
            name,
            "",
            expires=0,
            max_age=0,
            domain=domain,
            path=path,
            secure=secure,
            httponly=httponly,
            version=version,
            samesite=samesite,
            partitioned=partitioned,
        )

    # On the way out

    def _has_content(self) -> bool:
        """Tell whether there may be a body, whose type has to be told (RFC 9110 §8.3)."""
        return not forbids_body(self._status) and self.content_length != 0

    def _put_defaults(self) -> None:
        """Put into the mapping what would be sent anyway, for signals to see and change."""
        headers = self.headers
        if self._has_content():
            headers.setdefault("Content-Type", OCTET_STREAM)
        headers.setdefault("Date", format_date(time.time()))
        headers.setdefault("Server", SERVER)

    def _fields_to_send(self) -> HeadFields:
        headers = self._headers
        if headers is None and self._cookies is None and self._content_type is not None:
            return _describe_plainly(self._content_type)
        return self._all_fields(headers)

    def _all_fields(self, headers: CIMultiDict[str] | None) -> HeadFields:
        fields: list[tuple[str, str]] = [] if headers is None else list(headers.items())
        if headers is None or "Content-Type" not in headers:
            content_type = self._content_type if headers is None else None
            if content_type is not None or self._has_content():
                fields.append(("Content-Type", content_type or OCTET_STREAM))
        if headers is None or "Server" not in headers:
            fields.append(SERVER_FIELD)
        fields += [("Set-Cookie", cookie.field) for cookie in self._cookies or ()]
        return fields


def _round_up(seconds: float | str) -> int:
    """Return whole seconds, no less than are told: what lasts for less than a second is not over yet.

    Raises:
        ValueError: not a finite number.
    """
    try:
        return math.ceil(float(seconds) if isinstance(seconds, str) else seconds)
    except (OverflowError, ValueError):
        raise ValueError(f"not a number of seconds: {seconds!r}") from None


def _format_modified(value: date | float | str) -> str:
    """Give Last-Modified for a time in any of the forms that the property takes."""
    if isinstance(value, str):
        check_fields([("Last-Modified", value)])
        return value
    if isinstance(value, date):
        if not isinstance(value, datetime):
            value = datetime(value.year, value.month, value.day)
        if value.tzinfo is None:
            value = value.replace(tzinfo=UTC)
        value = value.timestamp()
    # Rounded up: the thing did not change after this second.
    return format_date(-(-value // 1))
