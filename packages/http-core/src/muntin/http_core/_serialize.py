"""Writing heads and bodies (RFC 9112 §4, §6, §7), and refusing what must not be sent.

The common head, valid fields none of which frames the message, is joined and proved valid at once by `join_lines`. Only
where that fails are the fields checked one by one.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from muntin.http_core._accel import join_lines
from muntin.http_core._events import CHUNKED, HTTP_11, BodyFraming, Fields, HttpVersion
from muntin.http_core._grammar import CONTENT_LENGTH, REASON, TOKEN
from muntin.http_core._trailers import FORBIDDEN_TRAILERS
from muntin.http_core.errors import LocalProtocolError
from muntin.http_core.status import status_line

__all__ = [
    "OutgoingFields",
    "encode_chunk",
    "encode_chunk_line",
    "encode_end_of_head",
    "encode_fields",
    "encode_framing",
    "encode_reason",
    "encode_status_line",
    "encode_text",
    "encode_trailers",
    "read_lines",
    "require_bytes",
]


class OutgoingFields:
    """Field lines as they are sent, without those that the engine writes itself, and what those said."""

    __slots__ = ("closes", "content_length", "has_date", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.content_length: int | None = None
        self.closes = False
        self.has_date = False


def encode_text(text: str) -> bytes:
    """Return text as the bytes that are sent: UTF-8, and surrogate escapes as the bytes they stand for, so that what
    was received can be sent on.

    Raises:
        LocalProtocolError: the text has a lone surrogate that stands for no byte.
    """
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        raise LocalProtocolError(f"text that cannot be sent: {text!r}") from None


def require_bytes(data: object) -> bytes:
    """Return a bytes-like object as bytes.

    Raises:
        LocalProtocolError: the object is no bytes, bytearray or memoryview.
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    raise LocalProtocolError(f"a body is made of bytes, not of {type(data).__name__}")


def read_lines(fields: object) -> Iterator[tuple[str, str]]:
    """Iterate over field lines as text. Bytes, as they were received, can be sent on as they are.

    Raises:
        LocalProtocolError: the lines are no pairs of text or bytes.
    """
    lines: Any = fields
    if isinstance(fields, (str, bytes, Mapping)) or not hasattr(type(fields), "__iter__"):
        raise LocalProtocolError(f"fields are pairs of name and value, not a {type(fields).__name__}")
    for line in lines:
        if not isinstance(line, (tuple, list)) or len(line) != 2:
            raise LocalProtocolError(f"a field is a pair of name and value, not {line!r}")
        name, value = line
        yield _read_text(name, "the name"), _read_text(value, "the value")


def _read_text(text: object, part: str) -> str:
    if isinstance(text, str):
        return text
    if isinstance(text, bytes):
        return text.decode("utf-8", "surrogateescape")
    raise LocalProtocolError(f"{part} of a field is text or bytes, not {type(text).__name__}")


def encode_fields(fields: Fields) -> OutgoingFields:
    """Encode field lines, one by one.

    Raises:
        LocalProtocolError: a name or a value is neither text nor bytes, a name is no token, a value has CR, LF, NUL
            or another control character, or the fields that frame the message contradict themselves.
    """
    kept: list[str] = []
    outgoing = OutgoingFields(b"")
    for name, value in read_lines(fields):
        check_line(name, value)
        special = name.lower()
        if special == "content-length":
            _declare_length(outgoing, value)
        elif special == "transfer-encoding":
            # The engine decides whether a message is chunked. An author who says so does no harm.
            if value.strip().lower() != "chunked":
                raise LocalProtocolError("no transfer coding but chunked can be applied")
        elif special == "connection":
            options = {option.strip().lower() for option in value.split(",")}
            outgoing.closes |= "close" in options
            # Other options are kept for this hop; keep-alive is written by the engine.
            if rest := options - {"close", "keep-alive"}:
                kept.append(f"{name}: {', '.join(sorted(rest))}\r\n")
        else:
            outgoing.has_date |= special == "date"
            kept.append(f"{name}: {value}\r\n")
    outgoing.raw = encode_text("".join(kept))
    return outgoing


