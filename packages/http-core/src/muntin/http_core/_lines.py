"""The lines of a head, checked one after the other.

This is for heads that arrive in pieces, so that wrong ones are refused before they are complete, and for heads that
could not be parsed at once, to find what is wrong. The fault that is named is always the *first* one in the order of
the bytes, so it does not depend on the pieces in which they arrived. Requests and responses differ in their first line
only.
"""

import re
from typing import Final, NamedTuple

from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import HTTP_10, HTTP_11
from muntin.http_core._grammar import FIELD_SECTION, REQUEST_LINE, STATUS_LINE
from muntin.http_core._limits import Limits
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["REQUEST_LINES", "STATUS_LINES", "VERSIONS", "LineCheck", "StartLine", "find_fault"]

# For all others the response is 505. RFC 9110 §2.5 would allow to treat higher minor versions as 1.1, but nobody sends
# them.
VERSIONS: Final = {b"1.1": HTTP_11, b"1.0": HTTP_10}


class StartLine(NamedTuple):
    """A kind of first line: its name, its pattern, and the status of the response to one that is too long."""

    name: str
    pattern: re.Pattern[bytes]
    too_long: int


REQUEST_LINES: Final = StartLine("request line", REQUEST_LINE, 414)
STATUS_LINES: Final = StartLine("status line", STATUS_LINE, 502)


class LineCheck:
    """The lines of one head, checked as they become complete.

    Args:
        limits: how long and how many they may be.
        start_line: the kind of the first line.
    """

    __slots__ = ("_count", "_limits", "_offset", "_searched", "_section", "_start_line")

    def __init__(self, limits: Limits, start_line: StartLine) -> None:
        self._limits = limits
        self._start_line = start_line
        self._offset = 0
        """The begin of the first line that was not checked yet."""
        self._searched = 0
        """The position up to which the end of that line was searched."""
        self._count = -1
        """Field lines checked; -1 before the first line."""
        self._section = 0
        """Bytes of field lines checked."""

    def check_all(self, block: bytes) -> None:
        """Check a whole head.

        Raises:
            RemoteProtocolError: the head is malformed or exceeds a limit; the first fault is named.
        """
        buffer = ReceiveBuffer()
        buffer.append(block)
        self.check(buffer)

    def check(self, buffer: ReceiveBuffer) -> None:
        """Check the lines that have become complete since the last call, and the length of the one that has not.

        Raises:
            RemoteProtocolError: a line is malformed or exceeds a limit; the first fault is named.
        """
        while (at := buffer.find(b"\n", self._searched)) >= 0:
            line = buffer.slice(self._offset, at + 1)
            self._offset = self._searched = at + 1
            if line == b"\r\n" and self._count >= 0:
                return
            self._check_line(line)
        self._searched = len(buffer)
        # One more than the limit may be the CR of a line that just fits.
        self._check_length(self._searched - self._offset - 1)

    def _check_line(self, line: bytes) -> None:
        self._check_length(len(line) - (2 if line.endswith(b"\r\n") else 1))
        self._count += 1
        if self._count == 0:
            match = self._start_line.pattern.fullmatch(line)
            if match is None:
                raise RemoteProtocolError(400, f"malformed {self._start_line.name}")
            if match.group("version") not in VERSIONS:
                raise RemoteProtocolError(505, "HTTP version not supported")
            return
        self._section += len(line)
        if self._count > self._limits.field_count or self._section > self._limits.field_section:
            raise RemoteProtocolError(431, "too many fields")
        if FIELD_SECTION.fullmatch(line) is None:
            raise RemoteProtocolError(400, "malformed field line")

    def _check_length(self, length: int) -> None:
        if self._count < 0:
            if length > self._limits.request_line:
                raise RemoteProtocolError(self._start_line.too_long, f"{self._start_line.name} too long")
        elif length > self._limits.field_line:
            raise RemoteProtocolError(431, "field line too long")


def find_fault(block: bytes, limits: Limits, start_line: StartLine) -> RemoteProtocolError:
    """Return the fault of a whole head that could not be parsed."""
    try:
        LineCheck(limits, start_line).check_all(block)
    except RemoteProtocolError as fault:
        return fault
    return RemoteProtocolError(400, "malformed head")  # pragma: no cover - the parsers of heads agree
