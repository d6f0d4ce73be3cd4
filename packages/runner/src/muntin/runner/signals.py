"""Process signals that stop a server in order.

A loop gets signals through a descriptor that the system writes their numbers to. A process that a handler forks
inherits it: a signal to the child would reach the parent, and the child would not notice. So in every forked child the
signals of the loop have their default action again.
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
"""The handler that was installed for each signal of a loop; a child resets it if it is still installed."""


class _Stopping:
    """Raises `GracefulExit` out of a loop, once for signals that come together: some senders signal a process, and then
    its whole group."""

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
    """Make SIGINT and SIGTERM raise `GracefulExit` out of the loop; do nothing where loops have no signals.

    Raises:
        RuntimeError: this is not the main thread, the only one that gets signals.
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
    """Make a loop handle signals, but not the children that are forked.

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
    """The signals that a thread had blocked before a fork, during it; None if no signal is handled."""


_blocked: Final = _Blocked()


def _block() -> None:
    """Block signals during a fork: one that reached the child before its reset would reach the parent as well."""
    _blocked.mask = signal.pthread_sigmask(signal.SIG_BLOCK, _installed) if _installed else None


def _unblock() -> None:
    mask, _blocked.mask = _blocked.mask, None
    if mask is not None:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _reset_in_child() -> None:
    """Restore the default actions of a loop's signals, in a forked process."""
    ours = [number for number, handler in _installed.items() if signal.getsignal(number) is handler]
    _installed.clear()
    if ours:
        signal.set_wakeup_fd(-1)
    for number in ours:
        signal.signal(number, signal.default_int_handler if number == signal.SIGINT else signal.SIG_DFL)
    _unblock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_block, after_in_parent=_unblock, after_in_child=_reset_in_child)
