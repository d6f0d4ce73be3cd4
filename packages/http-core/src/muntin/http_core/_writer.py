"""Adding the framing to a streamed body, of a request or a response (RFC 9112 §6 and §7)."""

from muntin.http_core._events import CHUNKED, BodyFraming, Data, Fields, FramingKind
from muntin.http_core._serialize import encode_chunk, encode_chunk_line, encode_trailers, require_bytes
from muntin.http_core.errors import LocalProtocolError

__all__ = ["BodyWriter"]


class BodyWriter:
    """A body that is being sent.

    Args:
        framing: how it is delimited.
    """

    __slots__ = ("_sent", "framing")

    def __init__(self, framing: BodyFraming) -> None:
        self.framing = framing
        self._sent = 0

    def write(self, data: Data) -> bytes:
        """Return the bytes of a piece; b"" for an empty one, and where there is no body.

        Raises:
            LocalProtocolError: the piece is not bytes, or the body becomes longer than declared.
        """
        piece = require_bytes(data)
        if not piece or self.framing.kind is FramingKind.NONE:
            return b""
        self.count(len(piece))
        return encode_chunk(piece) if self.framing is CHUNKED else piece

    def write_parts(self, data: Data) -> tuple[bytes, ...]:
        """Return the bytes of a piece in parts, so that a large piece is not copied; () where `write` returns b"".

        Raises:
            LocalProtocolError: as for `write`.
        """
        piece = require_bytes(data)
        if not piece or self.framing.kind is FramingKind.NONE:
            return ()
        self.count(len(piece))
        return (encode_chunk_line(len(piece)), piece, b"\r\n") if self.framing is CHUNKED else (piece,)

    def count(self, size: int) -> None:
        """Count bytes of the body.

        Raises:
            LocalProtocolError: the body becomes longer than declared.
        """
        sent = self._sent + size
        if self.framing.kind is FramingKind.LENGTH and sent > self.framing.length:
            raise LocalProtocolError("the body is longer than its Content-Length")
        self._sent = sent

    @property
    def is_short(self) -> bool:
        """True if fewer bytes were sent than declared."""
        return self.framing.kind is FramingKind.LENGTH and self._sent < self.framing.length

    def end(self, trailers: Fields = ()) -> bytes:
        """Return the bytes that end the body; trailers are left out where it is not chunked.

        Raises:
            LocalProtocolError: a trailer is malformed or not allowed; also where it is left out, so that the same
                trailers are right or wrong for every peer.
        """
        end = encode_trailers(trailers)
        return end if self.framing is CHUNKED else b""
