"""The body of a request as a stream.

`StreamReader` reads by pieces, lines, sizes or separators from a `ByteSource`, which has removed framing and coding.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Final, Protocol

from muntin.web.response.exceptions import IncompletePayload, RequestPayloadError
from muntin.web.response.exceptions.copies import copy_error

__all__ = ["CLIENT_MAX_FIELDS", "CLIENT_MAX_SIZE", "ByteSource", "StreamReader"]

# The longest line that `readline` returns by default (bytes). How much is buffered is limited by the connection.
_MAX_LINE: Final = 524288

CLIENT_MAX_SIZE: Final = 1 << 20
"""The largest body that is read whole (bytes)."""
CLIENT_MAX_FIELDS: Final = 1000
"""The most fields that a form may have; the largest forms have some hundred."""


class ByteSource(Protocol):
    """Where pieces come from."""

    @property
    def at_eof(self) -> bool:
        """True if it is certain that nothing more comes."""

    @property
    def received(self) -> int:
        """How much has arrived (bytes), before codings were undone."""

    @property
    def is_coded(self) -> bool:
        """True if the body has content codings that are decoded."""

    def take_chunk_ends(self) -> Sequence[int]:
        """Return where chunks of the sender ended, as `muntin.runner.Body` does."""

    def receive_nowait(self) -> bytes:
        """Return what has arrived; b"" for nothing at the moment."""

    async def receive(self) -> bytes:
        """Wait for the next piece; b"" at the end."""


class StreamReader:
    """Reads a body, once, by one reader at a time.

    Every method that waits may raise ConnectionResetError when the peer is gone, and an `HTTPException` when the body
    is broken or breaks a limit.

    Args:
        source: returns the pieces.
    """

    __slots__ = (
        "_buffer",
        "_chunk_ends",
        "_error",
        "_is_ended",
        "_offset",
        "_on_eof",
        "_piece",
        "_source",
        "total_bytes",
    )

    def __init__(self, source: ByteSource) -> None:
        self._source = source
        # What was received and not yet read: first the buffer, where lines are looked for, then the rest of a piece,
        # which is cut without being copied once more.
        self._buffer = bytearray()
        self._piece = b""
        self._offset = 0
        self._is_ended = False
        """True after the source returned its end."""
        self._error: BaseException | None = None
        self._on_eof: list[Callable[[], None]] | None = None
        self._chunk_ends: deque[int] | None = None
        """Ends of chunks that were not read yet; None until `readchunk` is used."""
        self.total_bytes = 0
        """How much has come out of the source so far (bytes)."""

    @property
    def total_raw_bytes(self) -> int:
        """How much has arrived so far (bytes), before content codings were undone."""
        return self._source.received

    @property
    def total_compressed_bytes(self) -> int | None:
        """The same; None for a body without content codings."""
        return self._source.received if self._source.is_coded else None

    # State

    def is_eof(self) -> bool:
        """Return whether all has arrived; a part may still be unread."""
        return self._is_ended or self._source.at_eof

    def at_eof(self) -> bool:
        """Return whether all was read."""
        return not self._buffered and self.is_eof()

    def exception(self) -> BaseException | None:
        """Return the error that ended the body, if there was one."""
        return self._error

    def on_eof(self, callback: Callable[[], None]) -> None:
        """Call a function when the end is reached; at once if it was reached already."""
        if self.is_eof():
            callback()
            return
        if self._on_eof is None:
            self._on_eof = []
        self._on_eof.append(callback)

    def _end(self) -> None:
        self._is_ended = True
        callbacks, self._on_eof = self._on_eof, None
        for callback in callbacks or ():
            callback()

    # Getting pieces

    async def _receive(self) -> bytes:
        """Wait for the next piece of the source, past the buffer; b"" at the end."""
        if self._is_ended:
            return b""
        if self._error is not None:
            raise copy_error(self._error)
        try:
            data = await self._source.receive()
        except Exception as error:
            self._error = copy_error(error)
            raise
        if not data:
            self._end()
        self.total_bytes += len(data)
        return data

    @property
    def _buffered(self) -> int:
        return len(self._buffer) + len(self._piece) - self._offset

    async def _fill(self) -> bool:
        """Move one more piece into the buffer; return whether there was one."""
        data = b"" if self._piece else await self._receive()
        size = len(self._buffer)
        self._keep(data)
        return len(self._buffer) > size

    def _keep(self, data: bytes) -> None:
        """Append the rest of the piece, and more data, to the buffer."""
        self._buffer += self._piece[self._offset :]
        self._buffer += data
        self._piece, self._offset = b"", 0

    def _take(self, count: int) -> bytes:
        """Take at most `count` bytes from the buffer, or from the piece if the buffer is empty."""
        buffer = self._buffer
        if buffer:
            taken = bytes(memoryview(buffer)[:count])
            del buffer[:count]
            return taken
        begin = self._offset
        end = self._offset = min(begin + count, len(self._piece))
        taken = self._piece if end - begin == len(self._piece) else self._piece[begin:end]
        if end == len(self._piece):
            self._piece, self._offset = b"", 0
        return taken

    def _take_all(self) -> bytes:
        buffered = self._take(len(self._buffer)) if self._buffer else b""
        rest = self._take(len(self._piece))
        return buffered + rest if buffered else rest

    def unread_data(self, data: bytes) -> None:
        """Put bytes back in front."""
        self._buffer[:0] = data

    # Reading

    async def read(self, n: int = -1) -> bytes:
        """Read at most `n` bytes, b"" at the end; if `n` is negative, all up to the end, without a limit."""
        if n < 0:
            pieces = [self._take_all()]
            while piece := await self._receive():
                pieces.append(piece)
            return b"".join(pieces)
        if n and not self._buffer and not self._piece:
            self._piece = await self._receive()
        return self._take(n)

    async def readany(self) -> bytes:
        """Read what has arrived, or wait for the next piece; b"" at the end."""
        return self._take_all() if self._buffered else await self._receive()

    async def readexactly(self, n: int) -> bytes:
        """Read exactly `n` bytes.

        Raises:
            IncompletePayload: the body ends before that; an asyncio.IncompleteReadError, and HTTPBadRequest when it is
                not caught.
        """
        while len(self._buffer) < n and await self._fill():
            pass
        if len(self._buffer) < n:
            raise IncompletePayload(self._take(n), n)
        return self._take(n)

    async def readline(self, *, max_line_length: int | None = None) -> bytes:
        """Read the next line with its line feed, which the last may lack; b"" at the end.

        Raises:
            RequestPayloadError: it is longer than `max_line_length` (bytes; 512 KiB for None); a ValueError, and
                HTTPBadRequest when it is not caught.
        """
        return await self.readuntil(b"\n", max_size=max_line_length)

    async def readuntil(self, separator: bytes = b"\n", *, max_size: int | None = None) -> bytes:
        """Read up to the separator, and that too; what is left if the body ends without one.

        Raises:
            RequestPayloadError: it is longer than `max_size` (bytes; 512 KiB for None); as `readline`.
            ValueError: the separator is empty.
        """
        if not separator:
            raise ValueError("a separator has at least one byte")
        limit = _MAX_LINE if max_size is None else max_size
        searched = 0
        while (at := self._buffer.find(separator, searched)) < 0:
            searched = max(len(self._buffer) - len(separator) + 1, 0)
            if searched > limit or not await self._fill():
                break
        size = len(self._buffer) if at < 0 else at + len(separator)
        if size > limit:
            raise RequestPayloadError(text=f"400: no separator within {limit} bytes")
        return self._take(size)

    async def readchunk(self) -> tuple[bytes, bool]:
        """Read what has arrived of the next chunk, and whether that ends it; (b"", False) at the end of the body.

        Only chunked bodies have chunks, and only those without content coding can tell. They mean nothing: whoever
        stands between may cut a body anew (RFC 9112 §7.1).
        """
        if not self._buffered:
            self._piece = await self._receive()
        if self._chunk_ends is None:
            self._chunk_ends = deque()
        ends = self._chunk_ends
        ends.extend(self._source.take_chunk_ends())
        position = self.total_bytes - self._buffered
        while ends and ends[0] <= position:
            ends.popleft()
        if not ends:
            return self._take_all(), False
        data = self._take(ends[0] - position)
        return data, position + len(data) == ends[0]

    def read_nowait(self, n: int = -1) -> bytes:
        """Read at most `n` bytes of what has arrived, without waiting; all of it if `n` is negative."""
        if not self._is_ended and self._error is None and (n < 0 or self._buffered < n):
            data = self._source.receive_nowait()
            self.total_bytes += len(data)
            self._keep(data)
        return self._take_all() if n < 0 else self._take(n)

    async def wait_eof(self) -> None:
        """Wait until all has arrived."""
        while not self.is_eof():
            data = await self._receive()
            self._keep(data)

    # Iterating

    def iter_chunked(self, n: int) -> AsyncIterator[bytes]:
        """Iterate over pieces of at most `n` bytes."""
        return _Pieces(lambda: self.read(n))

    def iter_any(self) -> AsyncIterator[bytes]:
        """Iterate over pieces as they arrive."""
        return _Pieces(self.readany)

    def iter_chunks(self) -> AsyncIterator[tuple[bytes, bool]]:
        """Iterate over the results of `readchunk`."""
        return _Pieces(self.readchunk, (b"", False))

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over lines."""
        return _Pieces(self.readline)

    def __repr__(self) -> str:
        state = "at its end" if self.at_eof() else f"{self._buffered} bytes buffered"
        return f"<{type(self).__name__} {state}>"


class _Pieces:
    """Iterates over the results of a method, up to the one that marks the end."""

    __slots__ = ("_end", "_read")

    def __init__(self, read: Callable[[], Awaitable[Any]], end: Any = b"") -> None:
        self._read = read
        self._end = end

    def __aiter__(self) -> "_Pieces":
        return self

    async def __anext__(self) -> Any:
        piece = await self._read()
        if piece == self._end:
            raise StopAsyncIteration
        return piece
