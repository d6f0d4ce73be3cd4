"""The rest of a request's body that nobody reads.

The next request starts behind it, so it has to be read and dropped: a bounded amount, for more costs both sides more
than a new connection does.
"""

from enum import Enum
from typing import Final

from muntin.http_core import BodyData, EndOfBody, ServerConnection, Signal

__all__ = ["DRAIN_BUDGET", "Leftover", "LeftoverState"]

DRAIN_BUDGET: Final = 262144
"""How much of a body is read and dropped to keep the connection (bytes)."""


class LeftoverState(Enum):
    """What is left of a body."""

    INCOMPLETE = "more of it is to come"
    DISCARDED = "nothing: the next request starts here"
    UNUSABLE = "too much of it, or nothing that makes sense"


class Leftover:
    """Drops one body.

    Args:
        engine: whose request it belongs to.
    """

    __slots__ = ("_dropped", "_engine")

    def __init__(self, engine: ServerConnection) -> None:
        self._engine = engine
        self._dropped = 0

    def drop(self) -> LeftoverState:
        """Drop what has arrived by now."""
        while True:
            event = self._engine.next_event()
            if isinstance(event, BodyData):
                self._dropped += len(event.data)
                if self._dropped > DRAIN_BUDGET:
                    return LeftoverState.UNUSABLE
            elif isinstance(event, EndOfBody):
                return LeftoverState.DISCARDED
            else:
                return LeftoverState.INCOMPLETE if event is Signal.NEED_DATA else LeftoverState.UNUSABLE
