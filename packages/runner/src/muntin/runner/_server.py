"""A server: what its connections share, which there are, and how they end.

It is the protocol factory that `loop.create_server` wants; it opens no socket itself.
"""

import asyncio
import inspect
import logging
from collections.abc import Callable, Set
from contextlib import suppress
from contextvars import copy_context
from enum import IntEnum

from muntin.http_core import DEFAULT_LIMITS, Limits, Rejected
from muntin.runner._admission import ASK_AGAIN, Admission
from muntin.runner._caps import DEFAULT_CAPS, Caps, fit_descriptors
from muntin.runner._clock import Clock
from muntin.runner._connection import Connection
from muntin.runner._peer import probe_when_silent
from muntin.runner._service import Rejector, Service
from muntin.runner._timeouts import DEFAULT_TIMEOUTS, Timeouts
from muntin.runner._watch import Watch
from muntin.runner.exchange import Exchange, ExchangeHandler

__all__ = ["Server"]

# Connections beyond the cap that are told so; more at a time are cut, or they would be what fills the process.
_ANSWERED_EXCESS = 64

_LOGGER = logging.getLogger("muntin.server")


class Stage(IntEnum):
    """How far the end of a server has come."""

    SERVING = 0
    STOPPING = 1
    """What is under way is the last."""
    ENDING = 2
    """What is under way is waited for, then cut."""
    OVER = 3


