"""The time of one server, read once a second for all its connections.

A clock reading and a date for each request, and a timer for each connection, would cost more than the requests. So
the server's clock ticks once a second while there are connections, at whole seconds of the loop's time; each tick
renews the Date line and lets the connections look at their deadlines. Where a time-out is shorter than that, the clock
ticks more often. Deadlines are met within one interval, never early.

Ticks that the loop missed because it was busy or the machine slept do not count: nothing could be read meanwhile, and
what peers sent may still wait to be read.
"""

import asyncio
from collections.abc import Callable
from math import floor, inf
from time import time

from muntin.http_core.headers.dates import format_date
from muntin.runner._timeouts import Timeouts

__all__ = ["TickingClock"]

# Seconds between ticks: the most, and the least that a short time-out makes of it.
_SLOWEST = 1.0
_FASTEST = 0.01


def _choose_interval(timeouts: Timeouts) -> float:
    """Return an interval that is half of the shortest time-out among those that are not rounded, within bounds."""
    waits = (
        timeouts.first_byte,
        timeouts.head,
        timeouts.body,
        timeouts.write,
        timeouts.keep_alive,
        timeouts.drain,
        timeouts.linger,
        timeouts.linger_total,
    )
    sharp = [seconds for seconds in waits if seconds < timeouts.ceil_threshold]
    return min(_SLOWEST, max(_FASTEST, min(sharp, default=inf) / 2))


class TickingClock:
    """Monotonic time and the Date line.

    Args:
        loop: the event loop; None stands for the one that runs whenever the time is needed.
        timeouts: they decide how often the clock ticks.
        on_tick: called at each tick, after the time was renewed.
    """

    __slots__ = (
        "_handle",
        "_loop",
        "_missed",
        "_on_tick",
        "_timeouts",
        "date_line",
        "idle_until",
        "interval",
        "now",
    )

    def __init__(
        self, loop: asyncio.AbstractEventLoop | None, timeouts: Timeouts, on_tick: Callable[[], None]
    ) -> None:
        self._loop = loop
        self._timeouts = timeouts
        self._on_tick = on_tick
        self._handle: asyncio.TimerHandle | None = None
        self._missed = 0.0
        """Seconds of the loop's time that do not count."""
        self.interval = _choose_interval(timeouts)
        """Seconds between ticks."""
        self.now = 0.0
        """The loop's time at the last tick, without the ticks that were missed (seconds)."""
        self.idle_until = 0.0
        """The deadline of a connection that is idle from now on, computed here because every response needs it."""
        self.date_line = b""
        """A Date field line with its CRLF (RFC 9110 §6.6.1)."""
        self.renew(0.0 if loop is None else loop.time())

    def deadline_in(self, seconds: float) -> float:
        """Return the tick's time at which a wait that begins now is over."""
        # The last tick may be one interval ago.
        return self._timeouts.deadline(self.now + self.interval, seconds)

    def loop_deadline_in(self, seconds: float) -> float:
        """Return the loop's time at which a wait that begins now is over, for code with a timer of its own."""
        return self._timeouts.deadline(self._find_loop().time(), seconds)

    def renew(self, now: float) -> None:
        """Set the current time, and what follows from it."""
        self.now = now
        self.idle_until = self.deadline_in(self._timeouts.keep_alive)
        self.date_line = b"Date: %b\r\n" % format_date(time()).encode("ascii")

    def start(self) -> None:
        """Tick from now on; do nothing if it ticks already."""
        if self._handle is None:
            now = self._find_loop().time()
            self.renew(now - self._missed)
            self._plan(now)

    def stop(self) -> None:
        """Stop ticking until the next start."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _find_loop(self) -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop() if self._loop is None else self._loop

    def _plan(self, now: float) -> None:
        number = floor(now / self.interval) + 1
        if number * self.interval <= now:
            # The quotient was rounded down exactly at a tick's time, and that tick is over.
            number += 1
        when = number * self.interval
        self._handle = self._find_loop().call_at(when, self._tick, when)

    def _tick(self, when: float) -> None:
        # A loop may wake slightly early; then a deadline must not wait for the next tick.
        now = max(when, self._find_loop().time())
        self._missed += floor((now - when) / self.interval) * self.interval
        self.renew(now - self._missed)
        self._plan(now)
        self._on_tick()
