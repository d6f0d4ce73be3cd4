"""The signals of a process that waits in a selector.

A handler of Python runs between two instructions of anything; here it does nothing, and the number of the signal is
read from a socket when there is time for it.
"""

import signal
import socket
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, Self

__all__ = ["SignalReader", "ignore"]


def ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing. Unlike SIG_IGN it is not inherited by the programs that a process starts."""


class SignalReader:
    """Reads signals, between entering and leaving; used in the main thread.

    Args:
        numbers: which.
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
        """Give the descriptor that is readable when a signal came."""
        return self._reader.fileno()

    def read(self) -> list[signal.Signals]:
        """Return the signals since the last time, each once: some senders tell a process, and then all of its group."""
        data = b""
        with suppress(BlockingIOError):
            data = self._reader.recv(4096)
        return [signal.Signals(number) for number in dict.fromkeys(data) if number in self._numbers]

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Hold signals back, so that one that comes during a fork is not read by the wrong process."""
        signal.pthread_sigmask(signal.SIG_BLOCK, self._numbers)
        try:
            yield
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, self._numbers)

    def leave(self) -> None:
        """Give all signals back to the system, in a process that was forked."""
        signal.set_wakeup_fd(-1)
        for number in self._numbers:
            signal.signal(number, signal.SIG_DFL)
        self._close()

    def _close(self) -> None:
        self._reader.close()
        self._writer.close()
