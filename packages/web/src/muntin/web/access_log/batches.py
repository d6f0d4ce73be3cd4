"""Batches of log lines: written to a stream many at a time, as each write costs more than making the line."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, Final, TextIO

__all__ = ["BatchingHandler", "find_writer"]

_MOST: Final = 1000
"""The most lines that wait; some 100 KiB."""
_NO_LOCK: Final = nullcontext()


class BatchingHandler(logging.StreamHandler[TextIO]):
    """Writes the records of a logger to a stream, many at a time.

    In an event loop they wait for `seconds`, or until there are many; outside of one they are written at once. Lines
    that wait are written at the end of the program; they are lost if it is killed.

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
        """Format a record, and queue its line."""
        try:
            self.write_line(self.format(record))
        except Exception:
            self.handleError(record)

    def write_line(self, line: str) -> None:
        """Queue a line that needs no formatting."""
        lines = self._lines
        # Needs no lock: the list stays the same, and whoever takes lines out forgets the loop first.
        lines.append(line)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            self.flush()
            return
        if self._loop is not loop:
            self._loop = loop
            loop.call_later(self._seconds, self.flush)
        elif len(lines) >= _MOST:
            self.flush()

    def flush(self) -> None:
        """Write the lines that wait."""
        with self.lock or _NO_LOCK:
            self._loop = None
            waiting = self._lines[:]
            del self._lines[: len(waiting)]
            if waiting:
                waiting.append("")
                self.stream.write("\n".join(waiting))
            super().flush()


def find_writer(logger: logging.Logger) -> Callable[[str], Any] | None:
    """Return a function that writes the lines of a logger without records; None if something needs records."""
    if logger.propagate or logger.filters or len(logger.handlers) != 1:
        return None
    (handler,) = logger.handlers
    if handler.level > logging.INFO or handler.filters or not _keeps_lines(handler.formatter):
        return None
    # Not for subclasses, which may treat records differently.
    if type(handler) is BatchingHandler:
        return handler.write_line
    if type(handler) is logging.StreamHandler or type(handler) is logging.FileHandler:
        return _write_at_once(handler)
    return None


def _keeps_lines(formatter: logging.Formatter | None) -> bool:
    """Return whether a formatter returns the message and nothing else."""
    if formatter is None:
        return True
    if type(formatter) is not logging.Formatter:
        return False
    try:
        return formatter.format(logging.makeLogRecord({"msg": "message"})) == "message"
    except ValueError:
        # It uses an attribute that only some records have.
        return False


def _write_at_once(handler: logging.StreamHandler[Any]) -> Callable[[str], Any]:
    """Return a function that writes a line as the handler would, without a record."""

    def write_line(line: str) -> None:
        with handler.lock or _NO_LOCK:
            # The handler opens a file that was closed, or is opened late.
            if handler.stream is None:
                handler.emit(logging.makeLogRecord({"msg": line}))
                return
            handler.stream.write(line + handler.terminator)
            handler.flush()

    return write_line
