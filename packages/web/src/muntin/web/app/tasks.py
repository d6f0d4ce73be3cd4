"""Background tasks of an application, which end with it.

A failure is logged once, when the task ends.
"""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any

__all__ = ["BackgroundTasks"]


class BackgroundTasks:
    """The tasks that run.

    Args:
        logger: where failures are reported.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._running: set[asyncio.Task[Any]] = set()
        self._lasting: set[asyncio.Task[Any]] = set()
        """Those that do not end by themselves."""

    def spawn(
        self, coroutine: Coroutine[Any, Any, Any], *, name: str | None, is_lasting: bool
    ) -> "asyncio.Task[Any]":
        """Start a task."""
        task = asyncio.get_running_loop().create_task(coroutine, name=name)
        self._running.add(task)
        if is_lasting:
            self._lasting.add(task)
        task.add_done_callback(self._forget)
        return task

    def _forget(self, task: "asyncio.Task[Any]") -> None:
        self._running.discard(task)
        self._lasting.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._logger.error("background task %s failed", task.get_name(), exc_info=error)

    def cancel_lasting(self) -> None:
        """Cancel the tasks that do not end by themselves."""
        for task in self._lasting:
            task.cancel()

    async def cancel(self) -> None:
        """Cancel all tasks and wait until they have ended."""
        current = asyncio.current_task()
        running = [task for task in self._running if task is not current]
        for task in running:
            task.cancel()
        if running:
            await asyncio.wait(running)

    def __iter__(self) -> Iterator["asyncio.Task[Any]"]:
        return iter(list(self._running))
