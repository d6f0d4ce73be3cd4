"""Checking that bytes move fast enough.

A slow peer could meet a deadline for each piece by sending one byte now and then, and a deadline for the whole would
cut long transfers. So the bytes are counted over windows of time: in each window, a minimum number has to move.
"""

__all__ = ["Pace"]


class Pace:
    """The pace of one stream of bytes, measured at the ticks of a clock.

    Args:
        window: length of a window (seconds).
        rate: the least number of bytes per second in each window.
        now: when the first window begins (seconds).
        moved: the count of bytes at that time.
    """

    __slots__ = ("_floor", "_moved", "_until", "_window")

    def __init__(self, window: float, rate: float, now: float, moved: int) -> None:
        self._window = window
        self._floor = window * rate
        self._until = now + window
        self._moved = moved

    def is_kept(self, now: float, moved: int) -> bool:
        """Return False at the end of a window in which too few bytes moved; True otherwise."""
        if now < self._until:
            return True
        kept = moved - self._moved >= self._floor
        self._until = now + self._window
        self._moved = moved
        return kept
