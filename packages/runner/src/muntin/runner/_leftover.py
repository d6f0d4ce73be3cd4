"""The rest of a request's body that the handler did not read.

The next request starts behind it, so it has to be read and discarded. The amount is bounded, because more of it would
cost both sides more than a new connection.
"""

from enum import Enum
from typing import Final

from muntin.http_core import BodyData, EndOfBody, ServerConnection, Signal

__all__ = ["DRAIN_BUDGET", "Leftover", "LeftoverState"]

DRAIN_BUDGET: Final = 262144
"""How much of a body is read and discarded to keep the connection (bytes)."""


class LeftoverState(Enum):
    """How far the rest of a body was discarded."""

    INCOMPLETE = "more of the body is to come"
    DISCARDED = "the body is over: the next request starts here"
    UNUSABLE = "there is too much of it, or it is malformed"


class Leftover:
    """Discards the rest of one body.

    Args:
        engine: the engine that parses the request.
    """

    __slots__ = ("_discarded", "_engine")

    def __init__(self, engine: ServerConnection) -> None:
        self._engine = engine
        self._discarded = 0

    def discard(self) -> LeftoverState:
        """Discard what has arrived so far."""
        while True:
            event = self._engine.next_event()
            if isinstance(event, BodyData):
                self._discarded += len(event.data)
                if self._discarded > DRAIN_BUDGET:
                    return LeftoverState.UNUSABLE
            elif isinstance(event, EndOfBody):
                return LeftoverState.DISCARDED
            else:
                return LeftoverState.INCOMPLETE if event is Signal.NEED_DATA else LeftoverState.UNUSABLE
