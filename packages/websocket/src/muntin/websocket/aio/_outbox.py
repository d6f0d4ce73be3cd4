"""Frames on their way out.

Knows how many bytes may be under way before somebody has to wait, or to go. Must not know what a frame means.
"""

import asyncio
from collections.abc import Callable

from ..errors import ConnectionClosed
from ._duplex import Duplex
from ._sending import DONE, Draining, Sending

__all__ = ["Outbox"]


class Outbox:
    """Writes frames at once, and tells whoever cares when to wait.

    Args:
        soft_limit: bytes under way above which an awaited write waits.
        hard_limit: bytes under way above which `overflow` is called instead of a further write.
    """

    __slots__ = ("_duplex", "_hard_limit", "_overflow", "_owed", "_payer", "_soft_limit", "_unsettled")

    def __init__(
        self,
        duplex: Duplex,
        *,
        soft_limit: int,
        hard_limit: int,
        overflow: Callable[[ConnectionClosed], None],
    ) -> None:
        # Set once.
        self._duplex = duplex
        self._soft_limit = soft_limit
        self._hard_limit = hard_limit
        self._overflow = overflow
        # An upper bound of the bytes under way. It only counts up, which is cheap; the truth is asked for
        # where it could matter.
        self._unsettled = 0
        # The newest answer that waits until the peer reads again, and the task that waits for that.
        self._owed: Callable[[], bytes] = bytes
        self._payer: asyncio.Task[None] | None = None

    def write(self, frame: bytes) -> Sending:
        """Send a frame; raises ConnectionClosed when the peer has left too much unread."""
        if self._unsettled > self._hard_limit and self._settle() > self._hard_limit:
            error = ConnectionClosed(f"the peer has left {self._unsettled} bytes unread")
            self._overflow(error)
            raise error
        self._duplex.write(frame)
        self._unsettled += len(frame)
        if self._unsettled <= self._soft_limit:
            return DONE
        self._settle()
        return Draining(self._drain)

    def answer(self, make: Callable[[], bytes]) -> None:
        """Send the answer that `make` gives, now or when the peer reads again; then only the newest counts.

        RFC 6455 §5.5.3 allows that for pongs. So a peer that pings and never reads makes nothing grow.
        """
        if self._unsettled <= self._soft_limit or self._settle() <= self._soft_limit:
            self.write(make())
            return
        self._owed = make
        if self._payer is None:
            self._payer = asyncio.get_running_loop().create_task(self._pay())

    async def drain(self) -> None:
        """Wait while the peer is slow; returns also when it is gone."""
        try:
            await self._duplex.drain()
        except ConnectionResetError:
            return

    def _settle(self) -> int:
        self._unsettled = self._duplex.write_buffer_size
        return self._unsettled

    async def _drain(self) -> None:
        await asyncio.sleep(0)  # who sends much to a fast peer would else keep all others waiting
        await self._duplex.drain()
        self._settle()

    async def _pay(self) -> None:
        try:
            await self.drain()
            self._duplex.write(self._owed())
        finally:
            self._owed, self._payer = bytes, None
