"""Messages that were received and not taken yet.

Knows how many there may be before reading pauses, and that only one task takes them. Must not know what a
message means.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from muntin.websocket._connection import MESSAGE_COST
from muntin.websocket.events import WSMessage

__all__ = ["Inbox"]


class Inbox:
    """A queue with one taker, bounded by pausing whoever fills it.

    Args:
        limit: bytes above which `pause` is called; `resume` is, when half of them are taken.
        emptied: is called when the last message there will be is taken.
        end: gives the message that stands for the end, when there will be no other.
    """

    __slots__ = (
        "_emptied",
        "_end",
        "_is_over",
        "_limit",
        "_messages",
        "_pause",
        "_resume",
        "_size",
        "_waiter",
        "is_paused",
    )

    def __init__(
        self,
        limit: int,
        *,
        pause: Callable[[], None],
        resume: Callable[[], None],
        emptied: Callable[[], None],
        end: Callable[[], WSMessage],
    ) -> None:
        # Set once.
        self._limit = limit
        self._pause = pause
        self._resume = resume
        self._emptied = emptied
        self._end = end
        # While messages come. `_messages` is made when first needed: most of many idle sockets never need it.
        self._messages: deque[WSMessage] | None = None
        self._size = 0
        self._waiter: asyncio.Future[None] | None = None
        self.is_paused = False
        # Set at the end.
        self._is_over = False

    def put(self, message: WSMessage, size: int) -> None:
        """Take in a message with `size` bytes of data; nothing after `finish`."""
        if self._is_over:
            return
        if self._messages is None:
            self._messages = deque()
        self._messages.append(message)
        self._size += size + MESSAGE_COST
        if self._size > self._limit and not self.is_paused:
            self.is_paused = True
            self._pause()
        if self._waiter is not None:
            self._wake()

    @property
    def room(self) -> int:
        """How many bytes of messages there is room for; below 0 when there is none (`MESSAGE_COST` counts too)."""
        return self._limit - self._size

    def has_messages(self) -> bool:
        """Tell whether something came that was not taken."""
        return bool(self._messages)

    def finish(self, *, drop: bool = False) -> None:
        """Say that no message will come any more; `drop` those that nobody has taken."""
        self._is_over = True
        if drop:
            self._messages = None
            self._size = 0
            self._relieve()
        self._wake()

    def release(self) -> None:
        """Forget who is called back: nothing comes any more that would be of interest to them."""
        self._pause = self._resume = self._emptied = _do_nothing

    async def take(self) -> WSMessage:
        """Give the next message, or the end; raises RuntimeError when another task waits for one.

        Being cancelled loses no message.
        """
        if self._waiter is not None:
            raise RuntimeError("another task is waiting in receive() already")
        while not self._messages:
            if self._is_over:
                return self._end()
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self._messages[0]
        if len(self._messages) > 1:
            data = message.data
            self._size -= MESSAGE_COST + (len(data) if isinstance(data, (str, bytes)) else 0)
        else:
            self._size = 0
        # It is taken out after what comes next has come in: should that be the peer's end, then this one may still be
        # answered.
        if self.is_paused:
            self._relieve()
        if self._messages:
            self._messages.popleft()
            if not self._messages and self._is_over:
                self._emptied()
        return message

    def _relieve(self) -> None:
        if self.is_paused and self._size <= self._limit // 2:
            self.is_paused = False
            self._resume()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def _do_nothing() -> None:
    """Stand for what was called back once."""
