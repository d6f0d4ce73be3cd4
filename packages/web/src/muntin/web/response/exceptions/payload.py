"""Errors in the body of a request, as responses."""

import asyncio
import json
from typing import Final

from muntin.http_core import ProtocolError
from muntin.web.response.exceptions import clients, servers
from muntin.web.response.exceptions._base import HTTPException

__all__ = [
    "IncompletePayload",
    "JSONPayloadError",
    "PayloadAccessError",
    "RequestPayloadError",
    "TextPayloadError",
    "UnknownCharset",
    "exception_of",
]


class RequestPayloadError(clients.HTTPBadRequest, ValueError):
    """The body is broken: its framing, its coding or its form. The response is 400 unless it is caught.

    It is a `ValueError`, as what decoding and parsing raise elsewhere.
    """


class PayloadAccessError(RuntimeError):
    """The body was read after the response was sent."""


_BY_STATUS: Final[dict[int, type[HTTPException]]] = {
    408: clients.HTTPRequestTimeout,
    411: clients.HTTPLengthRequired,
    414: clients.HTTPRequestURITooLong,
    415: clients.HTTPUnsupportedMediaType,
    431: clients.HTTPRequestHeaderFieldsTooLarge,
    501: servers.HTTPNotImplemented,
    505: servers.HTTPVersionNotSupported,
}


def exception_of(
    error: ProtocolError, max_size: int, *, malformed: type[HTTPException] = RequestPayloadError
) -> HTTPException:
    """Return the response to a request that breaks HTTP or a limit.

    Args:
        error: what the protocol or a decoder said.
        max_size: what a 413 states as the limit (bytes).
        malformed: the class of a 400; the default is for bodies.
    """
    if error.status == 413:
        return clients.HTTPRequestEntityTooLarge(max_size, text=f"413: {error.reason}")
    kind = _BY_STATUS.get(error.status, malformed)
    return kind(text=f"{error.status}: {error.reason}")


class JSONPayloadError(RequestPayloadError, json.JSONDecodeError):
    """A body is not JSON.

    Args:
        msg: what is wrong.
        pos: where, in characters.
    """

    def __init__(self, msg: str, pos: int) -> None:
        RequestPayloadError.__init__(self, text="400: malformed JSON")
        # What `json.JSONDecodeError` has, but for the document, which is the peer's and may be large.
        self.msg, self.pos, self.doc = msg, pos, ""
        self.lineno, self.colno = 1, pos + 1
        self.args = (f"{msg} (char {pos})",)


class TextPayloadError(RequestPayloadError, UnicodeDecodeError):  # type: ignore[override]
    """A body is not in its charset. Its `reason` is that of the response.

    Args:
        error: what decoding it raised.
    """

    def __init__(self, error: UnicodeDecodeError) -> None:
        RequestPayloadError.__init__(self, text="400: the body is not in its charset")
        # All but the bytes, which are the peer's and may be many.
        UnicodeDecodeError.__init__(self, error.encoding, b"", error.start, error.end, error.reason)
        self.args = (f"{error.encoding}: {error.reason} (byte {error.start})",)


class UnknownCharset(clients.HTTPUnsupportedMediaType, LookupError):
    """The charset of a body is not known here. The response is 415 unless it is caught."""


class IncompletePayload(RequestPayloadError, asyncio.IncompleteReadError):
    """A body ends before as much was received as was to be read.

    Args:
        partial: what was there.
        expected: how much was to be there (bytes).
    """

    def __init__(self, partial: bytes, expected: int) -> None:
        RequestPayloadError.__init__(self, text="400: the body ends too early")
        self.partial, self.expected = partial, expected
        self.args = (f"{len(partial)} of {expected} bytes",)
