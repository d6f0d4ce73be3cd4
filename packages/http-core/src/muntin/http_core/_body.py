"""Removing the framing from a body (RFC 9112 §6 and §7).

Each reader turns everything that the buffer holds into one event. So pieces are as large as the reads they came in, and
a body of many tiny chunks costs no more events than reads. The event also says where chunks end.
"""

from collections.abc import Callable, Mapping
from typing import Final, Protocol

from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import NO_BODY, BodyData, BodyFraming, EndOfBody, FramingKind
from muntin.http_core._grammar import CHUNK_LINE
from muntin.http_core._limits import DEFAULT_LIMITS, Limits
from muntin.http_core._trailers import parse_trailers
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["NO_READER", "BodyReader", "make_reader"]


class BodyReader(Protocol):
    """Turns buffered bytes into the next event of a body."""

    @property
    def left(self) -> int | None:
        """Bytes of the body that are still to be read; None where its length is not known."""

    def read(self, buffer: ReceiveBuffer) -> BodyData | EndOfBody | None:
        """Return the next event, or None when more bytes are needed.

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


class ChunkedReader:
    """A chunked body and its trailers."""

    __slots__ = ("_ends", "_left", "_limits", "_step", "_total")

    _step: "Callable[[ChunkedReader, ReceiveBuffer, list[bytes]], bool] | None"

    def __init__(self, framing: BodyFraming, limits: Limits) -> None:
        self._limits = limits
        # What to read next; None before the trailers. A function and not a bound method: an object that refers to
        # itself is only freed by the garbage collector.
        self._step = ChunkedReader._read_size
        self._left = 0
        """Bytes of the current chunk that are still to come."""
        self._total = 0
        """Bytes of all chunks announced so far."""
        self._ends: list[int] = []
        """The ends of chunks in the piece that is being read, counted from the first byte of the body."""

    @property
    def left(self) -> None:
        return None

    def read(self, buffer: ReceiveBuffer) -> BodyData | EndOfBody | None:
        pieces: list[bytes] = []
        try:
            while self._step is not None and self._step(self, buffer, pieces):
                pass
        except RemoteProtocolError:
            # What came before the fault is returned first. No step takes bytes that it refuses: the next call refuses
            # again.
            if not pieces:
                raise
        if pieces:
            ends, self._ends = self._ends, []
            return BodyData(pieces[0] if len(pieces) == 1 else b"".join(pieces), ends)
        return self._read_trailers(buffer) if self._step is None else None

    def _read_size(self, buffer: ReceiveBuffer, pieces: list[bytes]) -> bool:
        longest = self._limits.chunk_line
        size = buffer.take_match(CHUNK_LINE, longest)
        if size is None:
            if buffer.find(b"\n", 0, longest) >= 0:
                raise RemoteProtocolError(400, "malformed chunk size")
            if len(buffer) > longest:
                raise RemoteProtocolError(400, "chunk line too long")
            return False
        self._left = int(size, 16)
        self._total += self._left
        self._step = ChunkedReader._read_data if self._left else None
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
            self._ends.append(self._total)
            self._step = ChunkedReader._read_end_of_data
        return True

    def _read_end_of_data(self, buffer: ReceiveBuffer, pieces: list[bytes]) -> bool:
        # Exactly CRLF: a reader that accepts any two bytes here can be made to miss the end of a chunk.
        if buffer.skip(b"\r\n"):
            self._step = ChunkedReader._read_size
            return True
        if buffer.peek(2) not in (b"", b"\r"):
            raise RemoteProtocolError(400, "malformed end of chunk")
        return False

    def _read_trailers(self, buffer: ReceiveBuffer) -> EndOfBody | None:
        if buffer.skip(b"\r\n"):
            return EndOfBody()
        section = buffer.take_past(b"\r\n\r\n")
        # Without the CRLF of the empty line, one byte of which may have arrived already.
        if (len(buffer) - 1 if section is None else len(section) - 2) > self._limits.trailer_section:
            raise RemoteProtocolError(431, "too many trailers")
        return None if section is None else EndOfBody(parse_trailers(section, self._limits))


_READERS: Final[Mapping[FramingKind, Callable[[BodyFraming, Limits], BodyReader]]] = {
    FramingKind.LENGTH: LengthReader,
    FramingKind.CHUNKED: ChunkedReader,
    FramingKind.CLOSE: CloseReader,
}


NO_READER: Final[BodyReader] = LengthReader(NO_BODY, DEFAULT_LIMITS)
"""Where there is nothing to read."""


def make_reader(framing: BodyFraming, limits: Limits) -> BodyReader:
    """Return the reader for a framing that has a body.

    Raises:
        RemoteProtocolError: 413 where the declared length exceeds the limit.
    """
    return _READERS[framing.kind](framing, limits)
