"""A server for WebSockets only. It accepts opening handshakes, and refuses all other requests."""

import asyncio
import inspect
import logging
import ssl as ssl_module
from collections.abc import Awaitable, Callable, Container, Sequence
from http import HTTPStatus
from typing import Any, Self

from muntin.websocket._connection import MAX_MESSAGE_SIZE, Connection, Role
from muntin.websocket._deflate import Deflate
from muntin.websocket._handshake import Agreement, accept, check_origins, check_subprotocols
from muntin.websocket.aio._client import COMPRESSION
from muntin.websocket.aio._duplex import AsyncioDuplex
from muntin.websocket.aio._heads import BadHead, Request, format_head, parse_request
from muntin.websocket.aio._heartbeat import Clock
from muntin.websocket.aio._options import (
    BUFFER_LIMIT,
    INBOX_LIMIT,
    WRITER_LIMIT,
    SocketOptions,
    check_seconds,
)
from muntin.websocket.aio._socket import WebSocket
from muntin.websocket.codes import WSCloseCode

__all__ = ["SocketHandler", "WebSocketServer", "serve"]

SocketHandler = Callable[[WebSocket, Request], Awaitable[object]]

_log = logging.getLogger("muntin.websocket")


class WebSocketServer:
    """A server that calls `handler` for every socket that is opened. `serve` builds it."""

    def __init__(
        self,
        handler: SocketHandler,
        *,
        subprotocols: Sequence[str],
        deflate: Deflate | None,
        origins: Container[str] | None,
        engine: dict[str, Any],
        options: dict[str, Any],
        open_timeout: float,
    ) -> None:
        if not callable(handler):
            raise TypeError(f"a handler is an asynchronous function, not {handler!r}")
        check_subprotocols(subprotocols)
        check_origins(origins)
        check_seconds("open_timeout", open_timeout)
        Connection(Role.SERVER, deflate=deflate, **engine)
        SocketOptions(**options)
        # Set once
        self._handler = handler
        self._subprotocols = subprotocols
        self._deflate = deflate
        self._origins = origins
        self._engine = engine
        self._options = options
        self._open_timeout = open_timeout
        # While it listens
        self._listener: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening: set[asyncio.Task[None]] = set()
        self.sockets: set[WebSocket] = set()
        """The sockets whose handlers run."""

    async def listen(self, host: str | None, port: int, ssl: ssl_module.SSLContext | None) -> None:
        """Start to accept connections."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(self._make_duplex, host, port, ssl=ssl)

    @property
    def port(self) -> int:
        """The port that the server listens on; the system chooses one for port 0."""
        if self._listener is None or not self._listener.sockets:
            raise RuntimeError("the server does not listen")
        return int(self._listener.sockets[0].getsockname()[1])

    async def close(self, *, code: int = WSCloseCode.GOING_AWAY, message: str = "") -> None:
        """Stop accepting connections, close all sockets, and wait until their handlers have ended."""
        if self._listener is not None:
            self._listener.close()
        for task in self._opening:
            task.cancel()
        for socket in list(self.sockets):
            socket.close_nowait(code=code, message=message)
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    def _make_duplex(self) -> AsyncioDuplex:
        duplex = AsyncioDuplex()
        task = asyncio.get_running_loop().create_task(self._open(duplex))
        for group in (self._tasks, self._opening):
            group.add(task)
            task.add_done_callback(group.discard)
        return duplex

    async def _open(self, duplex: AsyncioDuplex) -> None:
        try:
            async with asyncio.timeout(self._open_timeout):
                head = await duplex.read_head()
            request = parse_request(head)
        except (ConnectionResetError, TimeoutError):
            duplex.abort()
            return
        except BadHead as error:
            _refuse(duplex, head[:5] == b"HEAD ", error.status, (), str(error))
            return
        except asyncio.CancelledError:
            duplex.abort()
            raise
        except ValueError:
            _refuse(duplex, False, 431, (), "")  # without content, because the method may be HEAD
            return
        finally:
            self._opening -= {asyncio.current_task()}
        handshake = accept(
            request.fields,
            method=request.method,
            subprotocols=self._subprotocols,
            deflate=self._deflate,
            origins=self._origins,
        )
        if handshake.agreement is None:
            _refuse(duplex, request.method == "HEAD", handshake.status, handshake.fields, handshake.reason)
            return
        duplex.write(format_head("HTTP/1.1 101 Switching Protocols", handshake.fields))
        await self._serve(duplex, request, handshake.agreement)

    async def _serve(self, duplex: AsyncioDuplex, request: Request, agreement: Agreement) -> None:
        connection = Connection(Role.SERVER, deflate=agreement.deflate, **self._engine)
        socket = WebSocket(duplex, connection, subprotocol=agreement.subprotocol, **self._options)
        self.sockets.add(socket)
        code = WSCloseCode.OK
        try:
            handling = self._handler(socket, request)
            if not inspect.isawaitable(handling):
                raise TypeError(f"the handler {self._handler!r} is not an asynchronous function")
            await handling
        except ConnectionResetError:
            pass  # the connection has ended while the handler was sending
        except Exception:
            code = WSCloseCode.INTERNAL_ERROR
            _log.exception("a handler failed")
        finally:
            self.sockets.discard(socket)
            socket.close_nowait(code=code)


def _refuse(
    duplex: AsyncioDuplex, is_head: bool, status: int, fields: tuple[tuple[str, str], ...], reason: str
) -> None:
    body = reason.encode()
    framing = (
        ("Content-Type", "text/plain; charset=utf-8"),
        ("Content-Length", str(len(body))),
        ("Connection", "close"),
    )
    duplex.write(format_head(f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", (*fields, *framing)))
    if not is_head:  # RFC 9110 §9.3.2
        duplex.write(body)
    duplex.close()


async def serve(
    handler: SocketHandler,
    host: str | None,
    port: int,
    *,
    subprotocols: Sequence[str] = (),
    deflate: Deflate | None = COMPRESSION,
    origins: Container[str] | None = None,
    max_message_size: int = MAX_MESSAGE_SIZE,
    decode_text: bool = True,
    open_timeout: float = 10.0,
    ssl: ssl_module.SSLContext | None = None,
    timeout: float = 10.0,
    receive_timeout: float | None = None,
    autoclose: bool = True,
    autoping: bool = True,
    heartbeat: float | None = None,
    writer_limit: int = WRITER_LIMIT,
    buffer_limit: int = BUFFER_LIMIT,
    inbox_limit: int = INBOX_LIMIT,
    clock: Clock | None = None,
) -> WebSocketServer:
    """Listen on `host` and `port`, and run `handler(socket, request)` for each WebSocket that is opened.

    When a handler returns, its socket is closed. When it raises, the socket is closed with 1011, and the error is
    logged to `muntin.websocket`. Requests that are not an opening handshake, or not strict HTTP/1.1, are refused.

    The arguments that are not listed here are those of `accept`, `Connection` and `WebSocket`. All arguments
    are checked before the server listens.

    Args:
        handler: an asynchronous function.
        host: the address to listen on; None for all.
        port: the port; 0 for any free one.
        open_timeout: seconds that a client has to send its handshake.
        ssl: the context for `wss`; None for `ws`.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument is malformed or out of range.
        OSError: the server cannot listen.
    """
    server = WebSocketServer(
        handler,
        subprotocols=subprotocols,
        deflate=deflate,
        origins=origins,
        engine={"max_message_size": max_message_size, "decode_text": decode_text},
        options={
            "timeout": timeout,
            "receive_timeout": receive_timeout,
            "autoclose": autoclose,
            "autoping": autoping,
            "heartbeat": heartbeat,
            "writer_limit": writer_limit,
            "buffer_limit": buffer_limit,
            "inbox_limit": inbox_limit,
            "clock": clock,
        },
        open_timeout=open_timeout,
    )
    await server.listen(host, port, ssl)
    return server
