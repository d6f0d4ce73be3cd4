"""Process signals that stop a server in order."""

import asyncio
import signal
import threading
from contextlib import suppress
from typing import NoReturn

from muntin.runner.errors import GracefulExit

__all__ = ["handle_signals", "release_signals"]

_STOP = (signal.SIGINT, signal.SIGTERM)


def _stop() -> NoReturn:
    raise GracefulExit


def handle_signals(loop: asyncio.AbstractEventLoop) -> None:
    """Let SIGINT and SIGTERM raise `GracefulExit` out of the loop; where loops have no signals, nothing.

    Raises:
        RuntimeError: this is not the main thread, which is the only one that signals reach.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("signals reach the main thread only: elsewhere, run with handle_signals=False")
    with suppress(NotImplementedError):
        for number in _STOP:
            loop.add_signal_handler(number, _stop)


def release_signals(loop: asyncio.AbstractEventLoop) -> None:
    """Undo `handle_signals`."""
    with suppress(NotImplementedError):
        for number in _STOP:
            loop.remove_signal_handler(number)
