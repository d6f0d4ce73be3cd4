"""3xx: the resource is elsewhere, or the client has it already (RFC 9110 §15.4)."""

from typing import Any

from yarl import URL

from muntin.web.response.exceptions._base import HTTPRedirection
from muntin.web.response.headers import LooseHeaders

__all__ = [
    "HTTPFound",
    "HTTPMove",
    "HTTPMovedPermanently",
    "HTTPMultipleChoices",
    "HTTPNotModified",
    "HTTPPermanentRedirect",
    "HTTPSeeOther",
    "HTTPTemporaryRedirect",
    "HTTPUseProxy",
    "StrOrURL",
    "format_location",
]


StrOrURL = str | URL
"""A location: as text, or as a URL."""


class HTTPMove(HTTPRedirection):
    """A redirection that has a Location.

    Args:
        location: of the resource; percent-encoded where it has to be.
        headers, reason, body, text, content_type: as `HTTPException`.

    Raises:
        ValueError: the location is empty, or has a control character.
        TypeError: it is neither text nor a URL.
    """

    def __init__(
        self,
        location: StrOrURL,
        *,
        headers: LooseHeaders | None = None,
        reason: str | None = None,
        body: Any = None,
        text: str | None = None,
        content_type: str | None = None,
    ) -> None:
        field = format_location(location) if location else ""
        if not field:
            raise ValueError("a redirection needs a location")
        super().__init__(headers=headers, reason=reason, body=body, text=text, content_type=content_type)
        self._location = location
        self.headers["Location"] = field

    @property
    def location(self) -> StrOrURL:
        """The location that was passed."""
        return self._location


def format_location(location: StrOrURL) -> str:
    """Return the value of a Location field, percent-encoded.

    Raises:
        ValueError: it has a control character: encoded, it would lead elsewhere than was meant.
        TypeError: it is neither text nor a URL.
    """
    text = str(location)
    if not text.isprintable() and any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise ValueError(f"a location cannot have control characters: {text!r}")
    return text if isinstance(location, URL) else str(URL(location))


class HTTPMultipleChoices(HTTPMove):
    """300: there are several representations; the location is that of the preferred one."""

    status_code = 300


class HTTPMovedPermanently(HTTPMove):
    """301: the resource has moved for good; a POST may become a GET."""

    status_code = 301


class HTTPFound(HTTPMove):
    """302: the resource is elsewhere for now; a POST may become a GET."""

    status_code = 302


class HTTPSeeOther(HTTPMove):
    """303: the response is elsewhere, to be fetched by GET."""

    status_code = 303


class HTTPNotModified(HTTPRedirection):
    """304: what the client has stored is still valid."""

    status_code = 304
    empty_body = True


class HTTPUseProxy(HTTPMove):
    """305: deprecated by RFC 9110 §15.4.6."""

    status_code = 305


class HTTPTemporaryRedirect(HTTPMove):
    """307: the resource is elsewhere for now; the method stays."""

    status_code = 307


class HTTPPermanentRedirect(HTTPMove):
    """308: the resource has moved for good; the method stays."""

    status_code = 308
