"""One WebSocket connection after its opening handshake, without I/O: bytes in, messages out, and back.

Knows how frames, messages, compression and the closing handshake go together. Must not know sockets, clocks
or tasks. What is sent is given as bytes, and whoever holds the socket writes them in that order. Nothing is
answered by itself: `reply_to` says what a peer is owed.

What arrives becomes messages while there is room for them, and the rest stays as it came: a read of 256 KiB may hold
sixty compressed messages of 4 MiB each.
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

__all__ = ["Role", "WebSocketConnection"]

MAX_MESSAGE_SIZE = 4 * 1024 * 1024
# A message at the size limit may come in 64-byte fragments, and there are peers that do so.
MAX_FRAMES = 2 * MAX_MESSAGE_SIZE // 64

MESSAGE_COST = 128
"""What a message counts for beside its data, so that a crowd of empty ones is bounded as well (bytes)."""

_TEXT = FIN | Opcode.TEXT
_BINARY = FIN | Opcode.BINARY
_TEXT_TYPE, _BINARY_TYPE = WSMsgType.TEXT, WSMsgType.BINARY
_CLOSE = FIN | Opcode.CLOSE
_CONTROL = 0x08
_MAX_CONTROL = 125
_OPEN = State.OPEN
_draw_mask = partial(os.urandom, 4)
_make = tuple.__new__  # what a named tuple does, without its detour through Python
_CONTROL_TYPES = {FIN | Opcode.PING: WSMsgType.PING, FIN | Opcode.PONG: WSMsgType.PONG}


class Role(Enum):
    """Which side we are: clients mask what they send, servers do not."""

    CLIENT = "client"
    SERVER = "server"


class WebSocketConnection:
    """A WebSocket connection as a function of its history.

    Args:
        role: which side we are.
        max_message_size: bytes of the largest message taken, once inflated; 0 for no limit.
        max_frames: how many frames one message may have, control frames between them included.
        deflate: what the opening handshake agreed on, or None for no compression.
        decode_text: whether text messages are given as str rather than bytes; they are checked either way.
        new_mask: gives the four bytes that mask the next frame; only a client's are used.

    Raises:
        TypeError, ValueError: one of them is of another type, or below 0.
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
        # Set once.
        self.role = role
        self.deflate = deflate
        self._decode_text = decode_text
        self._new_mask = (new_mask or _draw_mask) if role is Role.CLIENT else None
        self._deflater = make_deflater(deflate, is_client=role is Role.CLIENT) if deflate else None
        # The peer's half.
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
        # Of the peer's half what nobody has looked at for want of room: pieces of frames and the fault behind them, and
        # bytes that came later.
        self._pieces: Sequence[Piece] = ()
        self._violation: ProtocolViolation | None = None
        self._unread: list[bytes] = []
        self.has_more = False
        """Whether something waits that `receive` had no room for: call it again, without data."""
        self._discards = False
        # Our half: the message of which we have sent a part, and whether it is compressed.
        self._sending: Opcode | None = None
        self._deflating = False
        # Both.
        self._state = State.OPEN
        self.close_code: int | None = None
        """The peer's code: 1005 if it gave none, 1006 if it said nothing at all; None before the end."""
        self.close_reason: str = ""
        """The peer's reason."""
        self.sent_code: int | None = None
        """The code of our close frame: 1005 if it had none; None before it was sent."""

    @property
    def state(self) -> State:
        """Where the closing handshake stands."""
        return self._state

    # The peer's half.

    def receive(self, data: bytes = b"", room: int = MAX_MESSAGE_SIZE) -> list[WSMessage]:
        """Return the messages that `data` completes, in order, while there is room for them.

        The message that exceeds `room` bytes is the last one; each counts with its data and 128 bytes. What comes
        after it waits as it came, compressed where it was: then `has_more` is true, and a further call, with data or
        without, goes on. So no peer decides how much memory a read takes.

        Raises TypeError for what is no data, and nothing for what the peer does: when it breaks the protocol, the last
        message is an ERROR with the ProtocolViolation, and nothing is read from then on. A CLOSE is the last message
        too.
        """
        if type(data) is not bytes:
            data = as_bytes(data)
        if self._state is not _OPEN and not self._can_receive():
            return []
        messages: list[WSMessage] = []
        if not self.has_more:
            self._pieces, self._violation = self._decoder.decode(data)
        elif data:
            self._unread.append(data)
        while room >= 0 or self._discards:
            start = len(messages)
            if self._discards:
                self._skim(messages)
            else:
                self._convert(messages, room)
            if self._pieces or not self._fetch():
                break
            for message in messages[start:]:
                room -= MESSAGE_COST + len(message.data)
        self._settle()
        return messages

    def _convert(self, messages: list[WSMessage], room: int) -> None:
        """Look at the pieces of frames, as far as there is room, and append the messages that they complete.

        What stays as it came is counted when the whole batch is over: it is no larger than what was read. What grows,
        or takes its time, is counted at once.
        """
        assembler, inflater = self._assembler, self._inflater
        ended = inflater.ended if inflater else 0
        pieces = iter(self._pieces)
        try:
            for piece in pieces:
                head, payload, left = piece
                # The short way of a message that comes in one frame and one read.
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
                    # A compressed stream takes as long as a message, and there may be a thousand in one.
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

    def _skim(self, messages: list[WSMessage]) -> None:
        """Look at the pieces of control frames only."""
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

    def _fetch(self) -> bool:
        """Decode the next batch of frames; return whether there was anything to decode."""
        if not self._decoder.has_more and not self._unread:
            return False
        if self._violation is not None or not self._can_receive():
            return False
        data = b"" if self._decoder.has_more else b"".join(self._unread)
        if data:
            self._unread.clear()
        self._pieces, self._violation = self._decoder.decode(data)
        return True

    def _settle(self) -> None:
        """Decide whether anything waits, and close behind the last of a stream that has ended."""
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
        """Take no more messages: what comes from now on is not inflated, not checked and not returned.

        Only control frames are looked at, and the frames themselves. For who has sent a close frame and waits for
        the peer's, or has nobody who would take a message.
        """
        self._discards = True

    def receive_eof(self) -> None:
        """Take note that the peer will send no more bytes: the connection is closed, well or not.

        Where bytes that came before wait for room, they can still be received, and only then it is closed.
        """
        if self.has_more and not self._discards:
            self._state = advance(self._state, Move.EOF)
            return
        self._state = advance(self._state, Move.END)
        if self.close_code is None:
            self.close_code = WSCloseCode.ABNORMAL_CLOSURE
        self._settle()

    def _receive_close(self, payload: bytes) -> WSMessage:
        code, reason = parse_close(payload)
        self._state = advance(self._state, Move.RECEIVE_CLOSE)
        self.close_code, self.close_reason = code, reason
        return WSMessage(WSMsgType.CLOSE, code, reason)

    def _fail(self, error: ProtocolViolation) -> WSMessage:
        error.__traceback__ = error.__context__ = None  # frames would keep us alive until the next collection
        self._state = advance(self._state, Move.FAIL)
        self.close_code = WSCloseCode.ABNORMAL_CLOSURE  # what counts is what the peer said (§7.1.5)
        return WSMessage(WSMsgType.ERROR, error)

    # Our half. Every method gives the bytes to write; after our close frame they raise ConnectionClosed.

    def send_text(self, text: str, *, final: bool = True, compress: int | None = None) -> bytes:
        """Give a text message, or a part of one where `final` is false or an unfinished one came before.

        Args:
            text: any str; what has no UTF-8 form raises UnicodeEncodeError, what is no str TypeError.
            final: whether this ends the message.
            compress: 0 for not this message; 1 to 9 for another level; None for what was agreed on.
        """
        return self.send(Opcode.TEXT, encode_text(text), final=final, compress=compress)

    def send_bytes(self, data: bytes, *, final: bool = True, compress: int | None = None) -> bytes:
        """Give a binary message, or a part of one; arguments as in `send_text`."""
        return self.send(Opcode.BINARY, data, final=final, compress=compress)

    def send(
        self, opcode: Opcode, payload: bytes, *, final: bool = True, compress: int | None = None
    ) -> bytes:
        """Return a message whose text, if it is text, is UTF-8 already; arguments as in `send_text`."""
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
            head, compress = Opcode.CONTINUATION, None  # the level is chosen by the first part
        if self._deflating and self._deflater:
            payload = self._deflater.deflate(payload, final=final, level=compress)
        self._sending = None if final else opcode
        return self._frame(head | FIN if final else head, payload)

    def send_prepared(self, message: PreparedMessage) -> bytes:
        """Give a message that other connections send as well."""
        if self._new_mask or self._sending is not None:
            return self.send(message.opcode, message.payload)
        self._state = advance(self._state, Move.SEND_DATA)
        return message.format(self._deflater)

    def ping(self, payload: str | bytes = b"") -> bytes:
        """Return a ping; raises ValueError for a payload of more than 125 bytes."""
        return self._send_control(Opcode.PING, payload)

    def pong(self, payload: str | bytes = b"") -> bytes:
        """Return a pong; raises ValueError for a payload of more than 125 bytes."""
        return self._send_control(Opcode.PONG, payload)

    def close(self, code: int | None = WSCloseCode.OK, reason: str | bytes = "") -> bytes:
        """Give our close frame: the first step of the closing handshake, or the second.

        A reason is cut to 123 bytes, between characters; without a code (None) there is none. Codes below
        1000 mean nothing to any peer: 1001 is sent for them, with a warning. Raises ValueError for a code
        that must not be sent (RFC 6455 §7.4), and for bytes that are not UTF-8.
        """
        payload = b"" if code is None else format_close(code, reason)
        self._state = advance(self._state, Move.SEND_CLOSE)
        self.sent_code = int.from_bytes(payload[:2], "big") or NO_STATUS
        return self._frame(FIN | Opcode.CLOSE, payload)

    def reply_to(self, message: WSMessage) -> bytes:
        """Give what a peer is owed for `message`, just received: a pong, a close frame, or nothing.

        Nothing also where the closing handshake leaves no room for it.
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
