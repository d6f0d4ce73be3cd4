"""`WebSocketResponse`: the response to an opening handshake, and the socket that follows it.

It knows how a handshake is part of HTTP. Messages and the closing of a socket are up to `muntin.websocket`.
"""

import json
from collections.abc import AsyncIterator, Callable, Container, Coroutine, Iterable
from functools import partial
from typing import Any, Final, NamedTuple, NoReturn, cast

from muntin.http_core import NO_BODY, BodyFraming, FramingKind
from muntin.runner import Duplex
from muntin.web.legacy import choose_close_code
from muntin.web.response.body import SocketOpener
from muntin.web.response.exceptions import HTTPBadRequest, HTTPException, HTTPForbidden, HTTPUpgradeRequired
from muntin.web.response.served_request import ServedRequest, UpgradableRequest
from muntin.web.response.server_clock import ServerClock
from muntin.web.response.stream import StreamResponse
from muntin.websocket import (
    Agreement,
    Connection,
    ConnectionClosed,
    Deflate,
    Handshake,
    PreparedMessage,
    Role,
    WSCloseCode,
    WSMessage,
    accept,
)
from muntin.websocket.aio import Sending, SocketOptions, WebSocket

__all__ = ["WebSocketReady", "WebSocketResponse"]

_MAX_MSG_SIZE: Final = 4 << 20
"""Bytes of the largest message that is received."""
_WRITER_LIMIT: Final = 256 << 10
"""Bytes that may be on their way before an awaited send waits."""
_WITHOUT_BODY: Final = (NO_BODY, BodyFraming(FramingKind.LENGTH, 0))
_REFUSALS: Final[dict[int, type[HTTPException]]] = {
    400: HTTPBadRequest,
    403: HTTPForbidden,
    426: HTTPUpgradeRequired,
}


class _NoSocket:
    """The placeholder of the socket before there is one."""

    def __getattr__(self, name: str) -> NoReturn:
        raise RuntimeError("a WebSocketResponse is no socket before prepare()")


_NO_SOCKET: Final = cast(WebSocket, _NoSocket())


class WebSocketReady(NamedTuple):
    """True if a request can become a WebSocket; with the subprotocol that it would speak."""

    ok: bool
    protocol: str | None

    def __bool__(self) -> bool:
        return self.ok


