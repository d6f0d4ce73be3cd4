"""Putting the framing on a streamed body, in either direction (RFC 9112 §6 and §7)."""

from muntin.http_core._events import CHUNKED, BodyFraming, Fields, FramingKind
from muntin.http_core._serialize import encode_chunk, encode_trailers, require_bytes
from muntin.http_core.errors import LocalProtocolError

__all__ = ["BodyWriter"]


class BodyWriter:
    """A body on its way out.

    Args:
        framing: how it is delimited.
    """

    __slots__ = ("_sent", "framing")

    def __init__(self, framing: BodyFraming) -> None:
        self.framing = framing
        self._sent = 0

    def write(self, data: bytes) -> bytes:
        """Give the bytes of a piece; nothing for an empty one, or where there is no body.

        Raises:
            LocalProtocolError: it is not made of bytes, or the body grows longer than declared.
        """
        if data.__class__ is not bytes:
            data = require_bytes(data)
        if not data or self.framing.kind is FramingKind.NONE:
            return b""
        self.count(len(data))
        return encode_chunk(data) if self.framing is CHUNKED else data

    def count(self, size: int) -> None:
        """Note that so many bytes go out as they are.

        Raises:
            LocalProtocolError: the body grows longer than declared.
        """
        sent = self._sent + size
        if self.framing.kind is FramingKind.LENGTH and sent > self.framing.length:
            raise LocalProtocolError("the body is longer than its Content-Length")
        self._sent = sent

    @property
    def is_short(self) -> bool:
        """Whether bytes are missing that were declared."""
        return self.framing.kind is FramingKind.LENGTH and self._sent < self.framing.length

    def end(self, trailers: Fields = ()) -> bytes:
        """Give the bytes that end the body; trailers are left out where it is not chunked.

        Raises:
            LocalProtocolError: a trailer is malformed, or may not come that late; also where it is left out, so that
                the same trailers are right or wrong for every peer.
        """
        end = encode_trailers(trailers)
        return end if self.framing is CHUNKED else b""
