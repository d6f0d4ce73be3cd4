"""A WebSocket for tasks: the engine, a duplex, and time.

Theory. The engine runs when bytes arrive, not when a task asks for a message. So pings and close frames are replied to,
and a dead peer is noticed, while the handler is busy. Messages are put into an inbox; when it is full, reading pauses,
so that the peer has to wait.

Every send writes one whole frame, in the order of the calls, so any task may send. It returns an awaitable that waits
while the peer is slow. A caller that does not await it is not slowed down, but the bytes that a peer may leave unread
are bounded: beyond the bound the socket closes with 1011.

The socket has four parts: inbox, outbox, heartbeat and closing handshake. The first two do not call it back, except for
the callbacks that it sets for one call. The closing handshake decides how the socket ends, and the socket carries out
its decisions.
"""

import asyncio
import json
from collections.abc import Callable, Coroutine
from typing import Any

from muntin.websocket._connection import Connection
from muntin.websocket._payloads import as_bytes, encode_text, expect_bytes, expect_text
from muntin.websocket._prepared import PreparedMessage
from muntin.websocket.aio._closing import ClosingHandshake, Disconnect, Step
from muntin.websocket.aio._duplex import Duplex
from muntin.websocket.aio._heartbeat import Clock, Heartbeat
from muntin.websocket.aio._inbox import Inbox
from muntin.websocket.aio._options import (
    BUFFER_LIMIT,
    INBOX_LIMIT,
    WRITER_LIMIT,
    SocketOptions,
    check_seconds,
)
from muntin.websocket.aio._outbox import Outbox
from muntin.websocket.aio._sending import Sending
from muntin.websocket.codes import Opcode, WSCloseCode, WSMsgType
from muntin.websocket.errors import ConnectionClosed
from muntin.websocket.events import WSMessage

__all__ = ["WebSocket"]

_CLOSING, _CLOSED = WSMessage(WSMsgType.CLOSING, None), WSMessage(WSMsgType.CLOSED, None)
# Read once: access to a member of an enumeration takes as long as framing a message.
_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY
_PING, _PONG = WSMsgType.PING, WSMsgType.PONG
_TEXT_FRAME, _BINARY_FRAME = Opcode.TEXT, Opcode.BINARY


