"""The time of one server, read once a second for all its connections.

A clock reading and a date for each request, and a timer for each connection, would cost more than the requests. So
the server's clock ticks once a second while there are connections; each tick renews the Date line and lets the
connections look at their deadlines. Deadlines are met within one interval.
"""

import asyncio
from collections.abc import Callable
from time import time

from muntin.http_core.headers import format_date

__all__ = ["Clock"]


class Clock:
    """Monotonic time and the Date line.

    Args:
        loop: whose time it is.
        on_tick: is called at each tick, after the renewal.
        interval: seconds between ticks.
    """

    __slots__ = ("_handle", "_loop", "_on_tick", "date_line", "interval", "now")

    def __init__(
        self, loop: asyncio.AbstractEventLoop, on_tick: Callable[[], None], interval: float = 1.0
    ) -> None:
        self._loop = loop
        self._on_tick = on_tick
        self._handle: asyncio.TimerHandle | None = None
        self.interval = interval
        self.now = 0.0
        """The loop's time at the last tick (seconds)."""
        self.date_line = b""
        """A Date field line with its CRLF (RFC 9110 §6.6.1)."""
        self._renew()

    def _renew(self) -> None:
        self.now = self._loop.time()
        self.date_line = b"Date: %b\r\n" % format_date(time()).encode("ascii")

    def start(self) -> None:
        """Tick from now on; nothing if it does already."""
        if self._handle is None:
            self._renew()
            self._handle = self._loop.call_later(self.interval, self._tick)

    def stop(self) -> None:
        """Tick no more, until the next start."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _tick(self) -> None:
        self._renew()
        self._handle = self._loop.call_later(self.interval, self._tick)
        self._on_tick()
