"""A server of exchanges: its connections, the objects that they share, and their end.

It is a protocol factory for `loop.create_server`, and opens no socket itself.
"""

import asyncio
import inspect
import logging
import socket
from collections.abc import Callable, Mapping, Set
from contextlib import suppress
from contextvars import copy_context
from enum import IntEnum
from math import inf
from typing import Any, cast

from muntin.http_core import DEFAULT_LIMITS, Limits, Rejected
from muntin.runner._admission import RETRY_AFTER, Admission
from muntin.runner._arrivals import Arrivals
from muntin.runner._caps import DEFAULT_CAPS, Caps
from muntin.runner._clock import TickingClock
from muntin.runner._connection import Http1Connection
from muntin.runner._newcomers import Newcomers
from muntin.runner._overdue import CHECK_INTERVAL, OverdueConnections
from muntin.runner._peer import probe_when_silent
from muntin.runner._room import Room, Verdict
from muntin.runner._service import Rejector, Service
from muntin.runner._timeouts import DEFAULT_TIMEOUTS, Timeouts
from muntin.runner._watch import Watch
from muntin.runner.exchange import Exchange, ExchangeHandler

__all__ = ["Server"]

_LOGGER = logging.getLogger("muntin.server")


class ServerStage(IntEnum):
    """The stages of a server's end."""

    SERVING = 0
    STOPPING = 1
    """Exchanges under way are the last ones."""
    ENDING = 2
    """The server waits for exchanges under way, then cuts their connections."""
    OVER = 3


def _require_coroutine(handler: ExchangeHandler) -> ExchangeHandler:
    """Return a handler whose result is certainly a coroutine.

    A plain function may return a coroutine, so its result is checked when it is called.

    Raises:
        TypeError: the handler is not callable, or is an async generator.
    """
    if not callable(handler):
        raise TypeError(f"a handler is called with the exchange, and {handler!r} is not callable")
    if inspect.isasyncgenfunction(handler):
        raise TypeError(f"the handler {handler!r} is an async generator: it must not yield")
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__):
        return handler

    async def handle(exchange: Exchange) -> None:
        made: object = handler(exchange)
        if not inspect.isawaitable(made):
            kind = type(made).__name__
            raise TypeError(
                f"the handler {handler!r} returned {kind}, not a coroutine: write it with async def"
            )
        await made

    return handle


