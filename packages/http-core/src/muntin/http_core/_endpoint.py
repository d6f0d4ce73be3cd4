"""What both ends of a connection have in common: bytes that arrive, a body among them, and whether more may follow.

Which messages travel which way is for `ServerConnection` and `ClientConnection`.
"""

from muntin.http_core._body import BodyReader
from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import BodyData, EndOfBody, Rejected
from muntin.http_core._limits import Limits
from muntin.http_core._lines import LineCheck
from muntin.http_core.errors import LocalProtocolError

__all__ = ["Endpoint"]


class Endpoint:
    """One end of a connection.

    Args:
        limits: how much the peer may send.
    """

    __slots__ = ("_buffer", "_check", "_ended", "_fault", "_last", "_limits", "_reader")

    def __init__(self, limits: Limits) -> None:
        # For the whole connection:
        self._limits = limits
        self._buffer = ReceiveBuffer()
        self._ended = False
        """The peer sends no more."""
        self._fault: Rejected | None = None
        """What the peer did wrong, after which nothing can be understood."""
        # For one exchange:
        self._check: LineCheck | None = None
        """Only while a head arrives in pieces."""
        self._reader: BodyReader | None = None
        """Of the body that arrives."""
        self._last = False
        """No exchange follows this one."""

    def receive(self, data: bytes) -> None:
        """Take bytes from the peer.

        Raises:
            TypeError: they are no bytes.
        """
        if data.__class__ is not bytes:
            # What can be changed from outside must not be changed while it waits here; text has no way in.
            data = bytes(memoryview(data))
        self._buffer.append(data)

    def receive_eof(self) -> None:
        """Note that the peer ended its side."""
        self._ended = True

    @property
    def buffered(self) -> int:
        """Bytes received and not given out as events (bytes)."""
        return len(self._buffer)

    @property
    def has_ended(self) -> bool:
        """Whether the peer has ended its side."""
        return self._ended

    @property
    def keeps_alive(self) -> bool:
        """Whether another exchange may follow this one, as far as is known by now."""
        return not self._last

    def _read_body(self) -> BodyData | EndOfBody | None:
        """Give what has come of the body; None when that is nothing yet.

        Raises:
            RemoteProtocolError: it is malformed or exceeds a limit.
        """
        if self._reader is None:  # pragma: no cover - the tables and the reader go together
            raise LocalProtocolError("no body to read")
        return self._reader.read(self._buffer)
