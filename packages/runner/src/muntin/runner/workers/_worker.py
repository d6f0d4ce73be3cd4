"""The worker's side of the channel: it reports that it serves and is alive, and stops when its supervisor is gone."""

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
"""Heartbeats within the time after which a worker counts as stuck: a single late one is not a reason to kill."""
_REPLY_TIMEOUT: Final = 2.0
"""How long a worker that stops by itself waits for the reply of its supervisor (seconds), which may be stopped."""


def _do_nothing() -> None:
    """Do nothing."""


class Worker:
    """The object by which a process of a `Supervisor` reports.

    Args:
        channel: the channel to the supervisor.
        workers: the settings.
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
        """Set when the supervisor has sent the reason for the stop."""
        self._is_stop_of_all = False
        self._on_stop_all: Callable[[], object] = _do_nothing
        """Called when all workers have to stop."""
        self._is_draining: Callable[[], bool] = lambda: False
        self._requests_left = workers.max_requests
        if self._requests_left:
            self._requests_left += random.randint(0, workers.max_requests_jitter)

    @property
    def counts_requests(self) -> bool:
        """True if the worker is replaced after some number of requests."""
        return self._requests_left > 0

    @property
    def is_replaced(self) -> bool:
        """True if the worker stops because others serve in its place, or because its supervisor is gone."""
        self._read_channel()
        return self._is_replaced

    def attend(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop on SIGTERM, and when the supervisor is gone.

        Only the first SIGTERM counts, because it may be sent to all processes of a group as well. Only the supervisor
        orders a worker to hurry. Ctrl-C reaches all processes, and is handled by the supervisor.
        """
        self._loop = loop
        add_handlers(loop, {signal.SIGTERM: self._stop, signal.SIGINT: lambda: None})
        loop.add_reader(self._channel, self._on_channel_readable)

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Report that the worker serves, and send heartbeats from now on."""
        self._send(READY)
        self._beat(loop)

    async def ask_if_replaced(self) -> bool:
        """Return `is_replaced`, once the supervisor has sent the reason for the stop.

        A worker that stops by itself, or by a foreign signal, reports that first: another is started in its place.
        """
        self._is_stopping = True
        self._read_channel()
        if self._is_hurried and self._loop is not None:
            # The order came before there was anything to hurry.
            self._loop.call_soon(self._hurry)
        if not self._reason_known.is_set():
            self._announce_leaving()
            if self._loop is not None:
                with suppress(TimeoutError):
                    async with asyncio.timeout(_REPLY_TIMEOUT):
                        await self._reason_known.wait()
        return self._is_replaced

    async def hand_over(self, retire: Callable[[], Coroutine[Any, Any, object]]) -> None:
        """Serve the open connections by a function that accepts no new ones.

        It is cancelled when all workers have to stop. Meanwhile the time-outs of a serving worker apply.
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
            self._send(BEAT)  # the time for the stop begins now

    def drain(self, is_draining: Callable[[], bool]) -> None:
        """Report that the worker serves on though it has to stop, for as long as a function returns True.

        Meanwhile the time-outs of a serving worker apply; the time for the stop begins after that.
        """
        self._is_draining = is_draining
        self._send(DRAINING)

    def count_request(self) -> None:
        """Count a request; ask for a replacement after the last one."""
        self._requests_left -= 1
        if self._requests_left == 0:
            self._send(RETIRE)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._send(DRAINING if self._is_draining() else BEAT)
        loop.call_later(self._interval, self._beat, loop)

    def _send(self, word: bytes) -> None:
        # A supervisor that reads nothing is stopped or gone; if it is gone, the reader notices.
        with suppress(OSError):
            self._channel.send(word)

    def _announce_leaving(self) -> None:
        """Report that the worker stops without an order of the supervisor."""
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
        """Read words of the supervisor; return False if it is gone."""
        try:
            words = self._channel.recv(16)
        except BlockingIOError:
            return True
        except OSError:
            words = b""
        if not words or REPLACED in words:
            self._is_replaced = True
        if not words or REPLACED in words or STOP_ALL in words:
            self._reason_known.set()
        if STOP_ALL in words:
            self._is_stop_of_all = True
            self._on_stop_all()
        if HURRIED in words and self._loop is not None:
            self._is_hurried = True
            self._loop.call_soon(self._hurry)
        return bool(words)

    def _hurry(self) -> NoReturn:
        if not self._is_stopping and self._loop is not None:
            self._is_stopping = True
            self._loop.call_soon(self._hurry)  # the first one stops the worker, the second one hurries it
        raise GracefulExit

    def _on_channel_readable(self) -> None:
        """Read words; stop in order if the supervisor is gone, because nothing would replace or stop this process."""
        if not self._read_channel() and self._loop is not None:
            self._loop.remove_reader(self._channel)
            _LOGGER.error("worker %d stops: its supervisor is gone", os.getpid())
            self._loop.call_soon(self._stop)
