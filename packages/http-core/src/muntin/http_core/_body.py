"""Taking the framing off a body (RFC 9112 §6 and §7).

Each reader turns what the buffer holds into one event, as much at once as there is: pieces are as large as the
reads they came in, and a body of many tiny chunks costs no more events than reads. Chunk boundaries are not
passed on; any hop may move them (RFC 9112 §7.1).
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, Protocol

from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import BodyData, BodyFraming, EndOfBody, FramingKind
from muntin.http_core._grammar import CHUNK_LINE
from muntin.http_core._limits import Limits
from muntin.http_core._trailers import parse_trailers
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["BodyReader", "make_reader"]


class BodyReader(Protocol):
    """Turns buffered bytes into the next event of a body."""

    @property
    def left(self) -> int | None:
        """Bytes of the body that are still to be read; None where nobody knows."""

    def read(self, buffer: ReceiveBuffer) -> BodyData | EndOfBody | None:
        """Give the next event, or None when more bytes are needed.

        Raises:
            RemoteProtocolError: the body is malformed or exceeds a limit.
        """


class LengthReader:
    """A body of a declared length."""

    __slots__ = ("_left",)

    def __init__(self, framing: BodyFraming, limits: Limits) -> None:
        if limits.body is not None and framing.length > limits.body:
            raise RemoteProtocolError(413, "body too large")
        self._left = framing.length

    @property
    def left(self) -> int:
        return self._left

    def read(self, buffer: ReceiveBuffer) -> BodyData | EndOfBody | None:
        if not self._left:
            return EndOfBody()
        data = buffer.take(self._left)
        if not data:
            return None
        self._left -= len(data)
        return BodyData(data)


class CloseReader:
    """A body that lasts as long as the connection."""

    __slots__ = ("_left",)

    def __init__(self, framing: BodyFraming, limits: Limits) -> None:
        self._left = limits.body

    @property
    def left(self) -> None:
        return None

    def read(self, buffer: ReceiveBuffer) -> BodyData | EndOfBody | None:
        data = buffer.take(len(buffer))
        if not data:
            return None
        if self._left is not None:
            self._left -= len(data)
            if self._left < 0:
                raise RemoteProtocolError(413, "body too large")
        return BodyData(data)


class _Expects(Enum):
    """What comes next in a chunked body."""

    SIZE = 1
    DATA = 2
    END_OF_DATA = 3
    TRAILERS = 4


class ChunkedReader:
    """A chunked body and its trailers."""

    __slots__ = ("_expects", "_left", "_limits", "_steps", "_total")

    def __init__(self, framing: BodyFraming, limits: Limits) -> None:
        self._limits = limits
        self._expects = _Expects.SIZE
        self._left = 0
        """Bytes of the current chunk that are still to come."""
        self._total = 0
        """Bytes of all chunks announced so far."""
        self._steps: Mapping[_Expects, Callable[[ReceiveBuffer, list[bytes]], bool]] = {
            _Expects.SIZE: self._read_size,
            _Expects.DATA: self._read_data,
            _Expects.END_OF_DATA: self._read_end_of_data,
        }

    @property
    def left(self) -> None:
        return None

    def read(self, buffer: ReceiveBuffer) -> BodyData | EndOfBody | None:
        pieces: list[bytes] = []
        try:
            while self._expects is not _Expects.TRAILERS and self._steps[self._expects](buffer, pieces):
                pass
        except RemoteProtocolError:
            # What came before the fault is given first. No step takes bytes it objects to: the next call objects again.
            if not pieces:
                raise
        if pieces:
            return BodyData(pieces[0] if len(pieces) == 1 else b"".join(pieces))
        return self._read_trailers(buffer) if self._expects is _Expects.TRAILERS else None

    def _read_size(self, buffer: ReceiveBuffer, pieces: list[bytes]) -> bool:
        line_end = buffer.find(b"\n", 0, self._limits.chunk_line)
        if line_end < 0:
            if len(buffer) > self._limits.chunk_line:
                raise RemoteProtocolError(400, "chunk line too long")
            return False
        size = buffer.take_line(CHUNK_LINE)
        if size is None:
            raise RemoteProtocolError(400, "malformed chunk size")
        self._left = int(size.group(1), 16)
        self._total += self._left
        self._expects = _Expects.DATA if self._left else _Expects.TRAILERS
        return True

    def _read_data(self, buffer: ReceiveBuffer, pieces: list[bytes]) -> bool:
        if self._limits.body is not None and self._total > self._limits.body:
            raise RemoteProtocolError(413, "body too large")
        data = buffer.take(self._left)
        if not data:
            return False
        self._left -= len(data)
        pieces.append(data)
        if not self._left:
            self._expects = _Expects.END_OF_DATA
        return True

    def _read_end_of_data(self, buffer: ReceiveBuffer, pieces: list[bytes]) -> bool:
        # Exactly CRLF: accepting any two bytes here is how a chunk of another length gets smuggled in.
        end = buffer.peek(2)
        if not b"\r\n".startswith(end):
            raise RemoteProtocolError(400, "malformed end of chunk")
        if len(end) < 2:
            return False
        buffer.take(2)
        self._expects = _Expects.SIZE
        return True

    def _read_trailers(self, buffer: ReceiveBuffer) -> EndOfBody | None:
        if buffer.peek(2) == b"\r\n":
            buffer.take(2)
            return EndOfBody()
        section = buffer.take_past(b"\r\n\r\n")
        # Without the CRLF of the empty line, of which one byte may be here already.
        if (len(buffer) - 1 if section is None else len(section) - 2) > self._limits.trailer_section:
            raise RemoteProtocolError(431, "too many trailers")
        return None if section is None else EndOfBody(parse_trailers(section, self._limits))


_READERS: Final[Mapping[FramingKind, Callable[[BodyFraming, Limits], BodyReader]]] = {
    FramingKind.LENGTH: LengthReader,
    FramingKind.CHUNKED: ChunkedReader,
    FramingKind.CLOSE: CloseReader,
}


def make_reader(framing: BodyFraming, limits: Limits) -> BodyReader:
    """Give the reader for a framing that has a body.

    Raises:
        RemoteProtocolError: 413 where the declared length exceeds the limit.
    """
    return _READERS[framing.kind](framing, limits)
