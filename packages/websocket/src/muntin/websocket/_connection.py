"""One WebSocket connection after its opening handshake, without I/O: bytes in, messages out, and back.

The methods that send return bytes; the caller writes them to the socket in the same order. Nothing is sent in reply to
the peer automatically: `reply_to` returns the reply that a message requires.

Received data becomes messages while there is room for them, and the rest stays as it was received: a read of 256 KiB
may hold sixty compressed messages of 4 MiB each.
"""

import os
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial

from muntin.websocket._close import NO_STATUS, format_close, parse_close
from muntin.websocket._deflate import Deflate, make_deflater, make_inflater
from muntin.websocket._frames import FIN, RSV1, FrameDecoder, Piece, format_frame
from muntin.websocket._messages import Assembler
from muntin.websocket._payloads import as_bytes, as_control, check_level, encode_text
from muntin.websocket._prepared import PreparedMessage
from muntin.websocket._states import TRANSITIONS, Move, State, advance
from muntin.websocket._utf8 import decode_text
from muntin.websocket.codes import Opcode, WSCloseCode, WSMsgType
from muntin.websocket.errors import ProtocolViolation
from muntin.websocket.events import WSMessage

__all__ = ["Connection", "Role"]

MAX_MESSAGE_SIZE = 4 * 1024 * 1024
# A message at the size limit may come in 64-byte fragments, and there are peers that do so.
MAX_FRAMES = 2 * MAX_MESSAGE_SIZE // 64

MESSAGE_COST = 128
"""The bytes for which a message counts in addition to its data, so that many empty messages are bounded as well."""

_TEXT = FIN | Opcode.TEXT
_BINARY = FIN | Opcode.BINARY
_TEXT_TYPE, _BINARY_TYPE = WSMsgType.TEXT, WSMsgType.BINARY
_CLOSE = FIN | Opcode.CLOSE
_CONTROL = 0x08
_MAX_CONTROL = 125
_OPEN = State.OPEN
_draw_mask = partial(os.urandom, 4)
_make = tuple.__new__  # makes a named tuple without a call of a Python function
_CONTROL_TYPES = {FIN | Opcode.PING: WSMsgType.PING, FIN | Opcode.PONG: WSMsgType.PONG}


class Role(Enum):
    """The two sides of a connection: clients mask what they send, servers do not."""

    CLIENT = "client"
    SERVER = "server"


