"""Writing heads and bodies of answers (RFC 9112 §4, §6, §7), and refusing what must not be written.

The common head, valid fields none of which frames the message, is joined and proved by one match. Only when
that match fails are the fields looked at one by one.
"""

from muntin.http_core._events import CHUNKED, BodyFraming, Fields, ResponseHead
from muntin.http_core._grammar import CONTENT_LENGTH, OUTGOING_FIELDS, REASON, TOKEN
from muntin.http_core._trailers import FORBIDDEN_TRAILERS
from muntin.http_core.errors import LocalProtocolError
from muntin.http_core.status import status_line

__all__ = [
    "OutgoingFields",
    "encode_chunk",
    "encode_fields",
    "encode_framing",
    "encode_ordinary",
    "encode_reason",
    "encode_status_line",
    "encode_trailers",
]


class OutgoingFields:
    """Field lines as they go out, without those that the engine writes itself but with what they said."""

    __slots__ = ("closes", "content_length", "has_date", "raw")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.content_length: int | None = None
        self.closes = False
        self.has_date = False


def _join(fields: Fields) -> bytes:
    # Text beyond ASCII goes out as UTF-8, surrogate escapes as the bytes they stand for: what came in can go out again.
    return "".join([f"{name}: {value}\r\n" for name, value in fields]).encode("utf-8", "surrogateescape")


def encode_ordinary(fields: Fields) -> bytes | None:
    """Write field lines that are valid and frame nothing; None when one of them needs `encode_fields`."""
    raw = _join(fields)
    # A value that smuggles a line of its own would match; the count of lines gives it away.
    return raw if OUTGOING_FIELDS.fullmatch(raw) and raw.count(b"\n") == len(fields) else None


class FieldBlock(tuple[tuple[str, str], ...]):
    """Field lines that are used again and again: checked and written once, and given in place of a sequence.

    Args:
        fields: name and value of each line; none that frames or dates the message.

    Raises:
        LocalProtocolError: a line must not be sent, or belongs to one message only.
    """

    raw: bytes
    """The lines as they go out."""

    def __new__(cls, fields: Fields) -> "FieldBlock":
        block = super().__new__(cls, fields)
        raw = encode_ordinary(fields)
        if raw is None:
            encode_fields(fields)
            raise LocalProtocolError("a field that frames or dates a message cannot be used again")
        block.raw = raw
        return block


def encode_fields(fields: Fields) -> OutgoingFields:
    """Write field lines, one by one.

    Raises:
        LocalProtocolError: a name is no token, a value has CR, LF, NUL or another control character, or the
            fields that frame the message contradict themselves.
    """
    kept: list[tuple[str, str]] = []
    outgoing = OutgoingFields(b"")
    for name, value in fields:
        check_line(name, value)
        special = name.lower()
        if special == "content-length":
            _declare_length(outgoing, value)
        elif special == "transfer-encoding":
            # Whether an answer is chunked is not the author's to say; that he thinks so does no harm.
            if value.strip().lower() != "chunked":
                raise LocalProtocolError("no transfer coding but chunked can be applied")
        elif special == "connection":
            options = {option.strip().lower() for option in value.split(",")}
            outgoing.closes |= "close" in options
            # What else it names is for this hop; keep-alive is what the engine says or leaves out.
            if rest := options - {"close", "keep-alive"}:
                kept.append((name, ", ".join(sorted(rest))))
        else:
            outgoing.has_date |= special == "date"
            kept.append((name, value))
    outgoing.raw = _join(kept)
    return outgoing


def _declare_length(outgoing: OutgoingFields, value: str) -> None:
    if not CONTENT_LENGTH.fullmatch(value.encode("utf-8", "surrogateescape")):
        raise LocalProtocolError(f"malformed Content-Length: {value!r}")
    length = int(value)
    if outgoing.content_length not in (None, length):
        raise LocalProtocolError("two different Content-Length fields")
    outgoing.content_length = length


def check_line(name: str, value: str) -> None:
    """Refuse a field that must not be sent.

    Raises:
        LocalProtocolError: the name is no token or the value holds a control character.
    """
    if not TOKEN.fullmatch(name.encode("utf-8", "surrogateescape")):
        raise LocalProtocolError(f"not a field name: {name!r}")
    if not REASON.fullmatch(value.encode("utf-8", "surrogateescape")):
        raise LocalProtocolError(f"control character in the value of {name}")


def encode_reason(reason: str) -> bytes:
    """Write a reason phrase.

    Raises:
        LocalProtocolError: it holds a control character.
    """
    raw = reason.encode("utf-8", "surrogateescape")
    if not REASON.fullmatch(raw):
        raise LocalProtocolError("control character in the reason phrase")
    return raw


def encode_status_line(head: ResponseHead) -> bytes:
    """Write the first line of an answer.

    Raises:
        LocalProtocolError: it holds what must not be sent.
    """
    return status_line(head.status, None if head.reason is None else encode_reason(head.reason))


def encode_framing(framing: BodyFraming, outgoing: OutgoingFields, status: int) -> bytes:
    """Write the line that frames a streamed answer; nothing where none is needed."""
    if framing is CHUNKED:
        return b"Transfer-Encoding: chunked\r\n"
    if status == 205:
        return b"Content-Length: 0\r\n"
    # HEAD and 304 state the length of the body that they leave out.
    if outgoing.content_length is not None and status >= 200 and status != 204:
        return b"Content-Length: %d\r\n" % outgoing.content_length
    return b""


def encode_chunk(data: bytes) -> bytes:
    """Write one chunk (RFC 9112 §7.1); `data` must not be empty: that would be the last."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def encode_trailers(trailers: Fields) -> bytes:
    """Write the last chunk and the trailer section.

    Raises:
        LocalProtocolError: a trailer is malformed, or may not come that late.
    """
    if not trailers:
        return b"0\r\n\r\n"
    raw = encode_ordinary(trailers)
    if raw is None:
        for name, value in trailers:
            check_line(name, value)
        raise LocalProtocolError("a trailer cannot frame the message")
    if not FORBIDDEN_TRAILERS.isdisjoint(name.lower().encode("ascii") for name, _ in trailers):
        raise LocalProtocolError("a field that comes too late in a trailer")
    return b"0\r\n%b\r\n" % raw
