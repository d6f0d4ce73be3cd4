"""When the next worker may be started after failures.

A single failure may be chance. The more failures there are in a row, the longer the next start waits, so that a program
that always fails does not keep a machine busy. There is no clock here: callers pass the time.
"""

from typing import Final

__all__ = ["SETTLED", "Restarts"]

SETTLED: Final = 10.0
"""A worker that served for so long (seconds) did not fail by the way it was started."""

_SHORTEST: Final = 0.5
_LONGEST: Final = 30.0
_ATTEMPTS: Final = 5
"""With waits of 0.5, 1, 2 and 4 s: long enough for a database to restart, short enough for an operator who waits."""


class Restarts:
    """Counts failures in a row, and delays the next start."""

    def __init__(self) -> None:
        self.failures = 0
        self.not_before = float("-inf")
        """The time before which nothing is started."""
        self._failed_at = float("-inf")
        """The time of the last failure."""

    def record_failure(self, now: float, began: float = float("inf")) -> None:
        """Delay the next start, twice as long as after the last failure.

        One incident may end many workers, at once or one after the other. Only a worker that was started after the last
        failure counts as a further failure.

        Args:
            now: the time (seconds).
            began: when the failed worker was started (seconds); just now by default.
        """
        if began <= self._failed_at:
            return
        self._failed_at = now
        self.not_before = now + min(_LONGEST, _SHORTEST * 2.0**self.failures)
        self.failures += 1

    def record_leaving(self, began: float) -> None:
        """Delay the next start after a worker that stops by itself, in case every worker does so.

        Args:
            began: when that worker was started (seconds).
        """
        self.not_before = max(self.not_before, began + _SHORTEST)

    def reset(self) -> None:
        """Forget the failures."""
        self.failures = 0
        self.not_before = self._failed_at = float("-inf")

    @property
    def is_exhausted(self) -> bool:
        """True if there were so many failures that the supervisor gives up if no worker serves."""
        return self.failures >= _ATTEMPTS