class Connection:
    """One side of a WebSocket connection.

    Args:
        role: our side.
        max_message_size: bytes of the largest message that is accepted, after inflation; 0 for no limit.
        max_frames: the number of frames that one message may have, including control frames between them.
        deflate: the compression that the opening handshake agreed on; None for none.
        decode_text: True to return text as str, False to return it as bytes; it is checked in both cases.
        new_mask: returns the four bytes that mask the next frame; used by clients only; random by default.

    Raises:
        TypeError: an argument is of another type.
        ValueError: a limit is too low.
    """

    __slots__ = (
        "_assembler",
        "_decode_text",
        "_decoder",
        "_deflater",
        "_deflating",
        "_discards",
        "_inflater",
        "_new_mask",
        "_pieces",
        "_sending",
        "_state",
        "_unread",
        "_violation",
        "close_code",
        "close_reason",
        "deflate",
        "has_more",
        "role",
        "sent_code",
    )

    def __init__(
        self,
        role: Role,
        *,
        max_message_size: int = MAX_MESSAGE_SIZE,
        max_frames: int = MAX_FRAMES,
        deflate: Deflate | None = None,
        decode_text: bool = True,
        new_mask: Callable[[], bytes] | None = None,
    ) -> None:
        if not isinstance(role, Role):
            raise TypeError(f"role is Role.CLIENT or Role.SERVER, not {role!r}")
        if deflate is not None and not isinstance(deflate, Deflate):
            raise TypeError(f"deflate is a Deflate or None, not {deflate!r}")
        for name, value, least in (("max_message_size", max_message_size, 0), ("max_frames", max_frames, 1)):
            if not isinstance(value, int):
                raise TypeError(f"{name} is an int, not {type(value).__name__}")
            if value < least:
                raise ValueError(f"{name} is {value}, not {least} or more")
        # Set once
        self.role = role
        self.deflate = deflate
        self._decode_text = decode_text
        self._new_mask = (new_mask or _draw_mask) if role is Role.CLIENT else None
        self._deflater = make_deflater(deflate, is_client=role is Role.CLIENT) if deflate else None
        # Receiving
        self._decoder = FrameDecoder(
            masked=role is Role.SERVER, rsv1=deflate is not None, max_size=max_message_size
        )
        self._inflater = make_inflater(deflate, is_client=role is Role.CLIENT) if deflate else None
        self._assembler = Assembler(
            max_size=max_message_size,
            max_frames=max_frames,
            inflater=self._inflater,
            decode_text=decode_text,
        )
        # What was received and not processed for lack of room: pieces of frames, the error after them, and later bytes
        self._pieces: Sequence[Piece] = ()
        self._violation: ProtocolViolation | None = None
        self._unread: list[bytes] = []
        self.has_more = False
        """True if `receive` had no room for all data: call it again, without data."""
        self._discards = False
        # Sending: the message of which a part was sent, and whether it is compressed
        self._sending: Opcode | None = None
        self._deflating = False
        # Closing
        self._state = State.OPEN
        self.close_code: int | None = None
        """The peer's close code: 1005 if its close frame had none, 1006 if it sent none at all; None before the end."""
        self.close_reason: str = ""
        """The reason in the peer's close frame."""
        self.sent_code: int | None = None
        """The code of our close frame: 1005 if it had none; None before it was sent."""

    @property
    def state(self) -> State:
        """The state of the closing handshake."""
        return self._state

    # Receiving

    def receive(self, data: bytes = b"", room: int = MAX_MESSAGE_SIZE) -> list[WSMessage]:
        """Return the messages that `data` completes, in order, while there is room for them.

        A message counts for its data and 128 bytes. The message that exceeds `room` bytes is the last one. Data after
        it is kept as it was received, compressed if it was compressed: `has_more` is True then, and the next call, with
        or without data, continues. So the peer cannot decide how much memory a read takes.

        If the peer breaks the protocol, the last message is an ERROR with the ProtocolViolation, and later data is
        ignored. A CLOSE is the last message too.

        Raises:
            TypeError: `data` is not bytes, bytearray or memoryview.
        """
        if type(data) is not bytes:
            data = as_bytes(data)
        if self._state is not _OPEN and not self._can_receive():
            return []
        messages: list[WSMessage] = []
        if not (self.has_more or self._assembler.opcode or self._discards) and room >= 0:
            # The common case: whole messages, each in one frame, and nothing else
            messages, data = self._decoder.take_messages(data, self._decode_text)
            if not data:
                return messages
        start = 0  # what was taken is counted with the first batch
        if not self.has_more:
            self._pieces, self._violation = self._decoder.decode(data)
        elif data:
            self._unread.append(data)
        while room >= 0 or self._discards:
            if self._discards:
                self._process_control_frames(messages)
            else:
                self._process_frames(messages, room)
            if self._pieces or not self._decode_next():
                break
            for message in messages[start:]:
                room -= MESSAGE_COST + len(message.data)
            start = len(messages)
        self._update_has_more()
        return messages

    def _process_frames(self, messages: list[WSMessage], room: int) -> None:
        """Process pieces of frames while there is room, and append the messages that they complete.

        Plain messages are counted by the caller, after the batch: they are no larger than the data that was read.
        Compressed and fragmented messages are counted at once, because they may be larger or take long.
        """
        assembler, inflater = self._assembler, self._inflater
        ended = inflater.ended if inflater else 0
        pieces = iter(self._pieces)
        try:
            for piece in pieces:
                head, payload, left = piece
                # The common case: a whole message in one frame
                if head == _BINARY and not left and not assembler.opcode:
                    messages.append(_make(WSMessage, (_BINARY_TYPE, payload, None)))
                elif head == _TEXT and not left and not assembler.opcode:
                    text = decode_text(payload)
                    messages.append(
                        _make(WSMessage, (_TEXT_TYPE, text if self._decode_text else payload, None))
                    )
                elif not head & _CONTROL:
                    message = assembler.add(piece)
                    if message is not None:
                        messages.append(message)
                        room -= MESSAGE_COST + len(message.data)
                    # A compressed stream takes as much time as a message, and a message may have a thousand streams.
                    if room < 0 or (inflater and room < (inflater.ended - ended) * MESSAGE_COST):
                        self._pieces = list(pieces)
                        return
                elif head == _CLOSE:
                    messages.append(self._receive_close(payload))
                    return
                else:
                    assembler.count_control()
                    messages.append(WSMessage(_CONTROL_TYPES[head], payload))
            self._pieces = ()
            if self._violation is not None:
                raise self._violation
        except ProtocolViolation as error:
            messages.append(self._fail(error))

    def _process_control_frames(self, messages: list[WSMessage]) -> None:
        """Append the messages of control frames, and ignore all other frames."""
        pieces, self._pieces = self._pieces, ()
        try:
            for head, payload, _ in pieces:
                if head == _CLOSE:
                    messages.append(self._receive_close(payload))
                    return
                if head & _CONTROL:
                    messages.append(WSMessage(_CONTROL_TYPES[head], payload))
            if self._violation is not None:
                raise self._violation
        except ProtocolViolation as error:
            messages.append(self._fail(error))

    def _decode_next(self) -> bool:
        """Decode the next batch of frames; return False if there was nothing to decode."""
        if not self._decoder.has_more and not self._unread:
            return False
        if self._violation is not None or not self._can_receive():
            return False
        data = b"" if self._decoder.has_more else b"".join(self._unread)
        if data:
            self._unread.clear()
        self._pieces, self._violation = self._decoder.decode(data)
        return True

    def _update_has_more(self) -> None:
        """Set `has_more`; after the last data of a stream that has ended, close the connection."""
        if self._state is not _OPEN and not self._can_receive():
            self._pieces, self._violation = (), None
            self._unread.clear()
            self.has_more = False
            return
        self.has_more = bool(self._pieces or self._violation or self._decoder.has_more or self._unread)
        if self._state is State.STREAM_ENDED and not self.has_more:
            self.receive_eof()

    def _can_receive(self) -> bool:
        return Move.RECEIVE_FRAME in TRANSITIONS[self._state]

    def discard(self) -> None:
        """Stop returning messages: data frames are not inflated or checked any more, only control frames are processed.

        This is for a caller that waits for the peer's close frame, and does not want messages any more.
        """
        self._discards = True

    def receive_eof(self) -> None:
        """Process the end of the peer's stream: the connection is closed, with or without a closing handshake.

        If `receive` had no room for all data, the rest can still be received, and the connection is closed after it.
        """
        if self.has_more and not self._discards:
            self._state = advance(self._state, Move.EOF)
            return
        self._state = advance(self._state, Move.END)
        if self.close_code is None:
            self.close_code = WSCloseCode.ABNORMAL_CLOSURE
        self._update_has_more()

    def _receive_close(self, payload: bytes) -> WSMessage:
        code, reason = parse_close(payload)
        self._state = advance(self._state, Move.RECEIVE_CLOSE)
        self.close_code, self.close_reason = code, reason
        return WSMessage(WSMsgType.CLOSE, code, reason)

    def _fail(self, error: ProtocolViolation) -> WSMessage:
        error.__traceback__ = error.__context__ = None  # they refer to us: a reference cycle
        self._state = advance(self._state, Move.FAIL)
        self.close_code = WSCloseCode.ABNORMAL_CLOSURE  # the peer has sent no close frame (§7.1.5)
        return WSMessage(WSMsgType.ERROR, error)

    # Sending: every method returns the bytes to write

    def send_text(self, text: str, *, final: bool = True, compress: int | None = None) -> bytes:
        """Return a text message, or a part of one.

        Args:
            text: the text.
            final: True if this ends the message.
            compress: 0 to send this message uncompressed, 1 to 9 for another level, None for the agreed compression.

        Raises:
            TypeError: the text is not a str.
            UnicodeEncodeError: the text has a lone surrogate.
            ValueError: there is no such level, or an unfinished message is of another kind.
            ConnectionClosed: a close frame was sent, or the connection is closed.
        """
        return self.send(Opcode.TEXT, encode_text(text), final=final, compress=compress)

    def send_bytes(self, data: bytes, *, final: bool = True, compress: int | None = None) -> bytes:
        """Return a binary message, or a part of one; arguments and errors as in `send_text`."""
        return self.send(Opcode.BINARY, data, final=final, compress=compress)

    def send(
        self,
        opcode: Opcode,
        payload: bytes | bytearray | memoryview,
        *,
        final: bool = True,
        compress: int | None = None,
    ) -> bytes:
        """Return a message by its opcode; text is UTF-8 already; arguments and errors as in `send_text`."""
        if type(payload) is not bytes:
            payload = as_bytes(payload)
        if compress is not None:
            check_level(compress)
        if self._state is not _OPEN:
            self._state = advance(self._state, Move.SEND_DATA)
        if self._sending is None and final and (self._deflater is None or compress == 0):
            return format_frame(FIN | opcode, payload, self._new_mask() if self._new_mask else b"")
        return self._send_part(opcode, payload, final, compress)

    def _send_part(self, opcode: Opcode, payload: bytes, final: bool, compress: int | None) -> bytes:
        if self._sending is None:
            head = int(opcode)
            self._deflating = self._deflater is not None and compress != 0
            if self._deflating:
                head |= RSV1
        elif self._sending is not opcode:
            raise ValueError(f"a message of opcode {self._sending.name} is not finished")
        else:
            head, compress = Opcode.CONTINUATION, None  # the first part has chosen the level
        if self._deflating and self._deflater:
            payload = self._deflater.deflate(payload, final=final, level=compress)
        self._sending = None if final else opcode
        return self._frame(head | FIN if final else head, payload)

    def send_prepared(self, message: PreparedMessage) -> bytes:
        """Return a message that other connections send as well; errors as in `send_text`."""
        if self._new_mask or self._sending is not None:
            return self.send(message.opcode, message.payload)
        self._state = advance(self._state, Move.SEND_DATA)
        return message.format(self._deflater)

    def ping(self, payload: str | bytes = b"") -> bytes:
        """Return a ping.

        Raises:
            TypeError: the payload is neither str nor bytes.
            ValueError: it has more than 125 bytes.
            ConnectionClosed: a close frame was sent or received, or the connection is closed.
        """
        return self._send_control(Opcode.PING, payload)

    def pong(self, payload: str | bytes = b"") -> bytes:
        """Return a pong; errors as in `ping`."""
        return self._send_control(Opcode.PONG, payload)

    def close(self, code: int | None = WSCloseCode.OK, reason: str | bytes = "") -> bytes:
        """Return our close frame, which starts the closing handshake or completes it.

        Args:
            code: the close code; None for no code and no reason. Codes below 1000 have no meaning: 1001 is sent in
                place of them, with a warning.
            reason: the reason, which is cut to 123 bytes at a character boundary.

        Raises:
            TypeError: the code is not an int, or the reason neither str nor bytes.
            ValueError: the code must not be sent (RFC 6455 §7.4), or the reason is not UTF-8.
            ConnectionClosed: a close frame was sent already, or the connection is closed.
        """
        payload = b"" if code is None else format_close(code, reason)
        self._state = advance(self._state, Move.SEND_CLOSE)
        self.sent_code = int.from_bytes(payload[:2], "big") or NO_STATUS
        return self._frame(FIN | Opcode.CLOSE, payload)

    def reply_to(self, message: WSMessage) -> bytes:
        """Return the reply that `message` requires: a pong, a close frame, or nothing.

        The reply is empty as well if the closing handshake does not allow it any more.
        """
        moves = TRANSITIONS[self._state]
        if message.type is WSMsgType.PING and Move.SEND_CONTROL in moves:
            return self.pong(message.data)
        if message.type is WSMsgType.CLOSE and Move.SEND_CLOSE in moves:
            return self.close(None if message.data == NO_STATUS else message.data)
        if message.type is WSMsgType.ERROR and Move.SEND_CLOSE in moves:
            return self.close(message.data.code, str(message.data))
        return b""

    def _send_control(self, opcode: Opcode, data: str | bytes) -> bytes:
        payload = as_control(data)
        if len(payload) > _MAX_CONTROL:
            raise ValueError(
                f"a {opcode.name.lower()} carries at most {_MAX_CONTROL} bytes, not {len(payload)}"
            )
        self._state = advance(self._state, Move.SEND_CONTROL)
        return self._frame(FIN | opcode, payload)

    def _frame(self, head: int, payload: bytes) -> bytes:
        return format_frame(head, payload, self._new_mask() if self._new_mask else b"")
