"""The signals of a process that waits in a selector.

A Python signal handler may run between any two instructions. So the handler does nothing, and the number of the signal
is read from a socket in the main loop.
"""

import signal
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["SignalReader", "ignore"]


def ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing. Unlike SIG_IGN, this is not inherited by the programs that a process starts."""


class SignalReader:
    """Reads signals within a `with` block, in the main thread.

    Args:
        numbers: the signals.
    """

    def __init__(self, numbers: Collection[signal.Signals]) -> None:
        self._numbers = numbers
        self._reader, self._writer = socket.socketpair()
        self._reader.setblocking(False)
        self._writer.setblocking(False)

    def __enter__(self) -> Self:
        self._previous: dict[int, Any] = {number: signal.signal(number, ignore) for number in self._numbers}
        self._previous_fd = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._previous_fd)
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        self._close()

    def fileno(self) -> int:
        """Return the descriptor that is readable when a signal has come."""
        return self._reader.fileno()

    def read(self) -> list[signal.Signals]:
        """Return the signals since the last call, each once: some senders signal a process, and then its whole
        group."""
        data = b""
        with suppress(BlockingIOError):
            data = self._reader.recv(4096)
        return [signal.Signals(number) for number in dict.fromkeys(data) if number in self._numbers]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Block signals, so that one that comes during a fork is not read by the wrong process."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)

    def leave(self) -> None:
        """Restore the default actions of all signals, in a forked process."""
        signal.set_wakeup_fd(-1)
        for number in self._numbers:
            signal.signal(number, signal.SIG_DFL)
        self._close()

    def _close(self) -> None:
        self._reader.close()
        self._writer.close()
