"""Bytes that arrived and are still to be parsed.

This module is about positions and not about HTTP. Two rules keep every sequence of reads linear: what was searched is
not searched again, and taking from the front moves an offset instead of the bytes. A read that holds whole messages,
the common case, is kept as the object that arrived: nothing is copied.
"""

import re

__all__ = ["ReceiveBuffer"]

# With fewer used bytes than this at the front, moving the rest would cost more than it frees.
_COMPACT = 65536


class ReceiveBuffer:
    """A queue of bytes that remembers where searching stopped."""

    __slots__ = ("_data", "_searched", "_start")

    def __init__(self) -> None:
        self._data: bytes | bytearray = b""
        self._start = 0
        self._searched = 0

    def __len__(self) -> int:
        return len(self._data) - self._start

    def append(self, data: bytes) -> None:
        """Add bytes at the end.

        Raises:
            TypeError: the data is not bytes.
        """
        if data.__class__ is not bytes:
            # A bytearray or memoryview is copied, so that nobody can change it while it waits here. Text raises.
            data = bytes(memoryview(data))
        if self._start == len(self._data):
            self._data = data
            self._start = self._searched = 0
            return
        held = self._data
        if type(held) is not bytearray or self._start > _COMPACT:
            held = self._data = bytearray(memoryview(held)[self._start :])
            self._searched = max(0, self._searched - self._start)
            self._start = 0
        held += data

    def take(self, count: int) -> bytes:
        """Remove and return `count` bytes from the front, or all there are."""
        start = self._start
        end = min(start + count, len(self._data))
        self._start = end
        piece = self._data[start:end]
        return piece if type(piece) is bytes else bytes(piece)

    def take_past(self, separator: bytes) -> bytes | None:
        """Remove and return everything up to and including the first `separator`; return None while there is none.

        The next call continues the search where this one stopped, so search for one separator until it is found.
        """
        start = self._start
        at = self._data.find(separator, max(start, self._searched))
        if at < 0:
            self._searched = max(start, len(self._data) - len(separator) + 1)
            return None
        end = self._start = at + len(separator)
        piece = self._data[start:end]
        return piece if type(piece) is bytes else bytes(piece)

    def take_match(self, pattern: re.Pattern[bytes], within: int) -> bytes | None:
        """Remove what a pattern matches at the front, and return its first group.

        Return None where the pattern does not match within so many bytes.
        """
        match = pattern.match(self._data, self._start, self._start + within)
        if match is None:
            return None
        self._start = match.end()
        return bytes(match.group(1))

    def skip(self, data: bytes) -> bool:
        """Remove `data` from the front and return True, if it is there."""
        if not self._data.startswith(data, self._start):
            return False
        self._start += len(data)
        return True

    def peek(self, count: int) -> bytes:
        """Return at most `count` bytes from the front and keep them."""
        return bytes(self._data[self._start : self._start + count])

    def find(self, separator: bytes, start: int = 0, end: int | None = None) -> int:
        """Return the position of `separator` between two positions, all counted from the front, or -1."""
        at = self._data.find(separator, self._start + start, None if end is None else self._start + end)
        return -1 if at < 0 else at - self._start

    def slice(self, start: int, end: int) -> bytes:
        """Return the bytes between two positions, counted from the front, and keep them."""
        return bytes(self._data[self._start + start : self._start + end])
