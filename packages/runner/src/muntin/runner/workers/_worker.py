"""A worker's own half: it says that it serves and lives, and ends when its supervisor is gone."""

import asyncio
import logging
import os
import random
import signal
import socket
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, NoReturn

from muntin.runner.errors import GracefulExit
from muntin.runner.signals import add_handlers
from muntin.runner.workers._process import (
    BEAT,
    DRAINING,
    HURRIED,
    LEAVING,
    READY,
    REPLACED,
    RETIRE,
    STOP_ALL,
)
from muntin.runner.workers._settings import Workers

__all__ = ["BEATS", "Worker"]

_LOGGER: Final = logging.getLogger("muntin.workers")
BEATS: Final = 5
"""Heart-beats in the time after which a worker counts as stuck: one that is late is no reason to kill."""
_REPLY_TIMEOUT: Final = 2.0
"""How long a worker that stops by itself waits to hear what others do (seconds): its supervisor may stand still."""


def _do_nothing() -> None:
    """Nothing waits for this."""


class Worker:
    """What a process of a `Supervisor` reports with.

    Args:
        channel: leads to the supervisor.
        workers: what is expected of a worker.
    """

    def __init__(self, channel: socket.socket, workers: Workers) -> None:
        self._channel = channel
        self._interval = workers.heartbeat_timeout / BEATS
        self._loop: asyncio.AbstractEventLoop | None = None
        self._is_stopping = False
        self._is_hurried = False
        self._is_replaced = False
        self._has_announced = False
        self._reason_known = asyncio.Event()
        """That the supervisor has said why to stop."""
        self._is_stop_of_all = False
        self._on_stop_all: Callable[[], object] = _do_nothing
        """Called when all are to stop."""
        self._is_draining: Callable[[], bool] = lambda: False
        self._requests_left = workers.max_requests
        if self._requests_left:
            self._requests_left += random.randint(0, workers.max_requests_jitter)

    @property
    def counts_requests(self) -> bool:
        """Whether it ends after some number of requests."""
        return self._requests_left > 0

    @property
    def is_replaced(self) -> bool:
        """Whether it is to make room, once it was told to stop: others serve, or its supervisor is gone."""
        self._read_channel()
        return self._is_replaced

    def attend(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop on SIGTERM, and when the supervisor is gone.

        SIGTERM stops once, whoever sends it: it may have been sent to all processes of a group. Only the supervisor
        says that it is to be quick. Ctrl-C reaches all processes, and is the supervisor's.
        """
        self._loop = loop
        add_handlers(loop, {signal.SIGTERM: self._stop, signal.SIGINT: lambda: None})
        loop.add_reader(self._channel, self._on_channel_readable)

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say that it serves, and from now on that it lives."""
        self._send(READY)
        self._beat(loop)

    async def ask_if_replaced(self) -> bool:
        """Return `is_replaced` once that is known.

        A worker that stops by itself, or by a signal from elsewhere, says so: another is started in its place.
        """
        self._is_stopping = True
        self._read_channel()
        if self._is_hurried and self._loop is not None:
            # It was said before there was anything that could be hurried.
            self._loop.call_soon(self._hurry)
        if not self._reason_known.is_set():
            self._announce_leaving()
            if self._loop is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_REPLY_TIMEOUT):
                        await self._reason_known.wait()
        return self._is_replaced

    async def hand_over(self, retire: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Serve on for those who have connected already, by a function that accepts no others.

        It is given up when all workers are to stop. So long the worker is judged like one that serves.
        """
        loop = asyncio.get_running_loop()
        is_retiring = True
        self.drain(lambda: is_retiring)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(0 if self._is_stop_of_all else None) as patience:
                    self._on_stop_all = lambda: patience.reschedule(loop.time())
                    await retire()
        finally:
            self._on_stop_all = _do_nothing
            is_retiring = False
            self._send(BEAT)  # the time that it may take to stop begins now

    def drain(self, is_draining: Callable[[], bool]) -> None:
        """Say that it serves on, though it was told to stop, for as long as a function tells that it does.

        So long it is judged like one that serves; the time that it may take to stop begins then.
        """
        self._is_draining = is_draining
        self._send(DRAINING)

    def count_request(self) -> None:
        """Ask to be replaced when there were enough."""
        self._requests_left -= 1
        if self._requests_left == 0:
            self._send(RETIRE)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._send(DRAINING if self._is_draining() else BEAT)
        loop.call_later(self._interval, self._beat, loop)

    def _send(self, word: bytes) -> None:
        # A supervisor that reads nothing is stopped or gone; the latter is noticed by the reader.
        with suppress(OSError):
            self._channel.send(word)

    def _announce_leaving(self) -> None:
        """Say that it stops, though it was not told to by the supervisor."""
        if not self._has_announced:
            self._has_announced = True
            self._send(LEAVING)

    def _stop(self) -> None:
        if self._is_stopping:
            return
        self._is_stopping = True
        self._read_channel()
        if not self._reason_known.is_set():
            self._announce_leaving()
        raise GracefulExit

    def _read_channel(self) -> bool:
        """Take in what the supervisor says; return whether there is one."""
        try:
            said = self._channel.recv(16)
        except BlockingIOError:
            return True
        except OSError:
            said = b""
        if not said or REPLACED in said:
            self._is_replaced = True
        if not said or REPLACED in said or STOP_ALL in said:
            self._reason_known.set()
        if STOP_ALL in said:
            self._is_stop_of_all = True
            self._on_stop_all()
        if HURRIED in said and self._loop is not None:
            self._is_hurried = True
            self._loop.call_soon(self._hurry)
        return bool(said)

    def _hurry(self) -> NoReturn:
        if not self._is_stopping and self._loop is not None:
            self._is_stopping = True
            self._loop.call_soon(self._hurry)  # this once ends it, and once more hurries that
        raise GracefulExit

    def _on_channel_readable(self) -> None:
        """Hear what is said, and end in order when nobody is left who would replace this process, or stop it."""
        if not self._read_channel() and self._loop is not None:
            self._loop.remove_reader(self._channel)
            _LOGGER.error("worker %d stops: its supervisor is gone", os.getpid())
            self._loop.call_soon(self._stop)
