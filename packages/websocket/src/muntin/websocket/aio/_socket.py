"""A WebSocket for tasks: the engine, a duplex, and time.

Theory. The engine runs when bytes arrive, not when somebody asks for a message. So pings are answered,
close frames are answered and a dead peer is noticed while the handler is busy elsewhere. What is left for
the handler are messages, in an inbox; when it is full, reading pauses, and the peer feels it.

Every send writes one whole frame, in the order of the calls, from whatever task: there is nothing to interleave. It
returns something that may be awaited, to wait while the peer is slow. Who does not await is not slowed down, but the
amount that a peer may leave unread is bounded: beyond it the socket closes with 1011.

How a socket ends is in `_ending`.

Knows tasks and the duplex. Must not know frames, or HTTP.
"""

import asyncio
import json
from collections.abc import Callable
from typing import Any, ClassVar

from muntin.websocket._connection import WebSocketConnection
from muntin.websocket._payloads import as_bytes, encode_text, expect_bytes, expect_text
from muntin.websocket._prepared import PreparedMessage
from muntin.websocket.aio._duplex import Duplex
from muntin.websocket.aio._ending import Ending
from muntin.websocket.aio._heartbeat import Clock, Heartbeat
from muntin.websocket.aio._options import (
    BUFFER_LIMIT,
    INBOX_LIMIT,
    WRITER_LIMIT,
    SocketOptions,
    check_seconds,
)
from muntin.websocket.aio._sending import Sending
from muntin.websocket.codes import Opcode, WSCloseCode, WSMsgType
from muntin.websocket.events import WSMessage

__all__ = ["WebSocket"]

_ENDS = frozenset({WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED})
# Looked up once: finding a member of an enumeration costs as much as framing a message.
_TEXT, _BINARY = WSMsgType.TEXT, WSMsgType.BINARY
_TEXT_FRAME, _BINARY_FRAME = Opcode.TEXT, Opcode.BINARY