class WebSocket:
    """A WebSocket over `duplex`, after the opening handshake. Iterating over it yields its messages.

    Args:
        duplex: the connection; the socket becomes its receiver.
        connection: a new engine.
        subprotocol: the subprotocol that the handshake agreed on.
        timeout: seconds to wait for the peer in the closing handshake.
        receive_timeout: seconds that a receive waits; None for no limit.
        autoclose: True to reply to the peer's close frame automatically.
        autoping: True to reply to pings automatically; False to receive pings and pongs as messages.
        heartbeat: seconds of silence after which a ping is sent; after half as many more without a reply the connection
            is cut. None for no heartbeat.
        writer_limit: bytes in flight above which an awaited send waits.
        buffer_limit: bytes in flight above which a further send closes the socket with 1011.
        inbox_limit: bytes of messages in the inbox above which reading pauses.
        clock: the clock for the heartbeat and for closing; the running loop by default.

    Raises:
        TypeError: an argument is of another type. The duplex is untouched then.
        ValueError: a number is out of range. The duplex is untouched then.
    """

    __slots__ = (
        "__weakref__",
        "_autoping",
        "_clock",
        "_closing",
        "_connection",
        "_duplex",
        "_ended",
        "_heartbeat",
        "_inbox",
        "_is_read_scheduled",
        "_outbox",
        "_receive_timeout",
        "_subprotocol",
        "_timer",
    )

    def __init__(
        self,
        duplex: Duplex,
        connection: Connection,
        *,
        subprotocol: str | None = None,
        timeout: float = 10.0,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        writer_limit: int = WRITER_LIMIT,
        buffer_limit: int = BUFFER_LIMIT,
        inbox_limit: int = INBOX_LIMIT,
        clock: Clock | None = None,
    ) -> None:
        SocketOptions(
            timeout=timeout,
            receive_timeout=receive_timeout,
            heartbeat=heartbeat,
            writer_limit=writer_limit,
            buffer_limit=buffer_limit,
            inbox_limit=inbox_limit,
        )
        # Set once
        self._duplex = duplex
        self._connection = connection
        self._clock = clock or asyncio.get_running_loop()
        self._subprotocol = subprotocol
        self._receive_timeout = receive_timeout
        self._autoping = autoping
        # Parts
        self._inbox = Inbox(inbox_limit)
        self._outbox = Outbox(duplex, soft_limit=writer_limit, hard_limit=buffer_limit)
        self._closing = ClosingHandshake(connection, timeout=timeout, autoclose=autoclose)
        self._heartbeat: Heartbeat | None = None
        # Reading
        self._is_read_scheduled = False  # True if reading continues in the next turn of the loop
        # Closing: the timer of the closing handshake, and the event for tasks that wait for its end
        self._timer: asyncio.TimerHandle | None = None
        self._ended: asyncio.Event | None = None
        # These are last, because both may call back at once.
        if heartbeat:
            self._heartbeat = Heartbeat(
                heartbeat,
                self._clock,
                ping=self._send_heartbeat,
                give_up=self._cut_silent_peer,
                is_reading_paused=self._is_reading_paused,
            )
        duplex.attach(self)

    # State

    @property
    def subprotocol(self) -> str | None:
        """The subprotocol that the opening handshake agreed on."""
        return self._subprotocol

    @property
    def closed(self) -> bool:
        """True if nothing can be sent any more."""
        return self._closing.has_begun

    @property
    def close_code(self) -> int | None:
        """The peer's close code: 1005 if its close frame had none, 1006 if it sent none at all. Until that is known,
        the code that we have sent; None before the end."""
        code = self._connection.close_code
        return self._connection.sent_code if code is None else code

    @property
    def close_reason(self) -> str:
        """The reason in the peer's close frame."""
        return self._connection.close_reason

    @property
    def is_compressed(self) -> bool:
        """True if the opening handshake agreed on compression."""
        return self._connection.deflate is not None

    def exception(self) -> BaseException | None:
        """Return why the socket ended; None if it ended well, or is open."""
        return self._closing.exception

    def get_extra_info(self, name: str, default: object = None) -> Any:
        """Return information about the transport; see `asyncio.BaseTransport.get_extra_info`."""
        return self._duplex.get_extra_info(name, default)

    # Sending: the frame is written at the call, and the result may be awaited

    def send_str(self, data: str, compress: int | None = None) -> Sending:
        """Send a text message.

        Args:
            data: the text.
            compress: 0 to send this message uncompressed, 1 to 9 for another level, None for the agreed compression.

        Raises:
            TypeError: the data is not a str.
            ValueError: there is no such level, or the text has a lone surrogate.
            ConnectionClosed: the socket is closed, or the peer has left too much unread.
        """
        return self._write(self._connection.send(_TEXT_FRAME, encode_text(data), compress=compress))

    def send_bytes(self, data: bytes | bytearray | memoryview, compress: int | None = None) -> Sending:
        """Send a binary message; arguments and errors as in `send_str`."""
        return self._write(self._connection.send(_BINARY_FRAME, data, compress=compress))

    def send_json(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], str] = json.dumps
    ) -> Sending:
        """Send `data` as JSON in a text message; arguments and errors as in `send_str`, and those of `dumps`."""
        return self.send_str(dumps(data), compress)

    def send_frame(self, message: bytes, opcode: int, compress: int | None = None) -> Sending:
        """Send a message by its opcode; text must be UTF-8 already. Errors as in `send_str`."""
        kind = Opcode(opcode)
        if kind in (Opcode.TEXT, Opcode.BINARY):
            return self._write(self._connection.send(kind, as_bytes(message), compress=compress))
        if kind is Opcode.PING:
            return self.ping(message)
        if kind is Opcode.PONG:
            return self.pong(message)
        raise ValueError(f"{kind.name} is not a message that can be sent by itself")

    def send_prepared(self, message: PreparedMessage) -> Sending:
        """Send a message that other sockets send as well; errors as in `send_str`."""
        return self._write(self._connection.send_prepared(message))

    def ping(self, message: str | bytes = b"") -> Sending:
        """Send a ping of at most 125 bytes; errors as in `send_str`."""
        return self._write(self._connection.ping(message))

    def pong(self, message: str | bytes = b"") -> Sending:
        """Send a pong of at most 125 bytes, unsolicited or as a reply by hand; errors as in `send_str`."""
        return self._write(self._connection.pong(message))

    @property
    def write_buffer_size(self) -> int:
        """The number of bytes that were sent and not yet accepted by the network."""
        return self._outbox.size

    def _write(self, frame: bytes) -> Sending:
        # While messages wait, more frames are likely to follow.
        try:
            return self._outbox.write(frame, hold=bool(self._inbox.messages))
        except ConnectionClosed as error:
            self._carry_out(self._closing.close(WSCloseCode.INTERNAL_ERROR, "too much is left unread", error))
            raise

    # Receiving

    async def receive(self, timeout: float | None = None) -> WSMessage:
        """Return the next message. The end of the socket is a CLOSE, CLOSING or CLOSED, an error before it an ERROR.

        Args:
            timeout: seconds to wait; None for `receive_timeout`.

        Raises:
            TimeoutError: no message arrived in time; the socket stays open.
            RuntimeError: another task is waiting, or this was called again and again after the end.
            TypeError: the timeout is not a number.
            ValueError: the timeout is below 0.
        """
        timeout = self._receive_timeout if timeout is None else timeout
        if timeout is None:
            return await self._inbox.take()
        check_seconds("timeout", timeout)
        async with asyncio.timeout(timeout):
            return await self._inbox.take()

    async def receive_str(self, *, timeout: float | None = None) -> str:
        """Return the text of the next message; arguments and errors as in `receive`.

        Raises:
            TypeError: it is not a text message.
        """
        return expect_text(await self.receive(timeout))

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:
        """Return the data of the next message; arguments and errors as in `receive`.

        Raises:
            TypeError: it is not a binary message.
        """
        return expect_bytes(await self.receive(timeout))

    async def receive_json(
        self, *, loads: Callable[[Any], Any] = json.loads, timeout: float | None = None
    ) -> Any:
        """Return the next message, a text, parsed as JSON; errors as in `receive_str`, and those of `loads`."""
        return loads(await self.receive_str(timeout=timeout))

    def __aiter__(self) -> "WebSocket":
        return self

    def __anext__(self) -> Coroutine[Any, Any, WSMessage]:
        if self._receive_timeout is None:
            return self._inbox.take(is_iterating=True)
        return self._take_in_time(self._receive_timeout)

    async def _take_in_time(self, timeout: float) -> WSMessage:
        async with asyncio.timeout(timeout):
            return await self._inbox.take(is_iterating=True)

    # Closing

    async def close(
        self, *, code: int = WSCloseCode.OK, message: str | bytes = b"", drain: bool = True
    ) -> bool:
        """Close the socket, and wait until the peer has closed too, or for `timeout`.

        Messages that nobody has taken are dropped. Returns False if the socket was closed already.

        Args:
            code: the close code.
            message: the reason; both as in `Connection.close`.
            drain: True to wait as well until the peer has read what was sent.

        Raises:
            TypeError: the code or the reason is of another type.
            ValueError: the code must not be sent, or the reason is not UTF-8.
        """
        if self.closed:
            await self._wait_for_end()
            return False
        self._carry_out(self._closing.close(code, message))
        if drain:
            await self._outbox.drain()
        await self._wait_for_end()
        return True

    def close_nowait(self, *, code: int = WSCloseCode.OK, message: str | bytes = b"") -> None:
        """Start to close the socket, and do not wait. Does nothing if it is closed already. Errors as in `close`."""
        if not self.closed:
            self._carry_out(self._closing.close(code, message))

    def abort(self) -> None:
        """Cut the connection, without a closing handshake."""
        self._carry_out(self._closing.abort())

    async def __aenter__(self) -> "WebSocket":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def _wait_for_end(self) -> None:
        """Wait until both sides have closed, or one is gone."""
        if self._closing.has_peer_ended:
            return
        if self._ended is None:
            self._ended = asyncio.Event()
        await self._ended.wait()

    def _carry_out(self, step: Step) -> None:
        """Do what the closing handshake has decided."""
        if self._heartbeat is not None:
            self._heartbeat.stop()
        if step.frame:
            self._outbox.write_now(step.frame)
        if step.timer is not None:
            self._cancel_timer()
            self._timer = self._clock.call_later(step.timer, self._time_out)
        if step.is_over:
            self._finish()
        if step.disconnect is Disconnect.FLUSH:
            self._outbox.flush()
            self._duplex.close()
        elif step.disconnect is Disconnect.ABORT:
            self._cancel_timer()
            self._outbox.drop()
            self._duplex.abort()
        if step.drops_messages:
            # This is last, because reading may continue, and find the peer's close frame.
            self._inbox.finish(_CLOSED if step.is_over else _CLOSING, drop=True)

    def _finish(self) -> None:
        self._inbox.finish(_CLOSED)
        if self._ended is not None:
            self._ended.set()
        if self._closing.is_over:
            # References to this socket: without them it is freed without the garbage collector.
            self._outbox.stop()
            self._inbox.on_room = self._inbox.on_empty = self._heartbeat = None

    def _time_out(self) -> None:
        self._timer = None
        self._carry_out(self._closing.time_out())

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # Events of the duplex

    def data_received(self, data: bytes) -> None:
        """Process bytes of the peer: messages go to the inbox while it has room, and the rest waits in the engine."""
        if self._heartbeat is not None and data:
            self._heartbeat.reset()
        connection, inbox = self._connection, self._inbox
        messages = connection.receive(data, inbox.room)
        size = 0
        for kind, content, _ in messages:
            if kind is not _BINARY and kind is not _TEXT:
                self._take_in_turn(messages)
                break
            size += len(content)
        else:
            # The common case: messages alone
            if messages:
                inbox.put_all(messages, size)
        if inbox.room < 0:
            if inbox.on_room is None:
                inbox.on_room = self._continue_reading
                self._duplex.pause_reading()
        elif connection.has_more and inbox.on_room is None and not self._is_read_scheduled:
            # There is room, but this was enough for one turn of the loop: other tasks have to run.
            self._is_read_scheduled = True
            self._duplex.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_in_next_turn)

    def _take_in_turn(self, messages: list[WSMessage]) -> None:
        """Put messages into the inbox, and react to control frames and to the end, each in its turn."""
        for message in messages:
            kind = message.type
            if kind is _BINARY or kind is _TEXT:
                self._inbox.put(message, len(message.data))
            elif kind is _PING:
                self._react_to_ping(message)
            elif kind is _PONG:
                self._react_to_pong(message)
            else:
                self._react_to_last(message)

    def eof_received(self) -> None:
        """Process the end of the peer's stream."""
        self._carry_out(self._closing.receive_eof())

    def connection_lost(self, exc: Exception | None) -> None:
        """Process the end of the connection."""
        step = self._closing.lose_connection(exc)
        self._cancel_timer()
        self._outbox.drop()
        self._carry_out(step)
        self._heartbeat = None

    def _read_in_next_turn(self) -> None:
        self._is_read_scheduled = False
        self._continue_reading()

    def _continue_reading(self) -> None:
        """Process what waits in the engine, as there is room now, and resume reading."""
        self.data_received(b"")
        if self._closing.is_over:
            self._finish()
        if not (self._is_reading_paused() or self._is_read_scheduled or self._closing.is_stream_ended):
            self._duplex.resume_reading()

    def _is_reading_paused(self) -> bool:
        """Return whether reading is paused because the inbox is full."""
        return self._inbox.on_room is not None

    # Control frames

    def _react_to_ping(self, message: WSMessage) -> None:
        if self._autoping:
            self._outbox.write_newest(
                lambda: self._connection.reply_to(message), hold=bool(self._inbox.messages)
            )
        else:
            self._inbox.put(message, len(message.data))

    def _react_to_pong(self, message: WSMessage) -> None:
        if not self._autoping:
            self._inbox.put(message, len(message.data))

    def _react_to_last(self, message: WSMessage) -> None:
        """Process the peer's close frame, or the error that it made."""
        has_earlier = bool(self._inbox.messages)
        self._inbox.put(message, 0)
        self._inbox.finish(_CLOSED)
        self._inbox.on_empty = self._reply_to_last
        self._carry_out(self._closing.receive_last(message, can_reply_first=has_earlier))

    def _reply_to_last(self) -> None:
        self._carry_out(self._closing.reply())

    # Heartbeat

    def _send_heartbeat(self) -> None:
        self._outbox.write_newest(self._connection.ping)

    def _cut_silent_peer(self) -> None:
        error = TimeoutError("the peer did not reply to a ping")
        self._inbox.put(WSMessage(WSMsgType.ERROR, error), 0)
        self._carry_out(self._closing.abort(error))
