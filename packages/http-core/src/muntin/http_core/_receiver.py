"""The receiving half of a connection, on either side: bytes, and the end of the stream."""

from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import Data
from muntin.http_core._limits import Limits
from muntin.http_core._lines import LineCheck, StartLine

__all__ = ["Receiver"]


class Receiver:
    """The bytes of the peer that are still to be parsed, and whether more may follow.

    Args:
        limits: how much the peer may send.
        start_line: the kind of line that begins each of its messages.
    """

    __slots__ = ("_buffer", "_has_ended", "_limits", "_line_check", "_start_line")

    def __init__(self, limits: Limits, start_line: StartLine) -> None:
        self._limits = limits
        self._start_line = start_line
        self._buffer = ReceiveBuffer()
        self._has_ended = False
        self._line_check: LineCheck | None = None
        """Of a head that arrives in pieces."""

    def receive(self, data: Data) -> None:
        """Take bytes from the peer.

        Raises:
            TypeError: the data is not bytes.
        """
        self._buffer.append(data)

    def receive_eof(self) -> None:
        """Record that the peer ended its side."""
        self._has_ended = True

    def _check_lines(self) -> None:
        """Check the lines that have arrived of an incomplete head.

        Raises:
            RemoteProtocolError: a line is malformed or exceeds a limit; the first fault is named.
        """
        if self._line_check is None:
            self._line_check = LineCheck(self._limits, self._start_line)
        self._line_check.check(self._buffer)

    @property
    def buffered(self) -> int:
        """Bytes received that no event has returned yet."""
        return len(self._buffer)

    @property
    def has_ended(self) -> bool:
        """True if the peer has ended its side."""
        return self._has_ended
