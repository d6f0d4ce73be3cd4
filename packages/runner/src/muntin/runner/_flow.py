"""Back-pressure towards the peer: who writes waits while the transport has enough.

Knows one transport's two callbacks and the coroutines that wait; not what is written.
"""

import asyncio

__all__ = ["WriteFlow"]


class WriteFlow:
    """Whether there is room to write, and who waits for it."""

    __slots__ = ("_is_lost", "_is_paused", "_loop", "_waiters", "resume_count", "unsent")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._is_paused = False
        self._is_lost = False
        self._waiters: list[asyncio.Future[None]] = []
        self.resume_count = 0
        """How often the peer had taken something."""
        self.unsent = 0
        """Bytes that the transport had, and had not sent, when it was looked at last in a pause; else 0."""

    @property
    def is_paused(self) -> bool:
        """Whether the transport asked for a pause."""
        return self._is_paused

    def pause(self, unsent: int = 0) -> None:
        """Note that the transport has enough, and how much that is (bytes)."""
        self._is_paused = True
        self.unsent = unsent

    def resume(self) -> None:
        """Note that the transport takes more, and wake who waits."""
        self._is_paused = False
        self.unsent = 0
        self.record_progress()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_result(None)
        self._waiters.clear()

    def record_progress(self) -> None:
        """Note that the peer has taken something, though there may not be room for everybody yet."""
        self.resume_count += 1

    def connection_lost(self) -> None:
        """Note that the connection is gone: who waits is told so, now and later."""
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
        if self._is_paused and not self._is_lost:
            waiter = self._loop.create_future()
            self._waiters.append(waiter)
            await waiter
        # Made here, for each who waits: an error keeps the frames that it goes through, and with them their requests.
        if self._is_lost:
            raise ConnectionResetError("the peer is gone")