class WebSocketResponse(StreamResponse):
    """A WebSocket, which iterates over its messages.

    ```python
    from muntin import web


    async def echo(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            if message.type is web.WSMsgType.TEXT:
                await ws.send_str(message.data)
        return ws
    ```

    Sending acts at the call, from any task; awaiting it waits while the peer is slow. Receiving is for one task at a
    time.

    Args:
        timeout: seconds to wait for the peer to take part in the closing handshake; like the heartbeat rounded up to
            whole seconds of the loop's time from the server's `timeout_ceil_threshold` on.
        receive_timeout: seconds that a receive waits; None for ever.
        autoclose: whether a close frame of the peer is replied to at once.
        autoping: whether pings are replied to at once; if not, pings and pongs are returned as messages.
        heartbeat: seconds of silence after which the peer is pinged, and given up after half as many; None for never.
        protocols: the subprotocols to agree on, the preferred one first.
        compress: whether to compress if the peer can; a number from 9 to 15 for a smaller window; a `Deflate` for more:
            less memory, or none between messages.
        max_msg_size: bytes of the largest message that is received; 0 for no limit.
        writer_limit: bytes that may be on their way before an awaited send waits.
        decode_text: whether text is returned as str rather than bytes.
        origins: the pages that may open it, such as ``https://example.com``; None for all.

    Raises:
        ValueError: the protocols or the origins are one text, a number is below 0, or there is no such window.
        TypeError: an argument that should be a number is not.
    """

    def __init__(
        self,
        *,
        timeout: float = 10.0,
        receive_timeout: float | None = None,
        autoclose: bool = True,
        autoping: bool = True,
        heartbeat: float | None = None,
        protocols: Iterable[str] = (),
        compress: bool | int | Deflate = True,
        max_msg_size: int = _MAX_MSG_SIZE,
        writer_limit: int = _WRITER_LIMIT,
        decode_text: bool = True,
        origins: Container[str] | None = None,
    ) -> None:
        super().__init__(status=101)
        _check_collection("protocols", protocols)
        _check_collection("origins", origins)
        self._protocols = tuple(protocols)
        self._deflate = _deflate_for(compress)
        self._origins = origins
        self._engine_options: dict[str, Any] = {"max_message_size": max_msg_size, "decode_text": decode_text}
        self._socket_options: dict[str, Any] = {
            "timeout": timeout,
            "receive_timeout": receive_timeout,
            "autoclose": autoclose,
            "autoping": autoping,
            "heartbeat": heartbeat,
            "writer_limit": writer_limit,
        }
        SocketOptions(**self._socket_options)
        if max_msg_size < 0:
            raise ValueError(f"max_msg_size is {max_msg_size}, which is below 0")
        self._agreement: Agreement | None = None
        self._socket = _NO_SOCKET

    # The opening handshake

    def _shake_hands(self, request: ServedRequest) -> Handshake:
        head = request.exchange.head
        if head.framing not in _WITHOUT_BODY:
            # It would have to be read before the first frame, and no client has one to send.
            return Handshake(400, (), "an opening handshake has no body", None)
        return accept(
            [(name.decode("latin-1"), value.decode("latin-1")) for name, value in head.fields],
            method=head.method,
            version=head.version,
            subprotocols=self._protocols,
            deflate=self._deflate,
            origins=self._origins,
        )

    def can_prepare(self, request: ServedRequest) -> WebSocketReady:
        """Return whether `prepare` would succeed.

        Raises:
            RuntimeError: it has.
        """
        if self._is_open:
            raise RuntimeError("this socket is open already")
        agreement = self._shake_hands(request).agreement
        return WebSocketReady(agreement is not None, agreement.subprotocol if agreement else None)

    async def prepare(self, request: UpgradableRequest) -> None:
        """Respond to the opening handshake; from then on this is a socket.

        Raises:
            HTTPBadRequest: the request is no opening handshake, or a malformed one, or came by HTTP/1.0.
            ValueError: a subprotocol is no token.
            HTTPUpgradeRequired: it is one of another version.
            HTTPForbidden: it comes from a page of another origin.
            ConnectionResetError: the peer is gone.
        """
        if not self._is_fresh(request):
            return
        handshake = self._shake_hands(request)
        if handshake.agreement is None:
            refusal = _REFUSALS[handshake.status]
            raise refusal(headers=handshake.fields, text=f"{handshake.status}: {handshake.reason}")
        self._agreement = handshake.agreement
        self.headers.extend(handshake.fields)
        await self._send(request)

    def _describe_body(self) -> SocketOpener:
        return self._open_socket

    def _open_socket(self, duplex: Duplex, request: UpgradableRequest) -> None:
        agreement = self._agreement
        if agreement is None:
            raise RuntimeError("a socket is opened by a handshake")
        engine = Connection(Role.SERVER, deflate=agreement.deflate, **self._engine_options)
        self._socket = WebSocket(
            duplex,
            engine,
            subprotocol=agreement.subprotocol,
            clock=ServerClock(request.exchange.deadline_in),
            **self._socket_options,
        )
        # Not of the response, which it would be held by: timers of the handler keep its context until they are due.
        end = partial(_end_socket, self._socket)
        request.end_upgraded = end
        duplex.call_on_shutdown(end)

    @property
    def _is_open(self) -> bool:
        return self._socket is not _NO_SOCKET

    # What is known

    @property
    def closed(self) -> bool:
        """True if nothing can be sent any more."""
        return self._is_open and self._socket.closed

    @property
    def close_code(self) -> int | None:
        """The peer's close code; 1005 if its Close frame has none, 1006 if there is no such frame.

        The code that was sent, as long as the peer has not closed; None before the end.
        """
        return self._socket.close_code if self._is_open else None

    @property
    def ws_protocol(self) -> str | None:
        """The subprotocol that was agreed on."""
        return self._socket.subprotocol if self._is_open else None

    @property
    def compress(self) -> bool:
        """True if messages are compressed; before `prepare`, if they may be."""
        return self._socket.is_compressed if self._is_open else self._deflate is not None

    @property
    def write_buffer_size(self) -> int:
        """Bytes that were sent and not yet taken by the network."""
        return self._socket.write_buffer_size

    def exception(self) -> BaseException | None:
        """Return the error that ended the socket; None if there was none."""
        return self._socket.exception() if self._is_open else None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what the transport knows: "peername", "sslcontext", "socket" …"""
        return self._socket.get_extra_info(name, default) if self._is_open else default

    # Sending

    def send_str(self, data: str, compress: int | None = None) -> Sending:
        """Send a text message, now; awaiting the result waits while the peer is slow.

        Args:
            data: the text.
            compress: 0 for not this message, 1 to 9 for another level, None for what was agreed on.

        Raises:
            TypeError: it is no text.
            ConnectionResetError: the socket is closed.
            RuntimeError: before `prepare`.
        """
        return self._socket.send_str(data, compress)

    def send_bytes(self, data: bytes | bytearray | memoryview, compress: int | None = None) -> Sending:
        """Send a binary message; as `send_str`."""
        return self._socket.send_bytes(data, compress)

    def send_json(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], str] = json.dumps
    ) -> Sending:
        """Send something as JSON in a text message; as `send_str`, and raises what `dumps` raises."""
        return self._socket.send_json(data, compress, dumps=dumps)

    def send_json_bytes(
        self, data: Any, compress: int | None = None, *, dumps: Callable[[Any], bytes]
    ) -> Sending:
        """Send something as JSON in a binary message; `dumps` returns bytes."""
        return self._socket.send_bytes(dumps(data), compress)

    def send_frame(self, message: bytes, opcode: int, compress: int | None = None) -> Sending:
        """Send a message by its opcode, text as UTF-8; as `send_str`."""
        return self._socket.send_frame(message, opcode, compress)

    def send_prepared(self, message: PreparedMessage) -> Sending:
        """Send a message that many sockets get; as `send_str`."""
        return self._socket.send_prepared(message)

    def ping(self, message: str | bytes = b"") -> Sending:
        """Send a ping of at most 125 bytes; as `send_str`."""
        return self._socket.ping(message)

    def pong(self, message: str | bytes = b"") -> Sending:
        """Send a pong of at most 125 bytes; as `send_str`."""
        return self._socket.pong(message)

    # Receiving

    async def receive(self, timeout: float | None = None) -> WSMessage:
        """Return the next message; at the end CLOSE, CLOSING or CLOSED; on a failure ERROR, once, before that.

        Raises:
            TimeoutError: after `timeout` seconds, `receive_timeout` if that is None; the socket stays open.
            RuntimeError: another task waits already, or before `prepare`.
        """
        return await self._socket.receive(timeout)

    async def receive_str(self, *, timeout: float | None = None) -> str:
        """Return the text of the next message.

        Raises:
            TypeError: it is of another kind.
        """
        return await self._socket.receive_str(timeout=timeout)

    async def receive_bytes(self, *, timeout: float | None = None) -> bytes:
        """Return the data of the next message.

        Raises:
            TypeError: it is not binary.
        """
        return await self._socket.receive_bytes(timeout=timeout)

    async def receive_json(
        self, *, loads: Callable[[Any], Any] = json.loads, timeout: float | None = None
    ) -> Any:
        """Return the next message, a text, parsed as JSON."""
        return await self._socket.receive_json(loads=loads, timeout=timeout)

    def __aiter__(self) -> AsyncIterator[WSMessage]:
        return self._socket.__aiter__()

    def __anext__(self) -> Coroutine[Any, Any, WSMessage]:
        return self._socket.__anext__()

    # Ending

    async def close(
        self, *, code: int = WSCloseCode.OK, message: str | bytes = b"", drain: bool = True
    ) -> bool:
        """Close, and wait until the peer agrees, or for `timeout`; return False if it was closed already.

        Args:
            code: why; a code that cannot be sent becomes 1001.
            message: the reason, cut to 123 bytes.
            drain: whether to wait until the peer has taken what was sent.

        Raises:
            RuntimeError: before `prepare`.
        """
        if code < 1000:
            code = choose_close_code(code)
        return await self._socket.close(code=code, message=message, drain=drain)

    def close_nowait(self, *, code: int = WSCloseCode.OK, message: str | bytes = b"") -> None:
        """Begin to close; the rest happens by itself. Does nothing when it is closed already; as `close`."""
        self._socket.close_nowait(code=code, message=message)

    # As a response

    def deliver_nowait(self, request: ServedRequest) -> bool:
        return self._is_open and self._socket.closed

    async def deliver(self, request: UpgradableRequest) -> None:
        """Close: the handler has ended."""
        await self.prepare(request)
        await self.close()

    def write(self, data: Any) -> NoReturn:
        """Refuse: a socket has messages, and no body.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("a WebSocketResponse has no body: use send_str() or send_bytes()")

    def write_eof(self, data: Any = b"") -> Any:
        """Close the socket."""
        return self.close()

    def __repr__(self) -> str:
        state = "not prepared" if not self._is_open else "closed" if self._socket.closed else "open"
        return f"<WebSocketResponse {state}>"


def _end_socket(socket: WebSocket, error: Exception | None = None) -> bool:
    """Close because the handler failed, or was cancelled, or because the server stops.

    Returns:
        True if the error only says that the handler was still sending when the socket had ended.
    """
    socket.close_nowait(code=WSCloseCode.GOING_AWAY if error is None else WSCloseCode.INTERNAL_ERROR)
    return isinstance(error, ConnectionClosed)


def _check_collection(what: str, names: object) -> None:
    # A text is a collection of its characters, and contains every part of itself.
    if isinstance(names, (str, bytes, bytearray)):
        raise ValueError(f"pass a collection of {what}, such as [{names!r}]")


def _deflate_for(compress: bool | int | Deflate) -> Deflate | None:
    if isinstance(compress, Deflate):
        return compress
    if compress is True:
        return Deflate()
    return Deflate(server_max_window_bits=compress) if compress else None
