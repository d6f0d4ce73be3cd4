"""The body of a request in memory: the part that the test has sent so far.

The exchange feeds it with the events of the engine.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from muntin.http_core import BodyData, EndOfBody, RawFields
from muntin.web.response.exceptions.copies import copy_error

__all__ = ["MemoryBody"]


class MemoryBody:
    """The request's body, as far as the test has sent it.

    Args:
        before_wait: called when a reader is about to wait.
    """

    def __init__(self, before_wait: Callable[[], None]) -> None:
        self._before_wait = before_wait
        self._pieces: deque[bytes] = deque()
        self._chunk_ends: list[int] = []
        self._error: Exception | None = None
        self._arrived = asyncio.Event()
        self.is_complete = False
        self.trailers: RawFields = ()

    @property
    def at_eof(self) -> bool:
        """True if all was read."""
        return self.is_complete and not self._pieces

    def feed(self, event: BodyData | EndOfBody | Exception) -> None:
        """Take an event of the engine, or the error that ends the body."""
        if isinstance(event, BodyData):
            self._pieces.append(event.data)
            self._chunk_ends += event.chunk_ends
        elif isinstance(event, EndOfBody):
            self.is_complete, self.trailers = True, event.trailers
        elif not self.is_complete and self._error is None:
            self._error = event
        self._arrived.set()

    def take_chunk_ends(self) -> Sequence[int]:
        """Return where chunks ended."""
        ends, self._chunk_ends = self._chunk_ends, []
        return ends

    def receive_nowait(self) -> bytes:
        """Return the next piece, b"" for none."""
        if self._pieces:
            return self._pieces.popleft()
        if self._error is not None:
            raise copy_error(self._error)
        return b""

    async def receive(self) -> bytes:
        """Wait for the next piece; b"" at the end."""
        while not self._pieces and not self.is_complete and self._error is None:
            self._before_wait()
            self._arrived.clear()
            await self._arrived.wait()
        return self.receive_nowait()
