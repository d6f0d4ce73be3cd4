"""The time by which workers are judged: that for which the supervisor waited as it meant to.

A process that is stopped (Ctrl-Z), a machine that sleeps, a host that is overloaded: then nobody could be heard, and
the workers stood still as well. So a wait counts for as long as it was meant to be, and none is long.
"""

import time
from collections.abc import Callable
from typing import Final

__all__ = ["Waits"]

_LATE: Final = 0.1
"""By how much more than it was meant to be a wait may count (seconds): they all end a little late."""


class Waits:
    """Waits, and the time that they took.

    Args:
        longest: how long one may be (seconds).
        read_clock: gives a time that goes on while nothing runs.
    """

    def __init__(self, longest: float, *, read_clock: Callable[[], float] = time.monotonic) -> None:
        self._longest = longest
        self._read_clock = read_clock
        self.now = 0.0
        """All waits so far (seconds)."""

    def wait(self, select: Callable[[float | None], object], seconds: float | None) -> float:
        """Wait, not longer than so many seconds or for ever, and give the time after that."""
        meant = None if seconds is None else min(seconds, self._longest)
        before = self._read_clock()
        select(meant)
        took = self._read_clock() - before
        self.now += took if meant is None else min(took, meant + _LATE)
        return self.now
