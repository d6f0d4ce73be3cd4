"""Whether bytes move fast enough.

A deadline for each piece would be met by a byte now and then, and one for the whole would cut who has a lot to say. So
the bytes are counted over stretches of time: in each, a least number has to move.
"""

__all__ = ["Pace"]


class Pace:
    """The pace of one stream of bytes, as seen at the ticks of a clock.

    Args:
        window: length of a stretch (seconds).
        rate: what must move in each (bytes a second).
        now: when the first begins (seconds).
        moved: the count of bytes by then.
    """

    __slots__ = ("_floor", "_moved", "_until", "_window")

    def __init__(self, window: float, rate: float, now: float, moved: int) -> None:
        self._window = window
        self._floor = window * rate
        self._until = now + window
        self._moved = moved

    def is_kept(self, now: float, moved: int) -> bool:
        """Whether it is kept; known at the end of each stretch, so True until then."""
        if now < self._until:
            return True
        kept = moved - self._moved >= self._floor
        self._until = now + self._window
        self._moved = moved
        return kept
