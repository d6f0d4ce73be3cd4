"""Bytes that arrived and are still to be parsed.

This module is about positions and not about HTTP. Two rules keep every sequence of reads linear: what was searched is
not searched again, and taking from the front moves an offset instead of the bytes. A read that holds whole messages,
the common case, is kept as the object that arrived: nothing is copied.
"""

import re

from muntin.http_core._events import Data

__all__ = ["ReceiveBuffer"]

# With fewer used bytes than this at the front, moving the rest would cost more than it frees.
_COMPACT = 65536


class ReceiveBuffer:
    """A queue of bytes that remembers where searching stopped.

    Attributes:
        data: what was received; a bytearray where several reads had to be joined.
        start: the front of the queue within it. Whoever parses `data` moves it behind what was taken.
    """

    __slots__ = ("_searched", "data", "start")

    def __init__(self) -> None:
        self.data: bytes | bytearray = b""
        self.start = 0
        self._searched = 0

    def __len__(self) -> int:
        return len(self.data) - self.start

    def append(self, data: Data) -> None:
        """Add bytes at the end.

        Raises:
            TypeError: the data is not bytes.
        """
        # A bytearray or memoryview is copied, so that nobody can change it while it waits here. Text raises.
        piece = data if isinstance(data, bytes) else bytes(memoryview(data))
        if self.start == len(self.data):
            self.data = piece
            self.start = self._searched = 0
            return
        held = self.data
        if type(held) is not bytearray or self.start > _COMPACT:
            held = self.data = bytearray(memoryview(held)[self.start :])
            self._searched = max(0, self._searched - self.start)
            self.start = 0
        held += piece

    def take(self, count: int) -> bytes:
        """Remove and return `count` bytes from the front, or all there are."""
        start = self.start
        end = min(start + count, len(self.data))
        self.start = end
        piece = self.data[start:end]
        return piece if type(piece) is bytes else bytes(piece)

    def take_past(self, separator: bytes) -> bytes | None:
        """Remove and return everything up to and including the first `separator`; return None while there is none.

        The next call continues the search where this one stopped, so search for one separator until it is found.
        """
        start = self.start
        at = self.data.find(separator, max(start, self._searched))
        if at < 0:
            self._searched = max(start, len(self.data) - len(separator) + 1)
            return None
        end = self.start = at + len(separator)
        piece = self.data[start:end]
        return piece if type(piece) is bytes else bytes(piece)

    def take_match(self, pattern: re.Pattern[bytes], within: int) -> bytes | None:
        """Remove what a pattern matches at the front, and return its first group.

        Return None where the pattern does not match within so many bytes.
        """
        match = pattern.match(self.data, self.start, self.start + within)
        if match is None:
            return None
        self.start = match.end()
        return bytes(match.group(1))

    def skip(self, data: bytes) -> bool:
        """Remove `data` from the front and return True, if it is there."""
        if not self.data.startswith(data, self.start):
            return False
        self.start += len(data)
        return True

    def peek(self, count: int) -> bytes:
        """Return at most `count` bytes from the front and keep them."""
        return bytes(self.data[self.start : self.start + count])

    def find(self, separator: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the position of `separator` between two positions, all counted from the front, or -1."""
        at = self.data.find(separator, self.start + start, None if end is None else self.start + end)
        return -1 if at < 0 else at - self.start

    def slice(self, start: int, end: int) -> bytes:
        """Return the bytes between two positions, counted from the front, and keep them."""
        return bytes(self.data[self.start + start : self.start + end])
