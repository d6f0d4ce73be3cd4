"""The head of a response while it may change: status, reason, fields and cookies.

It knows nothing of bodies, and does not send. Most responses never have a mapping of fields: a `Preset` says what
they state, and the mapping is made when it is first asked for.
"""

import math
import re
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from multidict import CIMultiDict

from muntin.http_core import HeadFields, ResponseHead, forbids_body, reason_of
from muntin.http_core import headers as families
from muntin.http_core.headers.dates import format_date, parse_date
from muntin.http_core.headers.media import MediaType, format_media_type
from muntin.runner import Exchange
from muntin.web.keys import ResponseKey
from muntin.web.legacy import warn_older
from muntin.web.response.content_type import OCTET_STREAM, read_media_type, require_media_type
from muntin.web.response.cookies import ResponseCookies, SetCookie
from muntin.web.response.headers import CheckedHeaders, LooseHeaders, check_fields
from muntin.web.response.preset import SERVER, SERVER_FIELD, Preset, preset_of_field
from muntin.web.storage import Storage

__all__ = ["MutableHead"]

_CONTROL: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


class MutableHead(Storage):
    """Status, reason, fields and cookies of a response; and a mapping for handlers, middlewares and signals.

    Args:
        status: the status code.
        reason: the reason phrase; None for the registered one.
        headers: fields, as a mapping, a multidict or pairs.

    Raises:
        ValueError: the status is not one of a response, or a reason or a field has a character that it may not have.
        TypeError: the name or the value of a field is not a str.
    """

    # HTTPException is a subclass, and the layout of exceptions leaves no room for slots: instances have a dictionary.

    _key_type = ResponseKey

    def __init__(self, status: int, reason: str | None, headers: LooseHeaders | None) -> None:
        self._status = status if status.__class__ is int and 200 <= status <= 999 else _check_status(status)
        self._reason = reason if reason is None else _check_reason(reason)
        self._preset: Preset | None = None
        """The fields, while there is no mapping."""
        self._headers: CIMultiDict[str] | None = None if headers is None else CheckedHeaders(headers)
        self._cookies: ResponseCookies | None = None
        self._stored: dict[Any, Any] | None = None
        self._exchange: Exchange | None = None
        """The exchange that it was sent to; None while it may change."""

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
            ValueError: not a status of a response, or a reason with control characters.
            RuntimeError: the head was sent.
        """
        if self._exchange is not None:
            raise RuntimeError("the status was sent: set it before prepare()")
        self._status = _check_status(status)
        self._reason = _check_reason(reason)

    # HeadFields

    @property
    def headers(self) -> CIMultiDict[str]:
        """The fields by name, in any case; what is changed after `prepare` is not sent.

        Assigning a value that is not a str raises a TypeError, one that would break the head a ValueError.
        """
        headers = self._headers
        if headers is None:
            preset = self._preset
            headers = self._headers = CheckedHeaders(() if preset is None else preset.fields)
        return headers

    def _field(self, name: str) -> str | None:
        """Return the value of a field by its name in the usual case, without making the mapping."""
        if self._headers is not None:
            return self._headers.get(name)
        return None if self._preset is None else self._preset.get(name)

    def _set_content_type_field(self, field: str) -> None:
        if self._headers is None and self._preset is None:
            self._preset = preset_of_field(field)
        else:
            self.headers["Content-Type"] = field

    def _media_type(self) -> MediaType:
        return read_media_type(self._field("Content-Type") or OCTET_STREAM)

    @property
    def content_type(self) -> str:
        """Type and subtype of the body. A type that is assigned without parameters keeps those that are there, such as
        the charset; one with parameters (``text/plain; version=1.0.0; charset=utf-8``) replaces them.

        Raises:
            ValueError: assigned something else than a type and a subtype, with or without parameters.
        """
        return self._media_type().essence

    @content_type.setter
    def content_type(self, value: str) -> None:
        media = require_media_type(str(value))
        parameters = media.parameters or self._media_type().parameters
        self._set_content_type_field(format_media_type(MediaType(media.type, media.subtype, parameters)))

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
        """The length of the body in bytes, as Content-Length declares it; None for unknown."""
        declared = self._field("Content-Length")
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
        value = self._field("Last-Modified")
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
            ValueError: assigned something that cannot be a tag.
        """
        value = self._field("ETag")
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

    # What is sent

    def _may_have_content(self) -> bool:
        """Return whether there may be a body, whose type is to be stated then (RFC 9110 §8.3)."""
        return not forbids_body(self._status) and self.content_length != 0

    def _put_defaults(self) -> None:
        """Put into the mapping what would be sent anyway, for signals to see and to change."""
        headers = self.headers
        if self._may_have_content():
            headers.setdefault("Content-Type", OCTET_STREAM)
        headers.setdefault("Date", format_date(time.time()))
        headers.setdefault("Server", SERVER)

    def _whole_head(self) -> ResponseHead:
        """Return the head to send with a body whose length the exchange states."""
        preset = self._preset
        if preset is not None and self._headers is None and self._cookies is None and self._reason is None:
            return preset.heads[self._status]
        return ResponseHead(self._status, self._all_fields(), self._reason)

    def _all_fields(self) -> HeadFields:
        """Return the fields to send, a declared length included."""
        headers = self._headers
        if headers is not None:
            fields = list(headers.items())
        else:
            fields = [] if self._preset is None else list(self._preset.fields)
        if self._field("Content-Type") is None and self._may_have_content():
            fields.append(("Content-Type", OCTET_STREAM))
        if self._field("Server") is None:
            fields.append(SERVER_FIELD)
        fields += [("Set-Cookie", cookie.field) for cookie in self._cookies or ()]
        return fields


def _check_status(status: int) -> int:
    """Return a status code as a plain number.

    Raises:
        ValueError: it is not one of a response.
    """
    code = int(status)
    if not (200 <= code <= 999 or code == 101):
        raise ValueError(f"a response cannot have the status {status!r}")
    return code


def _check_reason(reason: str | None) -> str | None:
    """Return a reason phrase.

    Raises:
        ValueError: it has a control character.
    """
    if reason is not None and _CONTROL.search(reason):
        raise ValueError(f"a reason cannot contain control characters, \\r or \\n: {reason!r}")
    return reason


def _round_up(seconds: float | str) -> int:
    """Return whole seconds, rounded up: what lasts for less than a second is not over yet.

    Raises:
        ValueError: not a finite number.
    """
    try:
        return math.ceil(float(seconds) if isinstance(seconds, str) else seconds)
    except (OverflowError, ValueError):
        raise ValueError(f"not a number of seconds: {seconds!r}") from None


def _format_modified(value: date | float | str) -> str:
    """Return the value of Last-Modified for a time in any of the forms that the property takes."""
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
