"""The messages that were received and not taken yet.

One task at a time takes them. Their size is bounded: the owner stops reading when there is no room left, and is called
back when half of the limit is free again.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from muntin.websocket._connection import MESSAGE_COST
from muntin.websocket.codes import WSMsgType
from muntin.websocket.events import WSMessage

__all__ = ["Inbox"]

# A loop that ignores the end would run for ever.
_MAX_TAKES_AFTER_THE_END = 5
_CLOSE = WSMsgType.CLOSE


class Inbox:
    """A bounded queue of messages with one taker.

    Args:
        limit: bytes of messages that there is room for.
    """

    __slots__ = (
        "_end",
        "_half",
        "_limit",
        "_takes_after_the_end",
        "_waiter",
        "messages",
        "on_empty",
        "on_room",
        "room",
    )

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._half = limit - limit // 2
        self.messages: deque[WSMessage] | None = None
        """The messages that nobody has taken. The deque is made for the first one: many idle sockets never need it."""
        self.room = limit
        """Bytes of messages that there is room for; below 0 if there is none. `MESSAGE_COST` counts as well."""
        self.on_room: Callable[[], None] | None = None
        """Called once, when half of the limit is free; the owner sets it when it stops reading."""
        self.on_empty: Callable[[], None] | None = None
        """Called once, when the last message was taken; the owner sets it after `finish`."""
        self._waiter: asyncio.Future[None] | None = None
        self._end: WSMessage | None = None
        self._takes_after_the_end = 0

    def put(self, message: WSMessage, size: int) -> None:
        """Add a message with `size` bytes of data; ignored after `finish`."""
        if self._end is not None:
            return
        if self.messages is None:
            self.messages = deque()
        self.messages.append(message)
        self.room -= size + MESSAGE_COST
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def put_all(self, messages: list[WSMessage], size: int) -> None:
        """Add the messages of one read, at least one, with `size` bytes of data together; ignored after `finish`."""
        if self._end is not None:
            return
        if self.messages is None:
            self.messages = deque()
        self.messages.extend(messages)
        self.room -= size + MESSAGE_COST * len(messages)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def finish(self, end: WSMessage, *, drop: bool = False) -> None:
        """End the queue: no message is added any more, and `end` is returned after the last one.

        With `drop` the messages in the queue are removed. Another call replaces `end`.
        """
        self._end = end
        if drop:
            self.messages = None
            self.room = self._limit
            self._report_room()
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def take(self, *, is_iterating: bool = False) -> WSMessage:
        """Wait for the next message, and return it; after the last one return the message that stands for the end.

        A task that is cancelled while it waits loses no message.

        Raises:
            StopAsyncIteration: with `is_iterating`, in place of a message that stands for the end.
            RuntimeError: another task is waiting, or this was called again and again after the end.
        """
        if self._waiter is not None:
            raise RuntimeError("another task is waiting in receive() already")
        while not self.messages:
            if self._end is not None:
                self._count_take_after_the_end()
                if is_iterating:
                    raise StopAsyncIteration
                return self._end
            self._waiter = (
                asyncio.Future()
            )  # as `create_future` of the loops does, but with half of the calls
            try:
                await self._waiter
            finally:
                self._waiter = None
        message = self.messages[0]
        if len(self.messages) > 1:
            data = message.data
            self.room += MESSAGE_COST + (len(data) if isinstance(data, (str, bytes)) else 0)
        else:
            self.room = self._limit
        if self.on_room is not None:
            # The message is removed only after this: if the peer's close frame is read now, our reply to the message
            # must still precede our close frame.
            self._report_room()
        if self.messages:
            self.messages.popleft()
            if self.on_empty is not None and not self.messages:
                callback, self.on_empty = self.on_empty, None
                callback()
        if is_iterating and message.type is _CLOSE:
            raise StopAsyncIteration
        return message

    def _count_take_after_the_end(self) -> None:
        self._takes_after_the_end += 1
        if self._takes_after_the_end > _MAX_TAKES_AFTER_THE_END:
            raise RuntimeError("receive() was called again and again after the end of the socket")

    def _report_room(self) -> None:
        if self.on_room is not None and self.room >= self._half:
            callback, self.on_room = self.on_room, None
            callback()
