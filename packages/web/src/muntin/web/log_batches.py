"""Batches of log lines: written to a stream many at a time, as writing costs more than the lines.

It knows lines and when they are due. What they say is for who makes them.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Final, TextIO

__all__ = ["BatchingHandler", "find_writer"]

_MOST: Final = 1000
"""Lines that wait at most; some 100 KiB."""
_NO_LOCK: Final = nullcontext()


class BatchingHandler(logging.StreamHandler[TextIO]):
    """Writes the records of a logger to a stream, many at a time.

    In an event loop they wait for a moment, or until there are many; outside of one they are written at once. What
    waits at the end of the program is written then; what waits when it is killed is lost.

    Args:
        stream: where to write; None for standard error.
        seconds: how long a line may wait.
    """

    def __init__(self, stream: TextIO | None = None, *, seconds: float = 0.1) -> None:
        super().__init__(stream)
        self._seconds = seconds
        self._lines: list[str] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        """The loop that is to write them."""

    def emit(self, record: logging.LogRecord) -> None:
        """Take a record."""
        try:
            self.write_line(self.format(record))
        except Exception:
            self.handleError(record)

    def write_line(self, line: str) -> None:
        """Take a line that needs no formatting."""
        with self.lock or _NO_LOCK:
            self._lines.append(line)
            try:
                loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
                return
            if len(self._lines) >= _MOST:
                self.flush()
            elif self._loop is not loop:
                self._loop = loop
                loop.call_later(self._seconds, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        with self.lock or _NO_LOCK:
            self._loop = None
            lines, self._lines = self._lines, []
            if lines:
                self.stream.write("\n".join(lines) + "\n")
            super().flush()


def find_writer(logger: logging.Logger) -> Callable[[str], Any] | None:
    """Give what takes the lines of a logger as they are; None where somebody may want to see records."""
    if logger.propagate or logger.filters or len(logger.handlers) != 1:
        return None
    (handler,) = logger.handlers
    takes_lines = (
        type(handler) is BatchingHandler
        and handler.formatter is None
        and handler.level <= logging.INFO
        and not handler.filters
    )
    return handler.write_line if takes_lines and isinstance(handler, BatchingHandler) else None