def _require_coroutine(handler: ExchangeHandler) -> ExchangeHandler:
    """Return a handler whose result is a coroutine, as what runs it takes for granted.

    A plain function may return one, so only its result can be refused, when there is one.

    Raises:
        TypeError: it cannot be called, or is an async generator.
    """
    if not callable(handler):
        raise TypeError(f"a handler is called with the exchange, and {handler!r} is not callable")
    if inspect.isasyncgenfunction(handler):
        raise TypeError(f"the handler {handler!r} is an async generator: it must not yield")
    if inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(type(handler).__call__):
        return handler

    async def answer(exchange: Exchange) -> None:
        made: object = handler(exchange)
        if not inspect.isawaitable(made):
            kind = type(made).__name__
            raise TypeError(f"the handler {handler!r} returned {kind}, no coroutine: write it with async def")
        await made

    return answer


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

    The context variables of whoever makes the server are those that every handler starts with.

    Args:
        handler: a coroutine function that answers an exchange.
        limits: how much a peer may send.
        timeouts: how long a peer may take (seconds).
        caps: how many connections and requests there may be.
        tcp_keepalive: whether the system is to find out about peers that vanished in silence.
        handler_cancellation: whether a handler is cancelled when its peer goes away.
        rejector: a coroutine function that answers a request which could not be read; its exchange has another head
            that stands for the missing one. None for a few fixed words.
        logger: where failures of handlers are reported.

    Raises:
        TypeError: the handler cannot be called, or is an async generator.
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
        self._handler = handler if caps.requests is None else Admission(handler, caps.requests).answer
        self._limits = limits
        self._timeouts = timeouts
        self._caps = caps
        self._most = fit_descriptors(caps.connections)
        self._tcp_keepalive = tcp_keepalive
        self._handler_cancellation = handler_cancellation
        self._rejector = rejector
        self._logger = logger
        self._context = copy_context()
        self._service: Service | None = None
        """Made in the loop, with the first connection."""
        self._connections: set[Connection] = set()
        self._late: set[Connection] = set()
        """Those that were accepted while the server stops."""
        self._watch = Watch(timeouts, logger)
        self._turned_away = 0
        """Connections too many, since the last tick."""
        self._all_gone: asyncio.Future[None] | None = None
        self._stage = Stage.SERVING
        self._farewells: set[Callable[[], object]] = set()
        """What is said to peers that speak another protocol by now."""

    def __call__(self) -> Connection:
        """Give the protocol for a new connection."""
        service = self._service
        if service is None:
            service = self._service = self._make_service()
        return Connection(service, self)

    def _make_service(self) -> Service:
        loop = asyncio.get_running_loop()
        return Service(
            handler=self._handler,
            rejector=self._rejector,
            loop=loop,
            context=self._context,
            clock=Clock(loop, self._timeouts, self.check_deadlines),
            limits=self._limits,
            timeouts=self._timeouts,
            caps=self._caps,
            logger=self._logger,
            handler_cancellation=self._handler_cancellation,
        )

    def call_on_request(self, callback: Callable[[], object]) -> None:
        """Call back for every request, before its handler; to be said before there are connections."""
        handler = self._handler

        async def answer(exchange: Exchange) -> None:
            callback()
            await handler(exchange)

        self._handler = answer

    @property
    def timeouts(self) -> Timeouts:
        """How long a peer may take."""
        return self._timeouts

    @property
    def connections(self) -> Set[Connection]:
        """The connections there are."""
        return frozenset(self._connections)

    def check_deadlines(self) -> None:
        """Part with the peers that had their time; the clock asks for it at each tick."""
        for connection in self.connections:
            connection.check_deadline()
            self._watch.look(connection)
        self._watch.look_for_hangups(self.connections)
        if self._turned_away:
            self._logger.warning(
                "turned away %d connections: %d are open", self._turned_away, len(self._connections)
            )
            self._turned_away = 0

    # What connections call

    def connection_made(self, connection: Connection) -> None:
        """Count a connection."""
        self._connections.add(connection)
        if self._tcp_keepalive:
            probe_when_silent(connection.transport)
        if self._stage is Stage.OVER:
            # Its TLS handshake has outlasted the server.
            connection.abort()
        elif self._most is not None and len(self._connections) > self._most:
            self._turn_away(connection, len(self._connections) - self._most)
        elif self._stage > Stage.SERVING:
            self._late.add(connection)
            connection.announce_end()
            connection.hurry()

    def _turn_away(self, connection: Connection, excess: int) -> None:
        """Answer a connection that is one too many.

        Not accepting would be cheaper, but then its peer, or the balancer in front, could only wait, not ask elsewhere.
        Each that is answered lingers for a moment, so only some of them are.
        """
        self._turned_away += 1
        if excess <= _ANSWERED_EXCESS:
            connection.refuse(Rejected(503, "Service Unavailable"), [ASK_AGAIN])
        else:
            connection.abort()

    def connection_lost(self, connection: Connection) -> None:
        """Count a connection no more."""
        self._connections.discard(connection)
        self._late.discard(connection)
        self._watch.forget(connection)
        if not self._connections:
            connection.clock.stop()
            if self._all_gone is not None and not self._all_gone.done():
                self._all_gone.set_result(None)

    def add_farewell(self, farewell: Callable[[], object]) -> None:
        """Note what to call when connections are ended; it is called at once when they are being ended already."""
        if self._stage >= Stage.ENDING:
            farewell()
        else:
            self._farewells.add(farewell)

    def drop_farewell(self, farewell: Callable[[], object]) -> None:
        """Forget about it: that connection is gone."""
        self._farewells.discard(farewell)

    # The end

    def announce_end(self) -> None:
        """Let each connection end with the answer under way, or else with the next: it may have been asked for."""
        self._stage = max(self._stage, Stage.STOPPING)
        for connection in self.connections:
            connection.announce_end()

    def pre_shutdown(self) -> None:
        """Close the connections that idle, and let the others close with the answer under way."""
        self._stage = max(self._stage, Stage.STOPPING)
        for connection in self.connections - self._late:
            connection.finish_soon()

    async def shutdown(self, timeout: float | None = None, *, is_hurried: bool = False) -> None:
        """End all connections.

        Whoever upgraded one, and asked for it, is told to say goodbye. Handlers have `timeout` seconds to answer;
        those that do not are cancelled, and have as long again to clean up. What is left then is cut. None: wait
        for as long as it takes. To cancel this ends the waiting, not the work: handlers that are waited for are
        cancelled then, and those that were cancelled already are cut.

        Args:
            timeout: how long to wait, each time (seconds).
            is_hurried: whether to cancel handlers without waiting for them first.
        """
        self.pre_shutdown()
        self._stage = Stage.ENDING
        for farewell in list(self._farewells):
            farewell()
        try:
            if not is_hurried:
                await self.wait_for_end(timeout)
        finally:
            await self._end_by_force(timeout)

    async def _end_by_force(self, timeout: float | None) -> None:
        try:
            if self._connections:
                for connection in self.connections:
                    connection.cancel()
                await self.wait_for_end(timeout)
        finally:
            self._stage = Stage.OVER
            for connection in self.connections:
                connection.abort()
            await self.wait_for_end(1.0)
            # Tasks in reserve were cancelled with their connections; let them end.
            await asyncio.sleep(0)

    async def wait_for_end(self, timeout: float | None) -> bool:
        """Tell whether all connections ended in time."""
        if not self._connections:
            return True
        self._all_gone = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._all_gone
        return not self._connections
