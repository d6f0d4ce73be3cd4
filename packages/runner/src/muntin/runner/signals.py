"""Process signals that stop a server in order.

A loop handles signals by a descriptor that the system writes their numbers to. A process that a handler forks would
inherit it, so that what is sent to the child reached its parent, and the child itself would not notice: so the loop's
signals mean to every child what they mean to any program.
"""

import asyncio
import os
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn

from muntin.runner.errors import GracefulExit

__all__ = ["add_handlers", "handle_signals", "release_signals"]

_STOP = (signal.SIGINT, signal.SIGTERM)

_installed: Final[dict[int, Any]] = {}
"""What the system was told to call for each signal that a loop handles; a child looks whether that is so still."""


class _Stopping:
    """Raises `GracefulExit` out of a loop, once for signals that come together: some senders tell a process, and then
    all of its group."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._is_due = False

    def __call__(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._loop.call_soon(self._stop)

    def _stop(self) -> NoReturn:
        self._is_due = False
        raise GracefulExit


def handle_signals(loop: asyncio.AbstractEventLoop) -> None:
    """Let SIGINT and SIGTERM raise `GracefulExit` out of the loop; where loops have no signals, nothing.

    Raises:
        RuntimeError: this is not the main thread, which is the only one that signals reach.
    """
    if threading.current_thread() is not threading.main_thread():
        raise RuntimeError("signals reach the main thread only: elsewhere, run with handle_signals=False")
    with suppress(NotImplementedError):
        add_handlers(loop, dict.fromkeys(_STOP, _Stopping(loop)))


def release_signals(loop: asyncio.AbstractEventLoop) -> None:
    """Undo `handle_signals`."""
    with suppress(NotImplementedError):
        _remove_handlers(loop, _STOP)


def add_handlers(
    loop: asyncio.AbstractEventLoop, handlers: Mapping[signal.Signals, Callable[[], object]]
) -> None:
    """Let a loop handle signals, and children that are forked not.

    Args:
        loop: the loop of the main thread.
        handlers: what to call for each signal.

    Raises:
        NotImplementedError: loops have no signals on this system.
    """
    for number, handler in handlers.items():
        loop.add_signal_handler(number, handler)
        _installed[number] = signal.getsignal(number)


def _remove_handlers(loop: asyncio.AbstractEventLoop, numbers: Iterable[signal.Signals]) -> None:
    for number in numbers:
        loop.remove_signal_handler(number)
        _installed.pop(number, None)


class _Blocked(threading.local):
    mask: set[int] | None = None
    """What a thread had blocked before a fork, while that is under way; nothing where no signal is handled."""


_blocked: Final = _Blocked()


def _block() -> None:
    """Hold signals back during a fork: one that came to the child before it is reset would be its parent's as well."""
    _blocked.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _installed) if _installed else None


def _unblock() -> None:
    mask, _blocked.mask = _blocked.mask, None
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _reset_in_child() -> None:
    """Return the signals of a loop to the system, in a process that was forked."""
    ours = [number for number, handler in _installed.items() if signal.getsignal(number) is handler]
    _installed.clear()
    if ours:
        signal.set_wakeup_fd(-1)
    for number in ours:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _unblock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_reset_in_child)
