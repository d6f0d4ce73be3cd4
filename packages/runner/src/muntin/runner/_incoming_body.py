"""The body of a request on its way from the connection to its reader.

It is a queue with one writer, the connection, and one reader. It counts the buffered bytes; the connection pauses
reading from the peer by that count.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from muntin.http_core import (
    BodyData,
    EndOfBody,
    RawFields,
    Rejected,
    RemoteProtocolError,
    ServerConnection,
)

__all__ = ["EMPTY_BODY", "IncomingBody", "WholeBody"]


# How many ends of chunks are kept until they are read: a bound on the memory that a peer with tiny chunks can use.
_CHUNK_ENDS: Final = 4096


class WholeBody:
    """A body that arrived together with its head, or an empty one.

    Args:
        data: all of it.
    """

    __slots__ = ("_data", "received")

    is_complete = True
    is_over = True
    trailers: RawFields = ()

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.received = len(data)

    @property
    def at_eof(self) -> bool:
        return not self._data

    def take_chunk_ends(self) -> Sequence[int]:
        return ()

    def receive_nowait(self) -> bytes:
        data, self._data = self._data, b""
        return data

    async def receive(self) -> bytes:
        return self.receive_nowait()

    def fail(self, kind: Callable[..., Exception], *args: object) -> None:
        """Do nothing: a complete body cannot fail."""


EMPTY_BODY: Final = WholeBody(b"")


class IncomingBody:
    """A body that arrives.

    Args:
        on_wait: called when the reader is about to wait for bytes: the peer may wait for 100 Continue.
        on_read: called when the reader has taken bytes.
    """

    __slots__ = (
        "_chunk_ends",
        "_failure",
        "_on_read",
        "_on_wait",
        "_pieces",
        "_waiter",
        "buffered",
        "is_complete",
        "received",
        "trailers",
    )

    def __init__(self, on_wait: Callable[[], None], on_read: Callable[[], None]) -> None:
        self._on_wait = on_wait
        self._on_read = on_read
        self._pieces: deque[bytes] = deque()
        self._chunk_ends: list[int] = []
        self._waiter: asyncio.Future[None] | None = None
        self._failure: Callable[[], Exception] | None = None
        """Makes the error that ends the body: a new one each time, because an error keeps the frames that it passes."""
        self.buffered = 0
        """Bytes that arrived and were not read yet."""
        self.received = 0
        """Bytes that have arrived, read or not."""
        self.is_complete = False
        self.trailers: RawFields = ()

    @property
    def is_over(self) -> bool:
        """True if no more bytes will come: the body is complete, or has failed."""
        return self.is_complete or self._failure is not None

    @property
    def at_eof(self) -> bool:
        return self.is_complete and not self._pieces

    # The connection's side

    def pump(self, engine: ServerConnection) -> None:
        """Take what the engine has of this body."""
        while not self.is_over:
            event = engine.next_event()
            if isinstance(event, BodyData):
                self.feed(event.data)
                if event.chunk_ends and len(self._chunk_ends) < _CHUNK_ENDS:
                    self._chunk_ends += event.chunk_ends[:_CHUNK_ENDS]
            elif isinstance(event, EndOfBody):
                self.feed_end(event.trailers)
            elif isinstance(event, Rejected):
                # For the reader, a peer that stops in the middle is like one whose connection breaks.
                if engine.has_ended:
                    self.fail(ConnectionResetError, "the peer ended its request early")
                else:
                    self.fail(RemoteProtocolError, event.status, event.reason)
                return
            else:
                return

    def feed(self, data: bytes) -> None:
        """Add a piece."""
        self._pieces.append(data)
        self.buffered += len(data)
        self.received += len(data)
        self._wake()

    def feed_end(self, trailers: RawFields) -> None:
        """End the body."""
        self.trailers = trailers
        self.is_complete = True
        self._wake()

    def fail(self, kind: Callable[..., Exception], *args: object) -> None:
        """End the body with an error of a kind, behind what has arrived; do nothing if it is complete."""
        if not self.is_over:
            self._failure = partial(kind, *args)
            self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # The reader's side

    def take_chunk_ends(self) -> Sequence[int]:
        ends, self._chunk_ends = self._chunk_ends, []
        return ends

    def receive_nowait(self) -> bytes:
        if not self._pieces:
            if self._failure is not None:
                raise self._failure()
            return b""
        data = self._pieces.popleft() if len(self._pieces) == 1 else self._join()
        self.buffered = 0
        self._on_read()
        return data

    def _join(self) -> bytes:
        data = b"".join(self._pieces)
        self._pieces.clear()
        return data

    async def receive(self) -> bytes:
        if not self._pieces and not self.is_over:
            await self._wait()
        return self.receive_nowait()

    async def _wait(self) -> None:
        if self._waiter is not None:
            raise RuntimeError("another coroutine is reading this body")
        self._on_wait()
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
