"""A server: what its connections share, which there are, and how they end.

It is the protocol factory that `loop.create_server` wants; it opens no socket itself.
"""

import asyncio
import logging
from collections.abc import Callable, Set
from contextlib import suppress
from contextvars import copy_context

from muntin.http_core import DEFAULT_LIMITS, Limits
from muntin.runner._clock import Clock
from muntin.runner._connection import Connection
from muntin.runner._service import Rejector, Service
from muntin.runner._timeouts import DEFAULT_TIMEOUTS, Timeouts
from muntin.runner.exchange import Exchange, ExchangeHandler

__all__ = ["Server"]

_LOGGER = logging.getLogger("muntin.server")


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
        handler_cancellation: whether a handler is cancelled when its peer goes away.
        rejector: a coroutine function that answers a request which could not be read; its exchange has another head
            that stands for the missing one. None for a few fixed words.
        logger: where failures of handlers are reported.
    """

    def __init__(
        self,
        handler: ExchangeHandler,
        *,
        limits: Limits = DEFAULT_LIMITS,
        timeouts: Timeouts = DEFAULT_TIMEOUTS,
        handler_cancellation: bool = False,
        rejector: Rejector | None = None,
        logger: logging.Logger = _LOGGER,
    ) -> None:
        self._handler = handler
        self._limits = limits
        self._timeouts = timeouts
        self._handler_cancellation = handler_cancellation
        self._rejector = rejector
        self._logger = logger
        self._context = copy_context()
        self._service: Service | None = None
        """Made in the loop, with the first connection."""
        self._connections: set[Connection] = set()
        self._all_gone: asyncio.Future[None] | None = None
        self._is_stopping = False
        self._is_ending = False
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
        timeouts = self._timeouts
        # Deadlines of a fraction of a second want a clock that ticks as fast.
        shortest = min(timeouts.keep_alive, timeouts.head, timeouts.drain, timeouts.linger)
        return Service(
            handler=self._handler,
            rejector=self._rejector,
            loop=loop,
            context=self._context,
            clock=Clock(loop, self._check_deadlines, min(1.0, max(0.01, shortest / 4))),
            limits=self._limits,
            timeouts=timeouts,
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
    def connections(self) -> Set[Connection]:
        """The connections there are."""
        return frozenset(self._connections)

    def _check_deadlines(self) -> None:
        for connection in self.connections:
            connection.check_deadline()

    # What connections call

    def connection_made(self, connection: Connection) -> None:
        """Count a connection."""
        self._connections.add(connection)
        connection.clock.start()
        if self._is_stopping:
            # Accepted in the moment of stopping: what it asks for at once is answered.
            connection.engine.close_after()
            connection.loop.call_soon(connection.finish_soon)

    def connection_lost(self, connection: Connection) -> None:
        """Count a connection no more."""
        self._connections.discard(connection)
        if not self._connections:
            connection.clock.stop()
            if self._all_gone is not None and not self._all_gone.done():
                self._all_gone.set_result(None)

    def add_farewell(self, farewell: Callable[[], object]) -> None:
        """Note what to call when connections are ended; it is called at once when they are being ended already."""
        if self._is_ending:
            farewell()
        else:
            self._farewells.add(farewell)

    def drop_farewell(self, farewell: Callable[[], object]) -> None:
        """Forget about it: that connection is gone."""
        self._farewells.discard(farewell)

    # The end

    def pre_shutdown(self) -> None:
        """Close the connections that idle, and let the others close with the answer under way."""
        self._is_stopping = True
        for connection in self.connections:
            connection.finish_soon()

    async def shutdown(self, timeout: float | None = None) -> None:
        """End all connections.

        Whoever upgraded one, and asked for it, is told to say goodbye. Handlers have `timeout` seconds to answer;
        those that do not are cancelled, and have as long again to clean up. What is left then is cut. None: wait
        for as long as it takes.
        """
        self.pre_shutdown()
        self._is_ending = True
        for farewell in list(self._farewells):
            farewell()
        if not await self._wait_for_end(timeout):
            for connection in self.connections:
                connection.cancel()
            if not await self._wait_for_end(timeout):
                for connection in self.connections:
                    connection.abort()
                await self._wait_for_end(1.0)
        # Tasks in reserve were cancelled with their connections; let them end.
        await asyncio.sleep(0)

    async def _wait_for_end(self, timeout: float | None) -> bool:
        """Tell whether all connections ended in time."""
        if not self._connections:
            return True
        self._all_gone = asyncio.get_running_loop().create_future()
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._all_gone
        return not self._connections
