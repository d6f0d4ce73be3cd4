"""Frames on their way out.

Who answers a burst of messages makes a burst of frames. As every write is a call of the system, and small ones cost
little more than that, frames are held while there are more messages to answer, and written together: with the frame
after which nothing more is to be answered, when there are many, and at the latest in the loop's next turn. A frame
that answers a lone message is written at the call.

Knows how many bytes may be under way before somebody has to wait, or to go. Must not know what a frame means.
"""

import asyncio
from collections.abc import Callable

from muntin.websocket.aio._duplex import Duplex
from muntin.websocket.aio._sending import DONE, Draining, Sending
from muntin.websocket.errors import ConnectionClosed

__all__ = ["Outbox"]


# So many bytes are worth a call of the system.
_WORTH_WRITING = 65536


class Outbox:
    """Writes frames, and tells whoever cares when to wait.

    Args:
        expects_more: tells whether more frames are likely to come in this turn of the loop.
        soft_limit: bytes under way above which an awaited write waits.
        hard_limit: bytes under way above which `overflow` is called instead of a further write; `soft_limit` if that is
            more.
    """

    __slots__ = (
        "_duplex",
        "_expects_more",
        "_hard_limit",
        "_held",
        "_held_size",
        "_overflow",
        "_owed",
        "_payer",
        "_soft_limit",
        "_unsettled",
        "_will_flush",
    )

    def __init__(
        self,
        duplex: Duplex,
        *,
        expects_more: Callable[[], bool],
        soft_limit: int,
        hard_limit: int,
        overflow: Callable[[ConnectionClosed], None],
    ) -> None:
        # Set once.
        self._duplex = duplex
        self._expects_more = expects_more
        self._soft_limit = soft_limit
        self._hard_limit = max(
            hard_limit, soft_limit
        )  # answers are sent below the one, and must not meet the other
        self._overflow = overflow
        # An upper bound of the bytes under way. It only counts up, which is cheap; the truth is asked for
        # where it could matter.
        self._unsettled = 0
        # Frames that are held, their size, and whether the loop will see to them.
        self._held: list[bytes] = []
        self._held_size = 0
        self._will_flush = False
        # The newest answer that waits until the peer reads again, and the task that waits for that.
        self._owed: Callable[[], bytes] = bytes
        self._payer: asyncio.Task[None] | None = None

    def write(self, frame: bytes) -> Sending:
        """Send a frame; raises ConnectionClosed when the peer has left too much unread."""
        if self._unsettled > self._hard_limit and self._settle() > self._hard_limit:
            error = ConnectionClosed(f"the peer has left {self._unsettled} bytes unread")
            self._overflow(error)
            raise error
        if self._expects_more():
            self._hold(frame)
        elif self._held:
            self.write_last(frame)
        else:
            self._duplex.write(frame)
        self._unsettled += len(frame)
        if self._unsettled <= self._soft_limit:
            return DONE
        self.flush()
        self._settle()
        return Draining(self._drain)

    def write_last(self, frame: bytes) -> None:
        """Write a frame, and what is held before it, however much is unread."""
        if self._held:
            frame = b"".join((*self._held, frame))
            self.drop()
        if frame:
            self._duplex.write(frame)

    def flush(self) -> None:
        """Write what is held."""
        if self._held:
            self.write_last(b"")

    def drop(self) -> None:
        """Forget what is held."""
        self._held.clear()
        self._held_size = 0

    def release(self) -> None:
        """Forget who is called back, and what is due: nothing is sent any more."""
        self._overflow = _ignore
        if self._payer is not None:
            self._payer.cancel()

    @property
    def size(self) -> int:
        """How many bytes were not taken by the network yet."""
        return self._held_size + self._duplex.write_buffer_size

    def answer(self, make: Callable[[], bytes]) -> None:
        """Send the frame that `make` returns, if any, now or when the peer reads again; then only the newest counts.

        RFC 6455 §5.5.3 allows that for pongs. So a peer that pings and never reads makes nothing grow. Nobody hears of
        it where the peer has gone by then, or the socket has ended.
        """
        if self._unsettled <= self._soft_limit or self._settle() <= self._soft_limit:
            frame = make()
            if frame:
                self.write(frame)
            return
        self._owed = make
        if self._payer is None:
            self._payer = asyncio.get_running_loop().create_task(self._pay())

    async def drain(self) -> None:
        """Wait while the peer is slow; returns also when it is gone."""
        self.flush()
        try:
            await self._duplex.drain()
        except ConnectionResetError:
            return

    def _hold(self, frame: bytes) -> None:
        self._held.append(frame)
        self._held_size += len(frame)
        if self._held_size >= _WORTH_WRITING:
            self.flush()
        elif not self._will_flush:
            self._will_flush = True
            asyncio.get_running_loop().call_soon(self._flush_later)

    def _flush_later(self) -> None:
        self._will_flush = False
        self.flush()

    def _settle(self) -> int:
        self._unsettled = self.size
        return self._unsettled

    async def _drain(self) -> None:
        await asyncio.sleep(0)  # who sends much to a fast peer would else keep all others waiting
        await self._duplex.drain()
        self._settle()

    async def _pay(self) -> None:
        try:
            self.flush()
            await self._duplex.drain()
            self.write_last(self._owed())
        except ConnectionResetError:
            pass  # there is nobody to answer, or nothing may be said any more: whoever uses the socket hears of that
        finally:
            self._owed, self._payer = bytes, None


def _ignore(error: ConnectionClosed) -> None:
    """Stand for what was called back once."""
