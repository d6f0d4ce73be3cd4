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

from muntin.websocket._accel import apply_mask, format_frame, take_messages, unmask
from muntin.websocket.codes import Opcode
from muntin.websocket.errors import MessageTooBig, ProtocolViolation
from muntin.websocket.events import WSMessage

__all__ = ["FIN", "RSV1", "FrameDecoder", "Piece", "format_frame"]

FIN = 0x80
RSV1 = 0x40  # the message is compressed (RFC 7692 §6); the other two reserved bits have no meaning
_RESERVED = 0x70
_OPCODE = 0x0F
_CONTROL = 0x08
_MASKED = 0x80
_LENGTH = 0x7F
_IN_TWO_BYTES = 126

_HEADS = frozenset(
    {fin | opcode for fin in (0, FIN) for opcode in (Opcode.CONTINUATION, Opcode.TEXT, Opcode.BINARY)}
    | {FIN | opcode for opcode in (Opcode.CLOSE, Opcode.PING, Opcode.PONG)}
)
# RSV1 is allowed in the first frame of a message only: not in continuations, not in control frames.
_HEADS_WITH_RSV1 = _HEADS | {
    fin | RSV1 | opcode for fin in (0, FIN) for opcode in (Opcode.TEXT, Opcode.BINARY)
}

# No frame of this size is ever whole, and machines have a type for the number.
_NO_LIMIT = 1 << 62

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
        self._max_size = min(max_size or _NO_LIMIT, _NO_LIMIT)
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

    def take_messages(self, data: bytes, decode_text: bool) -> tuple[list[WSMessage], bytes]:
        """Return the messages at the start of `data` that are whole frames, and the rest, which `decode` takes.

        They are uncompressed; most reads have nothing else. Only for a caller that expects a new message: whether a
        frame is in its place is not checked.
        """
        if self._left or self._buffer:
            return [], data
        messages, pos = take_messages(data, self._masked, self._max_size, decode_text)
        return messages, data[pos:]

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
                pieces.append(self._begin_frame(head, data, start, length))
                return
        else:
            self.has_more = end - pos >= 2
        if self.has_more:
            self._buffer, self._pos = data, pos
        elif pos < end:
            self._buffer = data[pos:]

    def _begin_frame(self, head: int, data: bytes, start: int, length: int) -> Piece:
        """Return the first piece of a frame of which `data` has a part, and store what the next ones need."""
        end = len(data)
        self._head, self._left = head, length - (end - start)
        if not self._masked:
            return head, data[start:], self._left
        self._mask = _rotate(data[start - 4 : start], end - start)
        return head, unmask(data, start, end), self._left

    def _continue_frame(self, data: bytes) -> Piece:
        payload = data[: self._left]
        self._left -= len(payload)
        if self._masked:
            mask = self._mask
            self._mask = _rotate(mask, len(payload))
            payload = apply_mask(payload, mask)
        return self._head, payload, self._left


def _rotate(mask: bytes, size: int) -> bytes:
    """Return the mask for what follows `size` bytes."""
    shift = size % 4
    return mask[shift:] + mask[:shift]


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
