"""The lines of a head, checked one after the other.

This is for heads that arrive in pieces, so that hopeless ones are refused before they are complete, and for those
that could not be read at once, to tell what is wrong. As the *first* fault in the order of the bytes is named, the
verdict does not depend on how the bytes were cut. Requests and answers differ in their first line only.
"""

import re
from typing import Final, NamedTuple

from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import HTTP_10, HTTP_11
from muntin.http_core._grammar import FIELD_SECTION, REQUEST_LINE, STATUS_LINE
from muntin.http_core._limits import Limits
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["REQUEST_LINES", "STATUS_LINES", "VERSIONS", "LineCheck", "StartLine", "explain"]

# Others are answered 505, the higher minor versions that RFC 9110 §2.5 lets us take for 1.1 included: nobody
# sends them.
VERSIONS: Final = {(b"1", b"1"): HTTP_11, (b"1", b"0"): HTTP_10}


class StartLine(NamedTuple):
    """What the first line of a head is: its name, its pattern, and the status where it is too long."""

    name: str
    pattern: re.Pattern[bytes]
    too_long: int


REQUEST_LINES: Final = StartLine("request line", REQUEST_LINE, 414)
STATUS_LINES: Final = StartLine("status line", STATUS_LINE, 502)


class LineCheck:
    """The lines of one head, checked as they become complete.

    Args:
        limits: how long and how many they may be.
        start_line: what the first one is.
    """

    __slots__ = ("_count", "_limits", "_offset", "_searched", "_section", "_start_line")

    def __init__(self, limits: Limits, start_line: StartLine) -> None:
        self._limits = limits
        self._start_line = start_line
        self._offset = 0
        """Where the first line that was not checked yet begins."""
        self._searched = 0
        """Up to where there is no end of that line."""
        self._count = -1
        """Field lines checked; -1 before the first line."""
        self._section = 0
        """Bytes of field lines checked."""

    def check_all(self, block: bytes) -> None:
        """Check a whole head.

        Raises:
            RemoteProtocolError: with the status of the first fault.
        """
        buffer = ReceiveBuffer()
        buffer.append(block)
        self.check(buffer)

    def check(self, buffer: ReceiveBuffer) -> None:
        """Check the lines that have become complete since the last call, and the length of the one that has not.

        Raises:
            RemoteProtocolError: with the status of the first fault.
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
            if match.group("major", "minor") not in VERSIONS:
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


def explain(block: bytes, limits: Limits, start_line: StartLine) -> RemoteProtocolError:
    """Give the fault of a whole head that could not be read."""
    try:
        LineCheck(limits, start_line).check_all(block)
    except RemoteProtocolError as fault:
        return fault
    return RemoteProtocolError(400, "malformed head")  # pragma: no cover - the readers of heads agree
