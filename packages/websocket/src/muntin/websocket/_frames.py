"""Frames (RFC 6455 §5.2): bytes ↔ pieces of frames.

A leaf kernel. A control frame is given whole; a data frame is given in the pieces in which it arrives, so
that a large frame is checked as it comes and never buffered here. What is kept between two calls is at most
one header and one control payload.

Frames are decoded a batch at a time: what many small ones become takes far more memory than their bytes, and
whoever looks at them may stop before the next batch.

Knows the layout of a frame and the rules that one frame alone can break: reserved bits and opcodes, masking,
control frames that are fragmented or too long, lengths in more bytes than needed, a declared length above the
limit. Must not know which frames may follow one another, nor what a payload means.
"""

import struct

from muntin.websocket._accel import apply_mask, unmask
from muntin.websocket.codes import Opcode
from muntin.websocket.errors import MessageTooBig, ProtocolViolation

__all__ = ["FIN", "RSV1", "FrameDecoder", "Piece", "format_frame"]

FIN = 0x80
RSV1 = 0x40  # "this message is compressed" (RFC 7692 §6); the other two reserved bits have no meaning
_RESERVED = 0x70
_OPCODE = 0x0F
_CONTROL = 0x08
_MASKED = 0x80
_LENGTH = 0x7F
_IN_TWO_BYTES = 126
_IN_EIGHT_BYTES = 127

_HEADS = frozenset(
    {fin | opcode for fin in (0, FIN) for opcode in (Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY)}
    | {FIN | opcode for opcode in (Opcode.CLOSE, Opcode.PING, Opcode.PONG)}
)
# The bit belongs to the first frame of a message only: not to continuations, not to control frames.
_HEADS_WITH_RSV1 = _HEADS | {
    fin | RSV1 | opcode for fin in (0, FIN) for opcode in (Opcode.TEXT, Opcode.BINARY)
}


# Frames to a batch: so many cost little, and most reads hold fewer.
_BATCH = 1024
_EACH_OF_A_BATCH = range(_BATCH)

Piece = tuple[int, bytes, int]
"""A part of a frame: the frame's first byte, a part of its payload, and how much of that is to come.

A bare tuple, because making anything better takes longer than parsing a small frame.
"""


class FrameDecoder:
    """Bytes from one peer → pieces of frames."""

    __slots__ = ("_buffer", "_head", "_heads", "_left", "_mask", "_masked", "_max_size", "_pos", "has_more")

    def __init__(self, *, masked: bool, rsv1: bool, max_size: int) -> None:
        # Set once. A client masks every frame and a server none (§5.1): there is no third way to accept.
        self._masked = masked
        self._heads = _HEADS_WITH_RSV1 if rsv1 else _HEADS
        self._max_size = max_size or 1 << 62
        # Bytes that were not decoded, and where in them to go on: the first ones of a frame that is not complete, or
        # all that stands behind a whole batch.
        self._buffer = b""
        self._pos = 0
        self.has_more = False
        """Whether bytes wait behind a whole batch: `decode(b"")` goes on with them."""
        # Of the data frame whose payload is being given out: what is needed for the rest.
        self._head = 0
        self._mask = b""
        self._left = 0

    def decode(self, data: bytes) -> tuple[list[Piece], ProtocolViolation | None]:
        """Return the pieces in `data`, unmasked, and the fault of the frame after them, if it breaks a rule.

        At most 1024 at once: `has_more` says whether others may follow. After a fault the decoder is of no more use.
        """
        pieces: list[Piece] = []
        try:
            self._decode(data, pieces)
        except ProtocolViolation as violation:
            return pieces, violation
        return pieces, None

    def _decode(self, data: bytes, pieces: list[Piece]) -> None:
        pos = 0
        if self._left:
            pieces.append(self._resume(data))
            pos = len(pieces[0][1])
        elif self._buffer:
            if data:
                data = self._buffer[self._pos :] + data
            else:
                data, pos = self._buffer, self._pos
            self._buffer, self._pos = b"", 0
        end = len(data)
        heads, masked, max_size = self._heads, self._masked, self._max_size
        self.has_more = False
        for _ in _EACH_OF_A_BATCH:
            if end - pos < 2:
                break
            head, length = data[pos], data[pos + 1]
            if head not in heads:
                raise _explain(head)
            if (length >= _MASKED) is not masked:
                raise ProtocolViolation("frame is not masked" if masked else "frame is masked")
            length &= _LENGTH
            start = pos + 2
            if length >= _IN_TWO_BYTES:
                if head & _CONTROL:
                    raise ProtocolViolation("control frame of more than 125 bytes")
                start += 2 if length == _IN_TWO_BYTES else 8
                if start > end:
                    break
                length = _parse_length(data[pos + 2 : start])
            if length > max_size:
                raise MessageTooBig(f"frame of {length} bytes, the limit is {max_size}")
            if masked:
                start += 4
            stop = start + length
            if stop <= end:
                pieces.append((head, unmask(data, start, stop) if masked else data[start:stop], 0))
                pos = stop
            elif start > end or head & _CONTROL:
                break
            else:
                pieces.append(self._begin(head, data[start - 4 : start], data[start:], length))
                return
        else:
            self.has_more = end - pos >= 2
        if self.has_more:
            self._buffer, self._pos = data, pos
        elif pos < end:
            self._buffer = data[pos:]

    def _begin(self, head: int, mask: bytes, payload: bytes, length: int) -> Piece:
        self._head, self._mask, self._left = head, mask, length
        return self._resume(payload)

    def _resume(self, data: bytes) -> Piece:
        payload = data[: self._left]
        self._left -= len(payload)
        if self._masked:
            mask = self._mask
            turn = len(payload) % 4
            self._mask = mask[turn:] + mask[:turn]
            payload = apply_mask(payload, mask)
        return self._head, payload, self._left


def _parse_length(field: bytes) -> int:
    length = int.from_bytes(field, "big")
    if length >> 63:
        raise ProtocolViolation("frame length has its highest bit set")
    if length < (_IN_TWO_BYTES if len(field) == 2 else 0x10000):
        raise ProtocolViolation("frame length is not in its shortest form")
    return length


def _explain(head: int) -> ProtocolViolation:
    opcode = head & _OPCODE
    if opcode not in Opcode.__members__.values():
        return ProtocolViolation(f"opcode {opcode:#x} has no meaning")
    if head & _RESERVED:
        return ProtocolViolation("reserved bits set, but no extension in use gives them a meaning here")
    return ProtocolViolation("control frame is fragmented")


_BYTES = tuple(bytes((byte,)) for byte in range(256))
_format_medium = struct.Struct("!BBH").pack
_format_long = struct.Struct("!BBQ").pack


def format_frame(head: int, payload: bytes, mask: bytes = b"") -> bytes:
    """Give the frame whose first byte is `head`, masked where `mask` is four bytes."""
    size = len(payload)
    bit = _MASKED if mask else 0
    if size < _IN_TWO_BYTES:
        start = _BYTES[head] + _BYTES[bit | size]
    elif size < 0x10000:
        start = _format_medium(head, bit | _IN_TWO_BYTES, size)
    else:
        start = _format_long(head, bit | _IN_EIGHT_BYTES, size)
    return start + mask + apply_mask(payload, mask) if mask else start + payload
