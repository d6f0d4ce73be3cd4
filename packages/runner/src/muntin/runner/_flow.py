"""Back-pressure towards the peer: writers wait while the transport's queue is full."""

import asyncio

__all__ = ["WriteFlow"]


class WriteFlow:
    """Records whether there is room to write, and wakes the coroutines that wait for it."""

    __slots__ = ("_is_lost", "_waiters", "is_paused", "resume_count", "unsent")

    def __init__(self) -> None:
        self.is_paused = False
        """True if the transport asked for a pause."""
        self._is_lost = False
        self._waiters: list[asyncio.Future[None]] = []
        self.resume_count = 0
        """How often the peer has received something."""
        self.unsent = 0
        """Bytes in the transport's queue when they were last counted during a pause; 0 without a pause."""

    def pause(self, unsent: int = 0) -> None:
        """Record that the transport's queue is full, and how many bytes it holds."""
        self.is_paused = True
        self.unsent = unsent

    def resume(self) -> None:
        """Record that there is room again, and wake the waiting coroutines."""
        self.is_paused = False
        self.unsent = 0
        self.record_progress()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def record_progress(self) -> None:
        """Record that the peer has received something, even if there is no room yet."""
        self.resume_count += 1

    def connection_lost(self) -> None:
        """Record that the connection is gone: coroutines that wait, now or later, get an error."""
        self._is_lost = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    async def wait(self) -> None:
        """Wait until there is room.

        Raises:
            ConnectionResetError: the connection is gone.
        """
        if self.is_paused and not self._is_lost:
            waiter = asyncio.get_running_loop().create_future()
            self._waiters.append(waiter)
            await waiter
        # A new error for each coroutine: an error keeps the frames that it passes, and with them their requests.
        if self._is_lost:
            raise ConnectionResetError("the peer is gone")
