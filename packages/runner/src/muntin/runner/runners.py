"""Runners: setting a server up on its sites, and taking it down in order."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from functools import singledispatch
from typing import Any

from muntin.runner._server import Server
from muntin.runner.signals import handle_signals, release_signals
from muntin.runner.sites import BaseSite

__all__ = ["SHUTDOWN_TIMEOUT", "BaseRunner", "ServerRunner", "is_servable", "make_runner", "make_server"]

_RETIREMENT = 1.0
"""How long a process that is replaced waits for requests on idle connections (seconds)."""
SHUTDOWN_TIMEOUT = 60.0
"""How long handlers may take to end (seconds), before and after they are cancelled."""


# One turn of the loop to poll its sockets, one to read from them.
_LAST_TURNS = 2


class BaseRunner(ABC):
    """A server with its sites.

    Args:
        handle_signals: whether SIGINT and SIGTERM raise `GracefulExit`.
        shutdown_timeout: how long handlers may take to end (seconds), from when the runner stops listening until they
            are cancelled; and how long they may take after that.
    """

    def __init__(self, *, handle_signals: bool = False, shutdown_timeout: float = SHUTDOWN_TIMEOUT) -> None:
        self._handles_signals = handle_signals
        self.shutdown_timeout = shutdown_timeout
        self._server: Server | None = None
        self._sites: list[BaseSite] = []
        self._is_ending = False
        self._deadline: float | None = None
        """When waiting ends, in the loop's time (seconds); one deadline for the whole end."""
        self._cancellations = 0
        """How often the task that cleans up had been cancelled before; a further cancellation hurries it."""

    @property
    def server(self) -> Server | None:
        """The server, between setup and cleanup."""
        return self._server

    @property
    def sites(self) -> frozenset[BaseSite]:
        """The listening sites."""
        return frozenset(self._sites)

    @property
    def addresses(self) -> list[Any]:
        """The socket addresses of all sites."""
        return [sock.getsockname() for site in self._sites for sock in site.sockets]

    @property
    def is_hurried(self) -> bool:
        """True if the task that cleans up was cancelled since it began to."""
        return _count_cancellations() > self._cancellations

    @property
    def time_left(self) -> float:
        """How long handlers, and the work that they started, may still take (seconds): the rest of the time-out, which
        runs once for the whole end."""
        now = asyncio.get_running_loop().time()
        if self._deadline is None:
            self._deadline = now + self.shutdown_timeout
        return max(0.0, self._deadline - now)

    # What subclasses implement

    @abstractmethod
    async def make_server(self) -> Server:
        """Make the server."""

    async def shutdown(self) -> None:  # noqa: B027 - a hook that not every runner needs
        """Notify the application that it ends soon."""

    @abstractmethod
    async def cleanup_server(self) -> None:
        """Release what `make_server` acquired."""

    def note_end(self) -> None:
        """Count each cancellation of this task from here on as one that hurries the end."""
        if not self._is_ending:
            self._is_ending = True
            self._cancellations = _count_cancellations()

    # Setup and cleanup

    async def setup(self) -> None:
        """Make the server ready for sites.

        Raises:
            RuntimeError: it is set up already, or is to handle signals outside the main thread.
        """
        if self._server is not None:
            raise RuntimeError("this runner is set up already")
        self._is_ending = False
        if self._handles_signals:
            handle_signals(asyncio.get_running_loop())
        try:
            self._server = await self.make_server()
        except BaseException:
            if self._handles_signals:
                release_signals(asyncio.get_running_loop())
            raise

    async def stop_listening(self) -> None:
        """Stop all sites, close idle connections, and let the others close after the response under way."""
        if self._server is not None:
            self._server.announce_end()
        for site in list(self._sites):
            await site.stop()
        if self._server is not None:
            # Requests that have arrived but were not read yet still get a response: these turns of the loop read them.
            for _ in range(_LAST_TURNS):
                await asyncio.sleep(0)
            self._server.pre_shutdown()
            self._deadline = asyncio.get_running_loop().time() + self.shutdown_timeout

    async def retire(self, patience: float = _RETIREMENT, *, newcomers: float = 0.0) -> None:
        """Let another process take over: stop accepting, and send one more response on each open connection.

        `cleanup` has to follow; it closes the connections that got no request. Without `retire`, a request that is on
        its way to an idle connection would be lost.

        Args:
            patience: how long to wait for requests on their way (seconds).
            newcomers: how long to wait for the first request on new connections, within the time-outs of the server
                (seconds).
        """
        self.note_end()
        if self._server is not None:
            if newcomers:
                self._server.protect_newcomers()
            self._server.announce_end()
            for site in list(self._sites):
                await site.stop()
            await self._server.wait_for_end(patience)
            if newcomers:
                await self._server.wait_for_newcomers(newcomers)

    async def cleanup(self) -> None:
        """Take the server down: stop listening, notify the application, end the connections, clean up.

        Each step runs even if the one before fails. Cancelling this method hurries it: the present wait is cancelled,
        handlers are cancelled at once, and the further steps follow.
        """
        self.note_end()
        await self.run_all((self.stop_listening, self.shutdown, self.end_connections, self._release_server))

    async def run_all(self, steps: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Run the steps of `cleanup` in their order, each even if another fails.

        The last failure is raised, with those before it as its context. A subclass may collect them instead.
        """
        async with AsyncExitStack() as ending:
            for step in reversed(steps):  # the callback that was added last runs first
                ending.push_async_callback(step)

    async def _release_server(self) -> None:
        server, self._server = self._server, None
        self._deadline = None
        try:
            if server is not None:
                await self.cleanup_server()
        finally:
            if self._handles_signals:
                release_signals(asyncio.get_running_loop())

    async def end_connections(self) -> None:
        """End upgraded connections and wait for handlers, for the rest of the time-out; then cancel them."""
        if self._server is not None:
            await self._server.shutdown(
                self.time_left, grace=self.shutdown_timeout, is_hurried=self.is_hurried
            )

    # What sites call

    def register(self, site: BaseSite) -> None:
        """Add a site that starts."""
        if site in self._sites:
            raise RuntimeError(f"site {site.name} is started already")
        self._sites.append(site)

    def unregister(self, site: BaseSite) -> None:
        """Remove a site that stopped."""
        if site in self._sites:
            self._sites.remove(site)


def _count_cancellations() -> int:
    current = asyncio.current_task()
    return 0 if current is None else current.cancelling()


class ServerRunner(BaseRunner):
    """A runner for a server without an application around it.

    Args:
        server: what to run.
    """

    def __init__(
        self,
        server: Server,
        *,
        handle_signals: bool = False,
        shutdown_timeout: float = SHUTDOWN_TIMEOUT,
    ) -> None:
        super().__init__(handle_signals=handle_signals, shutdown_timeout=shutdown_timeout)
        self._server_to_run = server

    async def make_server(self) -> Server:
        return self._server_to_run

    async def cleanup_server(self) -> None:
        pass


@singledispatch
def make_runner(served: object, **options: Any) -> BaseRunner:
    """Return a runner for an object of a registered type.

    `@make_runner.register(Type)` registers a function that makes the runner for a type.

    Args:
        served: the object.
        options: options of its runner and server.

    Raises:
        TypeError: its type is not registered.
    """
    raise TypeError(f"{served!r} is nothing that can be served")


@singledispatch
def make_server(served: object, **options: Any) -> Server:
    """Return the server of an object of a registered type, for those who listen and start it themselves.

    `@make_server.register(Type)` registers a function that makes the server for a type.

    Args:
        served: the object.
        options: options of its server.

    Raises:
        TypeError: its type is not registered.
    """
    raise TypeError(f"{served!r} is nothing that can be served")


def is_servable(thing: object) -> bool:
    """Return True if the type of an object is registered with `make_runner`."""
    return make_runner.dispatch(type(thing)) is not make_runner.dispatch(object)
