"""Finding out that a silent peer is gone (RFC 6455 §5.5.2).

Knows silence and time. Must not know frames or transports.
"""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

__all__ = ["Clock", "Heartbeat"]

_TURN: Final = 0.001
"""Seconds after which the loop has read what can be read: no timer that is set so is due in the same turn."""


class Clock(Protocol):
    """What is needed of an event loop, so that another clock can stand in."""

    def time(self) -> float: ...
    def call_later(
        self, delay: float, callback: Callable[..., Any], /, *args: Any
    ) -> asyncio.TimerHandle: ...


class Heartbeat:
    """After `interval` seconds of silence calls `ping`; after half as many more, `give_up`.

    Any bytes of the peer break the silence, not only pongs. `is_deaf` tells that silence means nothing
    because it is we who are not reading. Time by which the loop was late does not count either.
    """

    __slots__ = ("_clock", "_give_up", "_heard_at", "_interval", "_is_deaf", "_ping", "_timer")

    def __init__(
        self,
        interval: float,
        clock: Clock,
        *,
        ping: Callable[[], None],
        give_up: Callable[[], None],
        is_deaf: Callable[[], bool],
    ) -> None:
        self._interval = interval
        self._clock = clock
        self._ping = ping
        self._give_up = give_up
        self._is_deaf = is_deaf
        self._heard_at = clock.time()
        self._timer = clock.call_later(interval, self._tick)

    def hear(self) -> None:
        """Take note that the peer has said something."""
        self._heard_at = self._clock.time()

    def stop(self) -> None:
        """End the watch."""
        self._timer.cancel()

    def _tick(self) -> None:
        silence = self._clock.time() - self._heard_at
        if silence < self._interval:
            self._timer = self._clock.call_later(self._interval - silence, self._tick)
            return
        # Armed first: a ping that cannot be written may end the connection, and with it this timer.
        patience = self._interval / 2
        self._timer = self._clock.call_later(patience, self._judge, self._clock.time() + patience)
        self._ping()

    def _judge(self, due: float) -> None:
        if not self._go_on():
            # An answer may wait to be read, as the loop was busy, or be late as the machine slept.
            late = min(self._clock.time() - due, self._interval / 2)
            self._timer = self._clock.call_later(max(late, _TURN), self._end)

    def _end(self) -> None:
        if not self._go_on():
            self._give_up()

    def _go_on(self) -> bool:
        """Begin anew if the peer said something, or could not be heard; tell whether that was so."""
        if self._is_deaf():
            self.hear()
        silence = self._clock.time() - self._heard_at
        if silence >= self._interval:
            return False
        self._timer = self._clock.call_later(self._interval - silence, self._tick)
        return True
