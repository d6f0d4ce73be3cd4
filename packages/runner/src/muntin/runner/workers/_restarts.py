"""When the next worker may be started, after some that failed.

One failure may be chance and is mended soon; the more there are in a row, the longer the next start waits, so that
what always fails does not keep a machine busy. It has no clock: it is told the time.
"""

from typing import Final

__all__ = ["SETTLED", "Restarts"]

SETTLED: Final = 10.0
"""A worker that served for so long (seconds) did not fail by the way it was started."""

_SHORTEST: Final = 0.5
_LONGEST: Final = 30.0
_ATTEMPTS: Final = 5
"""With waits of 0.5, 1, 2 and 4 s: long enough for a database to restart, short enough for somebody who watches."""


class Restarts:
    """Failures in a row, and what follows from them."""

    def __init__(self) -> None:
        self.failures = 0
        self.not_before = float("-inf")
        """The time before which nothing is started."""
        self._failed_at = float("-inf")
        """The time of the last failure."""

    def record_failure(self, now: float, began: float = float("inf")) -> None:
        """Let the next start wait, twice as long as after the last failure.

        One incident may take many workers at once, or one after the other. Only what was started after a failure says
        that it was no chance: the others have failed with it.

        Args:
            now: the time (seconds).
            began: when that which failed was started (seconds); left out, just now.
        """
        if began <= self._failed_at:
            return
        self._failed_at = now
        self.not_before = now + min(_LONGEST, _SHORTEST * 2.0**self.failures)
        self.failures += 1

    def record_leaving(self, began: float) -> None:
        """Let the next start wait for as long as it takes that one which stops by itself is none that always does.

        Args:
            began: when the worker was started that did not fail, but stops (seconds).
        """
        self.not_before = max(self.not_before, began + _SHORTEST)

    def reset(self) -> None:
        """Forget the failures."""
        self.failures = 0
        self.not_before = self._failed_at = float("-inf")

    @property
    def is_exhausted(self) -> bool:
        """Whether it is time to give up, if nobody serves."""
        return self.failures >= _ATTEMPTS