class WebSocket:
    """A WebSocket over `duplex`, after the opening handshake; iterating over it gives its messages.

    Args:
        duplex: the bytes; taken over at once.
        connection: the engine, fresh.
        subprotocol: what the handshake agreed on.
        timeout: seconds to wait for the peer to take part in the closing handshake.
        receive_timeout: seconds that a receive waits; None for ever.
        autoclose: whether the peer's close frame is answered by itself.
        autoping: whether pings are answered by themselves; if not, pings and pongs are given out as messages.
        heartbeat: seconds of silence after which the peer is pinged, and given up on after half as many;
            None never.
        writer_limit: bytes that may be on their way before an awaited send waits.
        buffer_limit: bytes that may be on their way before a further send closes the socket with 1011.
        inbox_limit: bytes of messages that may wait to be received before reading pauses.
        clock: what measures the heartbeat and the timeout of closing; the running loop if None.

    Raises:
        TypeError, ValueError: one of them is of another type, or makes no sense; nothing is taken over then.
    """

    __slots__ = (
        "__weakref__",
        "_autoping",
        "_connection",
        "_duplex",
        "_ending",
        "_heartbeat",
        "_inbox",
        "_is_put_off",
        "_outbox",
        "_receive_timeout",
        "_subprotocol",
    )

    def __init__(
        self,
        duplex: Duplex,
        connection: WebSocketConnection,
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
        # Set once.
        self._duplex = duplex
        self._connection = connection
        self._subprotocol = subprotocol
        self._receive_timeout = receive_timeout
        self._autoping = autoping
        self._is_put_off = False  # whether reading goes on in the next turn of the loop
        clock = clock or asyncio.get_running_loop()
        self._ending = Ending(
            duplex,
            connection,
            clock,
            timeout=timeout,
            autoclose=autoclose,
            inbox_limit=inbox_limit,
            read_on=self._read_on,
            writer_limit=writer_limit,
            buffer_limit=buffer_limit,
        )
        self._inbox = self._ending.inbox
        self._outbox = self._ending.outbox
        # Last, as both may call back at once.
        self._heartbeat: Heartbeat | None = None
        if heartbeat:
            self._heartbeat = self._ending.heartbeat = Heartbeat(
                heartbeat,
                clock,
                ping=self._send_heartbeat,
                give_up=self._ending.give_up_on_silence,
                is_deaf=lambda: self._inbox.is_paused,
            )
        duplex.attach(self)

    # What can be asked at any time.

    @property
    def subprotocol(self) -> str | None:
        """What the opening handshake agreed on."""
        return self._subprotocol

    @property
    def closed(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._ending.has_begun

    @property
    def close_code(self) -> int | None:
        """The peer's close code; 1005 if it gave none, 1006 if it broke off; until it has said so, the one
        that we have sent; None before the end."""
        code = self._connection.close_code
        return self._connection.sent_code if code is None else code

    @property
    def close_reason(self) -> str:
        """The peer's reason."""
        return self._connection.close_reason

    @property
    def is_compressed(self) -> bool:
        """Whether the opening handshake agreed on compression."""
        return self._connection.deflate is not None

    def exception(self) -> BaseException | None:
        """Give what ended the socket, if it did not end well."""
        return self._ending.exception

    def get_extra_info(self, name: str, default: object = None) -> Any:
        """Give what the transport knows under `name`."""
        return self._duplex.get_extra_info(name, default)

    # Sending: written at the call, awaited if one likes.

    def send_str(self, data: str, compress: int | None = None) -> Sending:
        """Send a text message; raises TypeError, or ConnectionClosed, at the call.

        `compress`: 0 for not this message, 1 to 9 for another level, None for what was agreed on.
        """
        return self._outbox.write(self._connection.send(_TEXT_FRAME, encode_text(data), compress=compress))

    def send_bytes(self, data: bytes | bytearray | memoryview, compress: int | None = None) -> Sending:
        """Send a binary message; as `send_str`."""
        payload = data if type(data) is bytes else as_bytes(data)
        return self._outbox.write(self._connection.send(_BINARY_FRAME, payload, compress=compress))

    def send_json(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], str] = json.dumps
    ) -> Sending:
        """Send `data` as a text message of JSON; as `send_str`, and raises what `dumps` raises."""
        return self.send_str(dumps(data), compress)

    def send_frame(self, message: bytes, opcode: int, compress: int | None = None) -> Sending:
        """Send a message by its opcode; text must be UTF-8 already."""
        kind = Opcode(opcode)
        if kind in (Opcode.TEXT, Opcode.BINARY):
            return self._outbox.write(self._connection.send(kind, as_bytes(message), compress=compress))
        if kind is Opcode.PING:
            return self.ping(message)
        if kind is Opcode.PONG:
            return self.pong(message)
        raise ValueError(f"{kind.name} is not a message that can be sent by itself")

    def send_prepared(self, message: PreparedMessage) -> Sending:
        """Send a message that other sockets get as well."""
        return self._outbox.write(self._connection.send_prepared(message))

    def ping(self, message: str | bytes = b"") -> Sending:
        """Send a ping of at most 125 bytes."""
        return self._outbox.write(self._connection.ping(message))

    def pong(self, message: str | bytes = b"") -> Sending:
        """Send a pong of at most 125 bytes that nobody has asked for, or one by hand."""
        return self._outbox.write(self._connection.pong(message))

    @property
    def write_buffer_size(self) -> int:
        """How many bytes were sent but have not been taken by the network yet."""
        return self._outbox.size

    # Receiving.

    async def receive(self, timeout: float | None = None) -> WSMessage:
        """Give the next message, or what stands for the end: CLOSE, CLOSING, CLOSED; or ERROR, once, before
        it.

        Raises TimeoutError after `timeout` seconds (`receive_timeout` if None), which leaves the socket open;
        RuntimeError when another task is waiting already, and when called again and again after the end.
        """
        timeout = self._receive_timeout if timeout is None else timeout
        if timeout is None:
            return await self._inbox.take()
        check_seconds("timeout", timeout)
        async with asyncio.timeout(timeout):
            return await self._inbox.take()

    async def receive_str(self, *, timeout: float | None = None) -> str:
        """Give the text of the next message; raises TypeError when it is of another kind."""
        return expect_text(await self.receive(timeout))

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:
        """Give the data of the next message; raises TypeError when it is not binary."""
        return expect_bytes(await self.receive(timeout))

    async def receive_json(
        self, *, loads: Callable[[Any], Any] = json.loads, timeout: float | None = None
    ) -> Any:
        """Give the next message, a text, parsed as JSON; raises what `receive_str` and `loads` raise."""
        return loads(await self.receive_str(timeout=timeout))

    def __aiter__(self) -> "WebSocket":
        return self

    async def __anext__(self) -> WSMessage:
        message = await (self._inbox.take() if self._receive_timeout is None else self.receive())
        if message.type in _ENDS:
            raise StopAsyncIteration
        return message

    # Ending.

    async def close(
        self, *, code: int = WSCloseCode.OK, message: str | bytes = b"", drain: bool = True
    ) -> bool:
        """Close, and wait until the peer agrees, or for the timeout; gives False when it was closed already.

        What was received and not taken is dropped. `drain`: whether to wait until the peer has taken what
        was sent, even if it has said goodbye before. Codes and messages as in `WebSocketConnection.close`.
        """
        if self.closed:
            await self._ending.wait()
            return False
        self._ending.begin(code, message)
        if drain:
            await self._outbox.drain()
        await self._ending.wait()
        return True

    def close_nowait(self, *, code: int = WSCloseCode.OK, message: str | bytes = b"") -> None:
        """Begin to close; the rest happens by itself. Does nothing when it is closed already."""
        if not self.closed:
            self._ending.begin(code, message)

    def abort(self) -> None:
        """Cut the connection."""
        self._ending.cut()

    async def __aenter__(self) -> "WebSocket":
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    # What the duplex tells.

    def data_received(self, data: bytes) -> None:
        """Take bytes from the duplex."""
        if self._heartbeat is not None:
            self._heartbeat.hear()
        self._read(data)

    def _read(self, data: bytes) -> None:
        """Take messages while there is room for them; what waits stays in the engine, as it came."""
        connection, inbox = self._connection, self._inbox
        for message in connection.receive(data, inbox.room):
            kind, content, _ = message
            if kind is _BINARY or kind is _TEXT:
                inbox.put(message, len(content))
            else:
                self._reactions[kind](self, message)
        if connection.has_more and not inbox.is_paused and not self._is_put_off:
            # There is room, but it was enough for one turn of the loop: others want theirs.
            self._is_put_off = True
            self._duplex.pause_reading()
            asyncio.get_running_loop().call_soon(self._read_what_was_put_off)

    def _read_what_was_put_off(self) -> None:
        self._is_put_off = False
        self._read_on()

    def _read_on(self) -> None:
        """Go on with what waits, as there is room, and then with what comes."""
        self._read(b"")
        self._ending.run_out()
        if not (self._inbox.is_paused or self._is_put_off or self._ending.is_gone):
            self._duplex.resume_reading()

    def eof_received(self) -> None:
        """Take note that the peer has ended its stream."""
        self._ending.run_dry()

    def connection_lost(self, exc: Exception | None) -> None:
        """Take note that there is no connection any more."""
        self._ending.lose(exc)
        self._heartbeat = None

    def _react_to_ping(self, message: WSMessage) -> None:
        if self._autoping:
            self._outbox.answer(lambda: self._connection.reply_to(message))
        else:
            self._inbox.put(message, len(message.data))

    def _react_to_pong(self, message: WSMessage) -> None:
        if not self._autoping:
            self._inbox.put(message, len(message.data))

    def _react_to_end(self, message: WSMessage) -> None:
        self._ending.hear(message)

    _reactions: ClassVar[dict[WSMsgType, Callable[["WebSocket", WSMessage], None]]] = {
        WSMsgType.PING: _react_to_ping,
        WSMsgType.PONG: _react_to_pong,
        WSMsgType.CLOSE: _react_to_end,
        WSMsgType.ERROR: _react_to_end,
    }

    def _send_heartbeat(self) -> None:
        self._outbox.answer(self._connection.ping)