class Server:
    """Serves exchanges to the connections that a listening socket accepts.

    ```python
    import asyncio

    from muntin.http_core import ResponseHead
    from muntin.runner import Exchange, Server


    async def hello(exchange: Exchange) -> None:
        exchange.respond(ResponseHead(200, [("Content-Type", "text/plain")]), b"hello")


    async def main() -> None:
        server = Server(hello)
        listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
        listener.close()
        await server.shutdown(timeout=1)


    asyncio.run(main())
    ```

    Every handler starts with the context variables of the code that made the server.

    Args:
        handler: a coroutine function that responds to an exchange.
        limits: how much a peer may send.
        timeouts: how long a peer may take (seconds).
        caps: how many connections and requests there may be.
        tcp_keepalive: whether to enable TCP keep-alive, by which the system notices peers that vanished.
        handler_cancellation: whether a handler is cancelled when its peer goes away.
        rejector: a coroutine function that responds to a request which could not be read; the head of its exchange
            stands for the missing one. None for a short fixed text.
        logger: logs failures of handlers.

    Raises:
        TypeError: the handler is not callable, or is an async generator.
    """

    def __init__(
        self,
        handler: ExchangeHandler,
        *,
        limits: Limits = DEFAULT_LIMITS,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        caps: Caps = DEFAULT_CAPS,
        tcp_keepalive: bool = True,
        handler_cancellation: bool = False,
        rejector: Rejector | None = None,
        logger: logging.Logger = _LOGGER,
    ) -> None:
        handler = _require_coroutine(handler)
        self._handler = handler if caps.requests is None else Admission(handler, caps.requests).handle
        self._limits = limits
        self._timeouts = timeouts
        self._caps = caps
        self._room = Room(caps.connections)
        self._tcp_keepalive = tcp_keepalive
        self._handler_cancellation = handler_cancellation
        self._rejector = rejector
        self._logger = logger
        self._context = copy_context()
        self._service: Service | None = None
        """Made in the loop, with the first connection."""
        self._connections: set[Http1Connection] = set()
        self._arrivals = Arrivals(self._end_arrival)
        self._late: set[Http1Connection] = set()
        """Connections that were accepted while the server stops."""
        self._overdue = OverdueConnections()
        self._newcomers = Newcomers()
        self._watch = Watch(timeouts, logger)
        self._refused_count = 0
        """Connections refused since the last tick."""
        self._all_gone: asyncio.Future[None] | None = None
        self._stage = ServerStage.SERVING
        self._shutdown_callbacks: set[Callable[[], object]] = set()
        """The callbacks of upgraded connections."""

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol for a new connection, an `Http1Connection`."""
        return cast("asyncio.Protocol", Http1Connection(self._find_service(), self))

    def _find_service(self) -> Service:
        if self._service is None:
            self._service = self._make_service()
        return self._service

    def _make_service(self) -> Service:
        loop = asyncio.get_running_loop()
        return Service(
            handler=self._handler,
            rejector=self._rejector,
            loop=loop,
            context=self._context,
            clock=TickingClock(loop, self._timeouts, self.check_deadlines),
            limits=self._limits,
            timeouts=self._timeouts,
            caps=self._caps,
            logger=self._logger,
            handler_cancellation=self._handler_cancellation,
        )

    def call_on_request(self, callback: Callable[[], object]) -> None:
        """Call back for every request, before its handler; only to be used before there are connections."""
        handler = self._handler

        async def handle(exchange: Exchange) -> None:
            callback()
            await handler(exchange)

        self._handler = handle

    @property
    def timeouts(self) -> Timeouts:
        """The time-outs for peers."""
        return self._timeouts

    @property
    def connections(self) -> Set[Http1Connection]:
        """The open connections."""
        return frozenset(self._connections)

    def check_deadlines(self) -> None:
        """Check the deadline and the pace on every connection; the clock calls it at each tick."""
        for connection in self.connections:
            connection.check_deadline()
            self._watch.check(connection)
        self._watch.check_hangups(self.connections)
        if self._refused_count:
            self._logger.warning("refused %d connections: %d are open", self._refused_count, self._count())
            self._refused_count = 0
        self._check_empty()

    def _count(self) -> int:
        """Return the number of connections, including those in their TLS handshake."""
        return len(self._connections) + len(self._arrivals)

    # What an acceptor calls

    def serve_socket(self, accepted: socket.socket, tls: Mapping[str, Any]) -> None:
        """Serve a connection that was accepted, or close it if there is no room for it.

        Args:
            accepted: its socket; the server owns it from now on.
            tls: the arguments for TLS of `loop.connect_accepted_socket`; empty for a plain connection.
        """
        service = self._find_service()
        # The clock reports the refused connections.
        service.clock.start()
        verdict = self._room.judge(self._count() + 1, accepted.fileno())
        if verdict is Verdict.CUT:
            self._refused_count += 1
            accepted.close()
            return
        connection = Http1Connection(service, self)
        self._arrivals.begin(connection, accepted, tls, verdict)

    def report_refused_accept(self, error: OSError, pause: float) -> None:
        """Report that the system refused to accept a connection, and the time until the next try (seconds)."""
        self._logger.error("cannot accept connections, next try in %g s: %s", pause, error)

    # What connections call

    def connection_made(self, connection: Http1Connection) -> None:
        """Add a connection, and decide whether it is served."""
        verdict = self._arrivals.end(connection)
        self._connections.add(connection)
        if self._tcp_keepalive:
            probe_when_silent(connection.transport)
        if self._stage is ServerStage.OVER:
            # Its TLS handshake has outlasted the server.
            connection.abort()
        elif (verdict := verdict or self._judge(connection)) is not Verdict.SERVE:
            self._refuse(connection, verdict)
        elif self._stage > ServerStage.SERVING:
            self._late.add(connection)
            connection.announce_end()
            if self._newcomers.are_protected:
                self._newcomers.add(connection)
            else:
                connection.shorten_deadline()

    def _judge(self, connection: Http1Connection) -> Verdict:
        """Decide about a connection that was not accepted by a site."""
        sock = connection.transport.get_extra_info("socket")
        return self._room.judge(self._count(), -1 if sock is None else sock.fileno())

    def _refuse(self, connection: Http1Connection, verdict: Verdict) -> None:
        """Refuse a connection above the cap: respond 503, or cut it.

        Not accepting would be cheaper, but then its peer, or the load balancer in front, could only wait instead of
        trying another server. Each response makes a connection linger for a while, so only some of them get one.
        """
        self._refused_count += 1
        if verdict is Verdict.REFUSE:
            connection.refuse(Rejected(503, "Service Unavailable"), [RETRY_AFTER])
        else:
            connection.abort()

    def connection_lost(self, connection: Http1Connection) -> None:
        """Remove a lost connection."""
        self._connections.discard(connection)
        self._late.discard(connection)
        self._newcomers.drop(connection)
        self._watch.forget(connection)
        self._overdue.forget(connection)
        self._check_empty()

    def _end_arrival(self, connection: Http1Connection) -> None:
        """Handle the end of an attempt to connect, whether or not there is a connection now."""
        if connection not in self._connections:
            self._overdue.forget(connection)
        self._check_empty()

    def _check_empty(self) -> None:
        """Stop the clock and end waits if there are no connections."""
        self._newcomers.check_empty(len(self._arrivals))
        if self._connections or self._arrivals:
            return
        if not self._refused_count:
            self._find_service().clock.stop()
        if self._all_gone is not None and not self._all_gone.done():
            self._all_gone.set_result(None)

    def add_shutdown_callback(self, callback: Callable[[], object]) -> None:
        """Store a callback for the end of the connections; call it at once if they are being ended already."""
        if self._stage >= ServerStage.ENDING:
            callback()
        else:
            self._shutdown_callbacks.add(callback)

    def drop_shutdown_callback(self, callback: Callable[[], object]) -> None:
        """Remove the callback of a lost connection."""
        self._shutdown_callbacks.discard(callback)

    # The end

    def protect_newcomers(self) -> None:
        """Make `wait_for_newcomers` wait for connections without a request yet; to be called before `announce_end`."""
        self._newcomers.protect(self._connections)

    async def wait_for_newcomers(self, timeout: float) -> None:
        """Wait until all of these had a response, or are gone; at most `timeout` seconds."""
        await self._newcomers.wait(len(self._arrivals), timeout)

    def announce_end(self) -> None:
        """Let each connection end with the response under way, or otherwise with the next: its request may be on its
        way."""
        self._stage = max(self._stage, ServerStage.STOPPING)
        for connection in self.connections:
            connection.announce_end()

    def pre_shutdown(self) -> None:
        """Close idle connections, and let the others close after the response under way."""
        self._stage = max(self._stage, ServerStage.STOPPING)
        leaving = self.connections - self._late
        self._overdue.record_idle(leaving)
        for connection in leaving:
            connection.finish_soon()

    async def shutdown(
        self, timeout: float | None = None, *, grace: float | None = None, is_hurried: bool = False
    ) -> None:
        """End all connections.

        First the callbacks of upgraded connections are called. Handlers have `timeout` seconds to respond; after that
        they are cancelled, and have `grace` seconds to clean up. What is left then is cut. None means without a limit.
        The server does not wait for connections without work: an incomplete request or TLS handshake has half a second
        to become complete. Cancelling this method hurries it: handlers that are waited for are cancelled, and
        connections whose handlers were cancelled already are cut.

        Args:
            timeout: how long to wait for handlers (seconds).
            grace: how long to wait for cancelled handlers (seconds); None for `timeout` again.
            is_hurried: whether to cancel handlers without waiting for them first.
        """
        self.pre_shutdown()
        self._stage = ServerStage.ENDING
        for callback in list(self._shutdown_callbacks):
            callback()
        try:
            if not is_hurried:
                await self._wait_for_work(timeout)
        finally:
            await self._end_by_force(timeout if grace is None else grace)

    async def _end_by_force(self, timeout: float | None) -> None:
        try:
            if self._connections:
                for connection in self.connections:
                    connection.cancel()
                await self._wait_for_work(timeout)
        finally:
            self._stage = ServerStage.OVER
            for connection in (*self._arrivals, *self._connections):
                self._cut(connection)
            await self.wait_for_end(1.0)
            # The tasks in reserve were cancelled with their connections: let them end.
            await asyncio.sleep(0)

    async def _wait_for_work(self, timeout: float | None) -> None:
        """Wait until there is no work on connections any more, at most `timeout` seconds; cut those without work."""
        loop = asyncio.get_running_loop()
        deadline = inf if timeout is None else loop.time() + timeout
        while self._count() and (left := deadline - loop.time()) > 0:
            for connection in self._overdue.find_overdue((*self._arrivals, *self._connections), loop.time()):
                self._cut(connection)
            await self.wait_for_end(min(CHECK_INTERVAL, left))

    def _cut(self, connection: Http1Connection) -> None:
        if not self._arrivals.cut(connection):
            connection.abort()

    async def wait_for_end(self, timeout: float | None) -> bool:
        """Wait until there is no connection and no TLS handshake; return False if that took too long."""
        if not self._count():
            return True
        self._all_gone = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._all_gone
        return not self._count()
