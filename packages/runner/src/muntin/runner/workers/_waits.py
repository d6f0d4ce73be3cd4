"""The time that counts for the deadlines of workers: the sum of the supervisor's intended waits.

If the process is stopped (Ctrl-Z), the machine sleeps or the host is overloaded, the supervisor cannot read from its
workers, and they stand still as well. So a wait counts no longer than it was intended to be, and every wait is short.
"""

import time
from collections.abc import Callable
from typing import Final

__all__ = ["Waits"]

_LATE: Final = 0.1
"""How much longer than intended a wait may count (seconds): all waits end a little late."""


class Waits:
    """Waits, and sums up their time.

    Args:
        longest: the longest wait (seconds).
        read_clock: returns a monotonic time that also runs while the process is stopped.
    """

    def __init__(self, longest: float, *, read_clock: Callable[[], float] = time.monotonic) -> None:
        self._longest = longest
        self._read_clock = read_clock
        self.now = 0.0
        """The sum of all waits so far (seconds)."""

    def wait(self, select: Callable[[float | None], object], seconds: float | None) -> float:
        """Wait at most so many seconds (None: for ever), and return the time after that."""
        meant = None if seconds is None else min(seconds, self._longest)
        before = self._read_clock()
        select(meant)
        took = self._read_clock() - before
        self.now += took if meant is None else min(took, meant + _LATE)
        return self.now
