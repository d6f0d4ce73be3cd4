"""Frames (RFC 6455 §5.2): bytes ↔ pieces of frames.

A control frame is returned whole. A data frame is returned in the pieces in which it arrives, so a large frame is
checked while it arrives and is not buffered here. Between two calls the decoder keeps at most one header and the
payload of one control frame.

Frames are decoded in batches: the pieces of many small frames take far more memory than the frames, and the caller may
stop before the next batch.

The decoder checks the rules that a single frame can break: reserved bits and opcodes, masking, control frames that are
fragmented or too long, lengths in more bytes than needed, a declared length above the limit. The order of frames is
checked in `_messages`.
"""

import struct

from muntin.websocket._accel import apply_mask, unmask
from muntin.websocket.codes import Opcode
from muntin.websocket.errors import MessageTooBig, ProtocolViolation

__all__ = ["FIN", "RSV1", "FrameDecoder", "Piece", "format_frame"]

FIN = 0x80
RSV1 = 0x40  # the message is compressed (RFC 7692 §6); the other two reserved bits have no meaning
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
# RSV1 is allowed in the first frame of a message only: not in continuations, not in control frames.
_HEADS_WITH_RSV1 = _HEADS | {
    fin | RSV1 | opcode for fin in (0, FIN) for opcode in (Opcode.TEXT, Opcode.BINARY)
}
_SINGLES = frozenset({FIN | Opcode.TEXT, FIN | Opcode.BINARY})

# Frames in a batch: that many take little memory, and most reads have fewer.
_BATCH = range(1024)

Piece = tuple[int, bytes, int]
"""A piece of a frame: the frame's first byte, a part of its payload, and the size of the rest of the payload.

It is a bare tuple, because making a better object takes longer than parsing a small frame.
"""


class FrameDecoder:
    """The decoder of the bytes of one peer into pieces of frames."""

    __slots__ = ("_buffer", "_head", "_heads", "_left", "_mask", "_masked", "_max_size", "_pos", "has_more")

    def __init__(self, *, masked: bool, rsv1: bool, max_size: int) -> None:
        # Set once. A client masks every frame and a server masks none (§5.1); anything else is refused.
        self._masked = masked
        self._heads = _HEADS_WITH_RSV1 if rsv1 else _HEADS
        self._max_size = max_size or 1 << 62
        # Bytes that were not decoded, and the position of the first one: the start of an incomplete frame, or all that
        # follows a full batch.
        self._buffer = b""
        self._pos = 0
        self.has_more = False
        """True if bytes follow a full batch: `decode(b"")` continues with them."""
        # Of the data frame whose payload is being returned in pieces: first byte, mask, and size of the rest.
        self._head = 0
        self._mask = b""
        self._left = 0

    def decode_single(self, data: bytes) -> bytes | None:
        """Return the payload of `data` if this is exactly one whole short frame of text or binary data.

        For anything else this returns None, and `decode` takes the same data. Most reads are such a frame.
        """
        size = len(data)
        length = size - 6 if self._masked else size - 2
        if not 0 <= length < _IN_TWO_BYTES or length > self._max_size or self._left or self._buffer:
            return None
        if data[0] not in _SINGLES:
            return None
        if self._masked:
            return unmask(data, 6, size) if data[1] == _MASKED | length else None
        return data[2:] if data[1] == length else None

    def decode(self, data: bytes) -> tuple[list[Piece], ProtocolViolation | None]:
        """Return the pieces in `data`, unmasked, and the error of the frame after them, if it breaks a rule.

        At most 1024 frames are decoded; `has_more` says whether more may follow. After an error the decoder cannot be
        used again.
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
            pieces.append(self._continue_frame(data))
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
        for _ in _BATCH:
            if end - pos < 2:
                break
            head, length = data[pos], data[pos + 1]
            if head not in heads:
                raise _describe_violation(head)
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
                pieces.append(self._begin_frame(head, data[start - 4 : start], data[start:], length))
                return
        else:
            self.has_more = end - pos >= 2
        if self.has_more:
            self._buffer, self._pos = data, pos
        elif pos < end:
            self._buffer = data[pos:]

    def _begin_frame(self, head: int, mask: bytes, payload: bytes, length: int) -> Piece:
        self._head, self._mask, self._left = head, mask, length
        return self._continue_frame(payload)

    def _continue_frame(self, data: bytes) -> Piece:
        payload = data[: self._left]
        self._left -= len(payload)
        if self._masked:
            mask = self._mask
            shift = len(payload) % 4
            self._mask = mask[shift:] + mask[:shift]
            payload = apply_mask(payload, mask)
        return self._head, payload, self._left


def _parse_length(field: bytes) -> int:
    length = int.from_bytes(field, "big")
    if length >> 63:
        raise ProtocolViolation("frame length has its highest bit set")
    if length < (_IN_TWO_BYTES if len(field) == 2 else 0x10000):
        raise ProtocolViolation("frame length is not in its shortest form")
    return length


def _describe_violation(head: int) -> ProtocolViolation:
    opcode = head & _OPCODE
    if opcode not in Opcode.__members__.values():
        return ProtocolViolation(f"opcode {opcode:#x} has no meaning")
    if head & _RESERVED:
        return ProtocolViolation("reserved bits are set that no extension in use defines")
    return ProtocolViolation("control frame is fragmented")


_BYTES = tuple(bytes((byte,)) for byte in range(256))
_format_medium = struct.Struct("!BBH").pack
_format_long = struct.Struct("!BBQ").pack


def format_frame(head: int, payload: bytes, mask: bytes = b"") -> bytes:
    """Format a frame whose first byte is `head`; `mask` is four bytes, or empty for an unmasked frame."""
    size = len(payload)
    bit = _MASKED if mask else 0
    if size < _IN_TWO_BYTES:
        start = _BYTES[head] + _BYTES[bit | size]
    elif size < 0x10000:
        start = _format_medium(head, bit | _IN_TWO_BYTES, size)
    else:
        start = _format_long(head, bit | _IN_EIGHT_BYTES, size)
    return start + mask + apply_mask(payload, mask) if mask else start + payload
