"""Taking the framing off a request's body (RFC 9112 §6 and §7).

Each reader turns what the buffer holds into one event, as much at once as there is: pieces are as large as the
reads they came in, and a body of many tiny chunks costs no more events than reads. Chunk boundaries are not
passed on; any hop may move them (RFC 9112 §7.1).
"""

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Final, Protocol

from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import BodyData, BodyFraming, EndOfBody, FramingKind, RawFields
from muntin.http_core._grammar import CHUNK_LINE, FIELD_LINE, FIELD_SECTION
from muntin.http_core._limits import Limits
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["BodyReader", "make_reader"]

# RFC 9110 §6.5.1: fields that frame, route, authenticate or describe the content come too late in a trailer;
# whoever merged one into the head would have been deceived.
_FORBIDDEN_TRAILERS: Final = frozenset(
    b"authorization cache-control connection content-encoding content-length content-location content- "
    b"range content-type cookie date expect expires forwarded host if-match if-modified-since if-none- "
    b"match if-range if-unmodified-since keep-alive location max-forwards pragma proxy-authenticate proxy- "
    b"authorization proxy-connection range retry-after set-cookie te trailer transfer-encoding upgrade "
    b"vary via warning www-authenticate x-forwarded-for x-forwarded-host x-forwarded-proto".split()
)


class BodyReader(Protocol):
    """Turns buffered bytes into the next event of a body."""

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

    def read(self, buffer: ReceiveBuffer) -> BodyData | EndOfBody | None:
        if not self._left:
            return EndOfBody()
        data = buffer.take(self._left)
        if not data:
            return None
        self._left -= len(data)
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
        if (len(buffer) if section is None else len(section) - 2) > self._limits.trailer_section:
            raise RemoteProtocolError(431, "too many trailers")
        return None if section is None else EndOfBody(parse_trailers(section, self._limits))


def parse_trailers(section: bytes, limits: Limits) -> RawFields:
    """Read trailer lines and the empty line after them.

    Raises:
        RemoteProtocolError: 431 for too many, 400 for a malformed or forbidden one.
    """
    if section.count(b"\n") - 1 > limits.trailer_count:
        raise RemoteProtocolError(431, "too many trailers")
    match = FIELD_SECTION.match(section)
    if match is None or match.end() != len(section) - 2:
        raise RemoteProtocolError(400, "malformed trailer")
    trailers: RawFields = FIELD_LINE.findall(section)
    if not _FORBIDDEN_TRAILERS.isdisjoint(name.lower() for name, _ in trailers):
        raise RemoteProtocolError(400, "forbidden trailer")
    return trailers


_READERS: Final[Mapping[FramingKind, Callable[[BodyFraming, Limits], BodyReader]]] = {
    FramingKind.LENGTH: LengthReader,
    FramingKind.CHUNKED: ChunkedReader,
}


def make_reader(framing: BodyFraming, limits: Limits) -> BodyReader:
    """Give the reader for a framing that has a body.

    Raises:
        RemoteProtocolError: 413 where the declared length exceeds the limit.
    """
    return _READERS[framing.kind](framing, limits)
