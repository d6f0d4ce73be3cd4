"""Where a body ends, decided once for each message (RFC 9112 §6.3).

Pure functions, one for each kind of message that is read or written. Whatever is ambiguous is refused, never repaired:
requests are smuggled by messages that two readers divide differently.
"""

from collections.abc import Sequence

from muntin.http_core._events import (
    CHUNKED,
    HTTP_11,
    NO_BODY,
    UNTIL_CLOSE,
    BodyFraming,
    FramingKind,
    HttpVersion,
)
from muntin.http_core._grammar import CONTENT_LENGTH, TOKEN
from muntin.http_core.errors import RemoteProtocolError
from muntin.http_core.status import forbids_body

__all__ = ["frame_length", "frame_received_response", "frame_request", "frame_response"]


def frame_request(
    version: HttpVersion, transfer_encodings: Sequence[bytes], content_lengths: Sequence[bytes]
) -> BodyFraming:
    """Return how the body of a request is delimited, by the values of its framing fields, one for each line.

    Raises:
        RemoteProtocolError: 400 if the framing is malformed or ambiguous, 501 for a coding that is not implemented.
    """
    # 1. and 2. of §6.3 are about responses only.
    # 7. A request with neither has no body.
    return _frame_declared(version, transfer_encodings, content_lengths) or NO_BODY


def frame_received_response(
    method: str,
    version: HttpVersion,
    status: int,
    transfer_encodings: Sequence[bytes],
    content_lengths: Sequence[bytes],
) -> BodyFraming:
    """Return how the body of a response that a client received is delimited.

    Args:
        method: the method of the request.
        version: the version of the response.
        status: its status.
        transfer_encodings, content_lengths: the values of its framing fields, one for each line.

    Raises:
        RemoteProtocolError: as for `frame_request`.
    """
    # 1. and 2.
    if method == "HEAD" or forbids_body(status) or (method == "CONNECT" and status < 300):
        return NO_BODY
    # 8. A response with neither lasts until the connection closes.
    return _frame_declared(version, transfer_encodings, content_lengths) or UNTIL_CLOSE


def _frame_declared(
    version: HttpVersion, transfer_encodings: Sequence[bytes], content_lengths: Sequence[bytes]
) -> BodyFraming | None:
    # 3. Transfer-Encoding overrides Content-Length, and both together ought to be handled as an error: here they are.
    if transfer_encodings:
        if content_lengths:
            raise RemoteProtocolError(400, "Content-Length and Transfer-Encoding exclude each other")
        return _frame_transfer_encoding(version, transfer_encodings)
    # 5. An invalid Content-Length is unrecoverable. A list of equal values could be repaired; here it is refused.
    if content_lengths:
        if len(content_lengths) > 1 or not CONTENT_LENGTH.fullmatch(content_lengths[0]):
            raise RemoteProtocolError(400, "malformed Content-Length")
        return frame_length(int(content_lengths[0]))
    return None


def frame_length(length: int) -> BodyFraming:
    """Return how a body of a declared length is delimited."""
    # 6. A valid Content-Length is the body's length.
    return BodyFraming(FramingKind.LENGTH, length) if length else NO_BODY


def _frame_transfer_encoding(version: HttpVersion, values: Sequence[bytes]) -> BodyFraming:
    # §6.1: a server may reject the field with HTTP/1.0, which does not have it. One line is enough for every sender.
    if version < HTTP_11 or len(values) > 1:
        raise RemoteProtocolError(400, "malformed Transfer-Encoding")
    *inner, last = (coding.strip(b" \t").lower() for coding in values[0].split(b","))
    # 4. When chunked is not the final coding of a request, its length cannot be known: 400.
    if last != b"chunked" or b"chunked" in inner or not all(map(TOKEN.fullmatch, inner)):
        raise RemoteProtocolError(400, "malformed Transfer-Encoding")
    # §6.1: a coding that the server does not understand: 501.
    if inner:
        raise RemoteProtocolError(501, "transfer coding not implemented")
    return CHUNKED


def frame_response(method: str, version: HttpVersion, status: int, declared: int | None) -> BodyFraming:
    """Return how the body of a response that we send is delimited.

    Args:
        method: the method of the request.
        version: the version of the request.
        status: the status of the response.
        declared: the length of the body where it is known beforehand, or None.
    """
    # 1. Responses to HEAD, and those of some statuses, have no body whatever their fields say. 2. Nor has 2xx to
    # CONNECT, which ends HTTP and is not framed at all.
    if method == "HEAD" or forbids_body(status) or status == 205:
        return NO_BODY
    # 6. A known length is stated.
    if declared is not None:
        return BodyFraming(FramingKind.LENGTH, declared)
    # 4. Otherwise the body is chunked for a peer that understands it, 8. and lasts until the connection closes for
    # others.
    return CHUNKED if version >= HTTP_11 else UNTIL_CLOSE
