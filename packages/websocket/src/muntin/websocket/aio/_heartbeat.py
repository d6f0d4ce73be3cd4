"""The heartbeat: it notices that a silent peer is gone (RFC 6455 §5.5.2)."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, Protocol

__all__ = ["Clock", "Heartbeat"]

_TURN: Final = 0.001
"""Seconds within which the loop reads what has arrived: a timer that is set so is due in a later turn of the loop."""


class Clock(Protocol):
    """The part of an event loop that is needed here, so that tests can pass another clock."""

    def time(self) -> float: ...
    def call_later(
        self, delay: float, callback: Callable[..., Any], /, *args: Any
    ) -> asyncio.TimerHandle: ...


class Heartbeat:
    """A watch over the silence of a peer: any bytes end the silence, not only pongs.

    Args:
        interval: seconds of silence after which `ping` is called, and after half as many more `give_up`. Delays of the
            loop do not count.
        clock: the clock.
        ping: sends a ping.
        give_up: ends the connection.
        is_reading_paused: returns True while we do not read; the peer's silence has no meaning then.
    """

    __slots__ = ("_clock", "_give_up", "_heard_at", "_interval", "_is_reading_paused", "_ping", "_timer")

    def __init__(
        self,
        interval: float,
        clock: Clock,
        *,
        ping: Callable[[], None],
        give_up: Callable[[], None],
        is_reading_paused: Callable[[], bool],
    ) -> None:
        self._interval = interval
        self._clock = clock
        self._ping = ping
        self._give_up = give_up
        self._is_reading_paused = is_reading_paused
        self._heard_at = clock.time()
        self._timer = clock.call_later(interval, self._check_silence)

    def reset(self) -> None:
        """Record that bytes of the peer have arrived."""
        self._heard_at = self._clock.time()

    def stop(self) -> None:
        """End the watch."""
        self._timer.cancel()

    def _check_silence(self) -> None:
        silence = self._clock.time() - self._heard_at
        if silence < self._interval:
            self._timer = self._clock.call_later(self._interval - silence, self._check_silence)
            return
        # The timer is set first: a ping that cannot be written may end the connection, and stop this heartbeat.
        patience = self._interval / 2
        self._timer = self._clock.call_later(patience, self._check_reply, self._clock.time() + patience)
        self._ping()

    def _check_reply(self, due: float) -> None:
        if not self._restart():
            # The loop was busy, so the reply may wait to be read; or the machine slept, so it may arrive late.
            delay = min(self._clock.time() - due, self._interval / 2)
            self._timer = self._clock.call_later(max(delay, _TURN), self._end)

    def _end(self) -> None:
        if not self._restart():
            self._give_up()

    def _restart(self) -> bool:
        """Start anew if bytes have arrived, or if we do not read; return False otherwise."""
        if self._is_reading_paused():
            self.reset()
        silence = self._clock.time() - self._heard_at
        if silence >= self._interval:
            return False
        self._timer = self._clock.call_later(self._interval - silence, self._check_silence)
        return True
