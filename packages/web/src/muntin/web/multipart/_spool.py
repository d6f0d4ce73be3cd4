"""Uploaded files that are too large for memory, on disk.

All files of one request share one unnamed file, each a window of it: one descriptor a request, however many files a
client sends. It is closed when its last window is gone. The disk is only touched in executor threads while
a request is read.
"""

import asyncio
import io
import tempfile
import threading
from typing import IO, Any, ClassVar, Final

from muntin.web.response.exceptions import HTTPServiceUnavailable

__all__ = ["MAX_SPOOLS", "Spool"]

MAX_SPOOLS: Final = 512
"""The most requests of this process with files on disk: half of the descriptors that a process usually gets."""

_ASK_AGAIN: Final = {"Retry-After": "1"}
"""Seconds: an upload that ends makes room."""


class Spool:
    """One unnamed file, written by one coroutine and read by windows.

    Raises:
        HTTPServiceUnavailable: there are `MAX_SPOOLS` already.
    """

    __slots__ = ("_file", "_lock", "size")

    _open_spools: ClassVar[int] = 0

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._lock = threading.Lock()
        self.size = 0
        """Bytes written."""
        if Spool._open_spools >= MAX_SPOOLS:
            raise HTTPServiceUnavailable(headers=_ASK_AGAIN, text="503: too many uploads at once")
        Spool._open_spools += 1
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115  # it outlives this call

    async def write(self, data: bytes) -> None:
        """Append bytes."""
        await asyncio.get_running_loop().run_in_executor(None, self._append, data)
        self.size += len(data)

    def _append(self, data: bytes) -> None:
        # The lock also keeps the descriptor open while it is written to: another file could reuse its number.
        with self._lock:
            if self._file is None:
                return
            self._file.seek(0, io.SEEK_END)
            view = memoryview(data)
            while view:
                view = view[self._file.write(view) :]

    def read_into(self, offset: int, buffer: Any) -> int:
        """Read bytes at an offset; return how many there were."""
        with self._lock:
            if self._file is None:
                raise ValueError("the uploaded file was closed")
            self._file.seek(offset)
            return self._file.readinto(buffer)  # type: ignore[attr-defined, no-any-return]  # unbuffered: a raw file

    def open_window(self, offset: int, size: int) -> IO[bytes]:
        """Open a part of the spool as a file."""
        return io.BufferedReader(_Window(self, offset, size))

    def close(self) -> None:
        """Remove the file; windows cannot be read any more."""
        with self._lock:
            file, self._file = self._file, None
        if file is not None:
            Spool._open_spools -= 1
            file.close()

    def __del__(self) -> None:
        if getattr(self, "_file", None) is not None:
            self.close()


class _Window(io.RawIOBase):
    """A part of a spool as a raw file."""

    def __init__(self, spool: Spool, offset: int, size: int) -> None:
        super().__init__()
        self._spool = spool
        self._offset = offset
        self._size = size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")[: max(self._size - self._position, 0)]
        count = self._spool.read_into(self._offset + self._position, view) if view else 0
        self._position += count
        return count

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        if base + position < 0:
            raise ValueError(f"negative position: {base + position}")
        self._position = base + position
        return self._position
