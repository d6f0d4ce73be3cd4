"""The life of an application: contexts, signals and tasks, each in its turn.

    start       contexts are entered, then `on_startup` is sent
    shut down   lasting tasks are cancelled, then `on_shutdown` is sent
    clean up    all tasks are cancelled, inner applications are cleaned up, the last first, contexts are left, the last
                first, then `on_cleanup` is sent

So each ends before what it may use, which began before it. Every step of the end runs, whatever becomes of the others.

This module keeps the order; freezing the rest of an application is done by `Application`.
"""

import asyncio
import logging
from typing import Generic, Protocol, TypeVar

from muntin.middleware import CleanupContexts, Signal, run_all
from muntin.web.app.tasks import BackgroundTasks

__all__ = ["Life"]

A = TypeVar("A")


class _Living(Protocol):
    """An application inside another one: below a prefix, or behind a host."""

    async def startup(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def cleanup(self) -> None: ...


class Life(Generic[A]):
    """The start and the end of one application, with its contexts, signals and tasks.

    Args:
        owner: the application; the argument of all signals and contexts.
        logger: where failures of tasks are reported.
        loop: the loop that the application was made for; None for any.
    """

    def __init__(self, owner: A, logger: logging.Logger, loop: asyncio.AbstractEventLoop | None) -> None:
        self._owner = owner
        self.contexts: CleanupContexts[A] = CleanupContexts()
        self.on_startup: Signal[A] = Signal(owner)
        self.on_shutdown: Signal[A] = Signal(owner)
        self.on_cleanup: Signal[A] = Signal(owner)
        self.tasks = BackgroundTasks(logger)
        self._inner: list[_Living] = []
        self.loop = loop
        self.is_serving = False
        """True from the start of the application until its end begins."""

    def include(self, inner: _Living) -> None:
        """Start and end another application together with this one.

        It starts and is shut down in the order in which it and the receivers of signals were added. It is cleaned up
        first of all: it may use what the contexts of this one hold.
        """

        async def start(_: A) -> None:
            await inner.startup()

        async def shut_down(_: A) -> None:
            await inner.shutdown()

        self.on_startup.append(start)
        self.on_shutdown.append(shut_down)
        self._inner.append(inner)

    def freeze(self) -> None:
        """End all changes."""
        self.contexts.freeze()
        for signal in (self.on_startup, self.on_shutdown, self.on_cleanup):
            signal.freeze()

    async def start(self) -> None:
        """Enter the contexts and send `on_startup`.

        Raises:
            RuntimeError: it was made for another loop.
        """
        loop = asyncio.get_running_loop()
        if self.loop is not None and self.loop is not loop and not self.loop.is_closed():
            raise RuntimeError("the application was made for another event loop than the running one")
        self.loop = loop
        # Receivers may still add routes: for their own signal alone it is too late.
        self.contexts.freeze()
        self.on_startup.freeze()
        await self.contexts.start(self._owner)
        await self.on_startup.send(self._owner)

    async def shut_down(self) -> None:
        """Cancel the tasks that were to run until now, and send `on_shutdown`; errors are raised as by `run_all`."""
        self.is_serving = False
        self.tasks.cancel_lasting()
        self.on_shutdown.freeze()
        await self.on_shutdown.send_to_all(self._owner)

    async def clean_up(self) -> None:
        """Cancel the tasks there are, clean up what is inside, leave the contexts, then send `on_cleanup`.

        Raises:
            CleanupError: several steps failed. A single error is raised as it is.
            asyncio.CancelledError: this was cancelled; all steps were taken nevertheless.
        """
        self.is_serving = False
        self.on_cleanup.freeze()

        async def send() -> None:
            await self.on_cleanup.send_to_all(self._owner)

        await run_all(
            "several steps of the clean-up failed",
            [
                ("the end of background tasks", self.tasks.cancel),
                *((f"the clean-up of {inner!r}", inner.cleanup) for inner in reversed(self._inner)),
                ("the end of cleanup contexts", self.contexts.stop),
                ("on_cleanup", send),
            ],
        )
