"""A worker's own half: it says that it serves and lives, and ends when its supervisor is gone."""

import asyncio
import logging
import os
import random
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from muntin.runner.signals import add_handlers, handle_signals
from muntin.runner.workers._process import BEAT, DRAINING, READY, RELIEVED, RETIRE
from muntin.runner.workers._settings import Workers

__all__ = ["BEATS", "Worker"]

_LOGGER: Final = logging.getLogger("muntin.workers")
BEATS: Final = 5
"""Heart-beats in the time after which a worker counts as stuck: one that is late is no reason to kill."""


class Worker:
    """What a process of a `Supervisor` reports with.

    Args:
        channel: leads to the supervisor.
        workers: what is expected of a worker.
    """

    def __init__(self, channel: socket.socket, workers: Workers) -> None:
        self._channel = channel
        self._interval = workers.heartbeat_timeout / BEATS
        self._is_relieved = False
        self._is_draining: Callable[[], bool] = lambda: False
        self._left = workers.max_requests
        if self._left:
            self._left += random.randint(0, workers.max_requests_jitter)

    @property
    def counts_requests(self) -> bool:
        """Whether it ends after some number of requests."""
        return self._left > 0

    @property
    def is_relieved(self) -> bool:
        """Whether it is to make room, once it was told to stop: others serve, or its supervisor is gone."""
        self._hear()
        return self._is_relieved

    def attend(self, loop: asyncio.AbstractEventLoop) -> None:
        """Stop on SIGTERM, and when the supervisor is gone. Ctrl-C reaches all processes, and is the supervisor's."""
        handle_signals(loop)
        add_handlers(loop, {signal.SIGINT: lambda: None})
        loop.add_reader(self._channel, self._notice_end, loop)

    def begin(self, loop: asyncio.AbstractEventLoop) -> None:
        """Say that it serves, and from now on that it lives."""
        self._say(READY)
        self._beat(loop)

    def drain(self, is_draining: Callable[[], bool]) -> None:
        """Say that it serves on, though it was told to stop, for as long as a function tells that it does.

        So long it is judged like one that serves; the time that it may take to stop begins then.
        """
        self._is_draining = is_draining
        self._say(DRAINING)

    def count_request(self) -> None:
        """Ask to be replaced when there were enough."""
        self._left -= 1
        if self._left == 0:
            self._say(RETIRE)

    def _beat(self, loop: asyncio.AbstractEventLoop) -> None:
        self._say(DRAINING if self._is_draining() else BEAT)
        loop.call_later(self._interval, self._beat, loop)

    def _say(self, word: bytes) -> None:
        # A supervisor that reads nothing is stopped or gone; the latter is noticed by the reader.
        with suppress(OSError):
            self._channel.send(word)

    def _hear(self) -> bool:
        """Take in what the supervisor says; tell whether there is one."""
        try:
            said = self._channel.recv(16)
        except BlockingIOError:
            return True
        except ConnectionResetError:
            said = b""
        if not said or RELIEVED in said:
            self._is_relieved = True
        return bool(said)

    def _notice_end(self, loop: asyncio.AbstractEventLoop) -> None:
        """End in order: nobody is left who would replace this process, or stop it."""
        if self._hear():
            return
        loop.remove_reader(self._channel)
        _LOGGER.error("worker %d stops: its supervisor is gone", os.getpid())
        os.kill(os.getpid(), signal.SIGTERM)
