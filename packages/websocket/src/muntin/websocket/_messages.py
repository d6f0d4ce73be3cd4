"""The assembly of messages from data frames (RFC 6455 §5.4, §5.6, §8.1).

The assembler checks the order of frames, the encoding of text, and the size of a message: as declared, as received,
and as inflated. Text is refused at its first bad byte, before the frame is complete. The pieces of a message are
collected in one buffer, however small they are.
"""

from muntin.websocket._deflate import Inflater
from muntin.websocket._frames import FIN, RSV1, Piece
from muntin.websocket._utf8 import Utf8Validator, decode_text
from muntin.websocket.codes import Opcode, WSMsgType
from muntin.websocket.errors import MessageTooBig, PolicyViolation, ProtocolViolation
from muntin.websocket.events import WSMessage

__all__ = ["Assembler"]

_OPCODE = 0x0F
_TEXT = int(Opcode.TEXT)


class Assembler:
    """The assembler of the messages of one peer."""

    __slots__ = (
        "_buffer",
        "_compressed",
        "_decode_text",
        "_frames",
        "_in_frame",
        "_inflater",
        "_max_frames",
        "_max_size",
        "_utf8",
        "opcode",
    )

    def __init__(
        self, *, max_size: int, max_frames: int, inflater: Inflater | None, decode_text: bool
    ) -> None:
        # Set once
        self._max_size = max_size or 1 << 62
        self._max_frames = max_frames
        self._inflater = inflater
        self._decode_text = decode_text
        # The message under way
        self.opcode = 0
        """The opcode of the message under way; 0 when there is none."""
        self._compressed = False
        self._buffer = bytearray()
        self._frames = 0
        self._utf8: Utf8Validator | None = None  # None for binary messages
        # The frame under way
        self._in_frame = False

    def add(self, piece: Piece) -> WSMessage | None:
        """Add a piece of a data frame, and return the message that it completes, if any.

        Raises:
            ProtocolViolation: the peer broke a rule for messages.
        """
        head, payload, left = piece
        if not self.opcode and not left and head >= FIN and head & _OPCODE:
            # The common case: a compressed message in one frame. `Connection` handles plain ones itself.
            if head & RSV1 and self._inflater:
                payload = self._inflater.inflate(payload, self._max_size, final=True)
            return self._make_message(head & _OPCODE, payload)
        if not self._in_frame:
            self._begin_frame(head, len(payload) + left)
        self._in_frame = left > 0
        final = head >= FIN and not left
        if self._compressed and self._inflater:
            room = self._max_size - len(self._buffer)
            payload = self._inflater.inflate(payload, room, final=final)
        if self._utf8 is not None:
            self._utf8.check(payload, final=final)
        self._buffer += payload
        return self._finish() if final else None

    def count_control(self) -> None:
        """Count a control frame among the frames of the message under way, if there is one.

        Raises:
            PolicyViolation: the message has too many frames.
        """
        if self.opcode:
            self._count()

    def _begin_frame(self, head: int, size: int) -> None:
        opcode = head & _OPCODE
        if opcode and self.opcode:
            raise ProtocolViolation("new message before the previous one was complete")
        if not opcode and not self.opcode:
            raise ProtocolViolation("continuation frame without a message")
        if opcode:
            self.opcode = opcode
            self._compressed = head & RSV1 > 0
            self._utf8 = Utf8Validator() if opcode == _TEXT else None
        if len(self._buffer) + size > self._max_size:
            raise MessageTooBig(f"message of at least {len(self._buffer) + size} bytes")
        self._count()

    def _count(self) -> None:
        self._frames += 1
        if self._frames > self._max_frames:
            raise PolicyViolation(f"message of more than {self._max_frames} frames")

    def _finish(self) -> WSMessage:
        opcode, data, self._buffer = self.opcode, bytes(self._buffer), bytearray()
        self.opcode = self._frames = 0
        self._compressed, self._utf8 = False, None
        return self._make_message(opcode, data)

    def _make_message(self, opcode: int, data: bytes) -> WSMessage:
        if opcode != _TEXT:
            return WSMessage(WSMsgType.BINARY, data)
        text = decode_text(data)
        return WSMessage(WSMsgType.TEXT, text if self._decode_text else data)
