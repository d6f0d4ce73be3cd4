"""The time of the server, for what goes on after an exchange was upgraded.

It knows how the server rounds long waits, and not what is waited for.
"""

import asyncio
from collections.abc import Callable
from contextvars import Context
from typing import Any

__all__ = ["ServerClock"]


class ServerClock:
    """A clock whose long waits end at whole seconds, as those of the server do: many of them wake the loop once.

    Args:
        deadline_in: returns the loop's time at which a wait of so many seconds is over; that of an exchange.
    """

    __slots__ = ("_deadline_in", "_loop")

    def __init__(self, deadline_in: Callable[[float], float]) -> None:
        self._deadline_in = deadline_in
        self._loop = asyncio.get_running_loop()

    def time(self) -> float:
        """Return the loop's time (seconds)."""
        return self._loop.time()

    def call_later(self, delay: float, callback: Callable[..., Any], *args: Any) -> asyncio.TimerHandle:
        """Call back after `delay` seconds, or a little later."""
        # In a context of its own: a timer keeps its context until it is due, even when it is cancelled, and that of a
        # handler leads to its request.
        return self._loop.call_at(self._deadline_in(delay), callback, *args, context=Context())