def _declare_length(outgoing: OutgoingFields, value: str) -> None:
    if not CONTENT_LENGTH.fullmatch(encode_text(value)):
        raise LocalProtocolError(f"malformed Content-Length: {value!r}")
    length = int(value)
    if outgoing.content_length not in (None, length):
        raise LocalProtocolError("two different Content-Length fields")
    outgoing.content_length = length


def check_line(name: str, value: str) -> None:
    """Refuse a field that must not be sent.

    Raises:
        LocalProtocolError: the name is no token or the value has a control character.
    """
    if not TOKEN.fullmatch(encode_text(name)):
        raise LocalProtocolError(f"not a field name: {name!r}")
    if not REASON.fullmatch(encode_text(value)):
        raise LocalProtocolError(f"control character in the value of {name}")


def encode_reason(reason: object) -> bytes:
    """Encode a reason phrase.

    Raises:
        LocalProtocolError: it is neither text nor bytes, or has a control character.
    """
    if not isinstance(reason, (str, bytes)):
        raise LocalProtocolError(f"a reason phrase is text or bytes, not {type(reason).__name__}")
    raw = reason if isinstance(reason, bytes) else encode_text(reason)
    if not REASON.fullmatch(raw):
        raise LocalProtocolError("control character in the reason phrase")
    return raw


def encode_status_line(status: object, reason: object) -> bytes:
    """Encode the first line of a response; a reason of None is the registered one.

    Raises:
        LocalProtocolError: the status or the reason must not be sent.
    """
    return status_line(status, None if reason is None else encode_reason(reason))


def encode_framing(framing: BodyFraming, outgoing: OutgoingFields, status: int) -> bytes:
    """Encode the line that frames a streamed response; b"" where none is needed."""
    if framing is CHUNKED:
        return b"Transfer-Encoding: chunked\r\n"
    if status == 205:
        return b"Content-Length: 0\r\n"
    # Responses to HEAD, and 304, state the length of the body that they leave out.
    if outgoing.content_length is not None and status >= 200 and status != 204:
        return b"Content-Length: %d\r\n" % outgoing.content_length
    return b""


def encode_end_of_head(persists: bool, version: HttpVersion) -> bytes:
    """Encode the end of a head, and before it the line that says whether the connection persists, where it is needed.

    It is needed where the connection closes, and to an HTTP/1.0 peer where it does not (RFC 9112 §9.6 and §9.3).
    """
    if not persists:
        return b"Connection: close\r\n\r\n"
    return b"\r\n" if version is HTTP_11 else b"Connection: keep-alive\r\n\r\n"


def encode_chunk(data: bytes) -> bytes:
    """Encode one chunk (RFC 9112 §7.1); `data` must not be empty, since an empty chunk is the last one."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def encode_chunk_line(size: int) -> bytes:
    """Encode the line in front of a chunk of so many bytes, which a CRLF has to follow (RFC 9112 §7.1)."""
    return b"%x\r\n" % size


def encode_trailers(trailers: Fields) -> bytes:
    """Encode the last chunk and the trailer section.

    Raises:
        LocalProtocolError: a trailer is malformed, neither text nor bytes, or not allowed in a trailer section.
    """
    lines = list(read_lines(trailers))
    if not lines:
        return b"0\r\n\r\n"
    raw = join_lines(lines)
    if raw is None:
        for name, value in lines:
            check_line(name, value)
        raise LocalProtocolError("a trailer cannot frame the message")
    if not FORBIDDEN_TRAILERS.isdisjoint(name.lower().encode("ascii") for name, _ in lines):
        raise LocalProtocolError("a field that comes too late in a trailer")
    return b"0\r\n%b\r\n" % raw
