"""The multipart decoder: bytes in, events out (RFC 2046 §5.1, RFC 7578).

A body is read as if it began with a CRLF. Then every delimiter, the first one too, is CRLF, two hyphens and the
boundary. The same trick serves an empty head, and a delimiter that shares its CRLF with the blank line before it.

Every byte is searched a bounded number of times, in whatever pieces the body arrives: a search continues where the last
one stopped, and the buffer keeps no more than a head or an incomplete delimiter. Content is returned in slices as large
as the pieces that were received. Where the RFC leaves a choice this decoder is strict, since of two readers of one body
the more lenient one is deceived: lines end in CRLF, and only white space may follow a boundary.
"""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import ClassVar, Final

from muntin.http_core.multipart._part_head import declared_length, parse_part_head
from muntin.http_core.multipart.boundary import is_boundary
from muntin.http_core.multipart.errors import MultipartError
from muntin.http_core.multipart.events import (
    NEED_DATA,
    Finished,
    MultipartEvent,
    PartBegin,
    PartData,
    PartEnd,
)
from muntin.http_core.multipart.limits import DEFAULT_MULTIPART_LIMITS, MultipartLimits

__all__ = ["MultipartDecoder"]

# White space between a boundary and its CRLF is "transport padding" (RFC 2046 §5.1.1), which no client adds.
_MAX_PADDING: Final = 64


class _State(Enum):
    """The element to which the next byte belongs."""

    PREAMBLE = auto()
    DELIMITER = auto()  # the rest of a line that began with the boundary
    HEAD = auto()
    CONTENT = auto()
    CLOSING = auto()  # the rest of the line that began with the last boundary
    EPILOGUE = auto()
    FINISHED = auto()


class MultipartDecoder:
    """Decodes one multipart body into events.

    Args:
        boundary: from `boundary_of`.
        limits: see `MultipartLimits`.

    Raises:
        ValueError: the boundary is malformed.
    """

    def __init__(self, boundary: str, limits: MultipartLimits = DEFAULT_MULTIPART_LIMITS) -> None:
        if not is_boundary(boundary):
            raise ValueError(f"not a multipart boundary: {boundary!r}")
        self._delimiter = b"\r\n--" + boundary.encode("ascii")
        self._limits = limits
        # Over the whole body.
        self._buffer = bytearray(b"\r\n")
        self._state = _State.PREAMBLE
        self._is_complete = False
        self._fault: tuple[int, str] | None = None
        self._received = 0
        self._skipped = 0
        self._parts = 0
        # Over one part. `_lead` counts the CRLF of a blank line that is still in the buffer: it is not content.
        self._searched = 0
        self._lead = 0
        self._length: int | None = None
        self._content = 0

    def receive(self, data: bytes) -> None:
        """Take the next bytes of the body; ``b""`` means that it is complete.

        Raises:
            MultipartError: 413 if the body is larger than `MultipartLimits.size`.
        """
        if not data:
            self._is_complete = True
        self._received += len(data)
        if self._limits.size is not None and self._received > self._limits.size:
            self._fault = (413, "multipart body too large")
            raise MultipartError(*self._fault)
        self._buffer += data

    def next_event(self) -> MultipartEvent:
        """Return the next event; `NEED_DATA` if more bytes are needed.

        Raises:
            MultipartError: 400 if the body is malformed, 413 if it exceeds a limit. Every later call raises it, too.
        """
        if self._fault is not None:
            raise MultipartError(*self._fault)
        try:
            while (event := self._STEPS[self._state](self)) is None:
                pass
        except MultipartError as error:
            # The error itself is not kept: its traceback refers to frames, and those to this object.
            self._fault = (error.status, error.reason)
            self._buffer.clear()
            raise
        return event

    def events(self) -> Iterator[MultipartEvent]:
        """Iterate over all events so far, without `NEED_DATA`; after `Finished` there are none."""
        while self._state is not _State.FINISHED and (event := self.next_event()) is not NEED_DATA:
            yield event

    # One method for each state: it returns an event, or None after a change of state

    def _read_preamble(self) -> MultipartEvent | None:
        found = self._buffer.find(self._delimiter)
        end = self._safe_end() if found < 0 else found
        self._skip(end, self._limits.preamble, "multipart preamble too large")
        if found < 0:
            return self._need_data("multipart body without a part")
        del self._buffer[: len(self._delimiter)]
        self._state = _State.DELIMITER
        return None

    def _read_delimiter(self) -> MultipartEvent | None:
        if len(self._buffer) < 2:
            return self._need_data("multipart body is cut off")
        if self._buffer.startswith(b"--"):
            del self._buffer[:2]
            self._state = _State.CLOSING
            return None
        end = self._end_of_line()
        if end is None:
            return self._need_data("multipart body is cut off")
        self._parts += 1
        if self._parts > self._limits.parts:
            raise MultipartError(413, "too many parts")
        # The CRLF is kept: with it, an empty head ends like any other.
        del self._buffer[:end]
        self._searched = 0
        self._state = _State.HEAD
        return None

    def _read_head(self) -> MultipartEvent | None:
        end = self._buffer.find(b"\r\n\r\n", self._searched)
        # The last three bytes of an incomplete head may belong to its end already.
        size = (len(self._buffer) - 3 if end < 0 else end) - 2
        if size > self._limits.part_header_size:
            raise MultipartError(413, "head of a part too large")
        if end < 0:
            self._searched = max(len(self._buffer) - 3, 0)
            return self._need_data("multipart body is cut off")
        headers = parse_part_head(bytes(self._buffer[2:end]), self._limits.part_headers)
        self._length = declared_length(headers)
        self._content = 0
        # The CRLF of the blank line is kept, too: if there is no content, the next delimiter may share it.
        del self._buffer[: end + 2]
        self._lead = 2
        self._state = _State.CONTENT
        return PartBegin(headers)

    def _read_content(self) -> MultipartEvent | None:
        found = self._buffer.find(self._delimiter)
        end = self._safe_end() if found < 0 else found
        if end > self._lead:
            data = bytes(self._buffer[self._lead : end])
            del self._buffer[:end]
            self._lead = 0
            self._count(len(data))
            return PartData(data)
        if found < 0:
            return self._need_data("multipart body is cut off")
        # There is no content before the delimiter, which begins at the kept CRLF or right behind it.
        del self._buffer[: found + len(self._delimiter)]
        if self._length is not None and self._content != self._length:
            raise MultipartError(400, "a part is not as long as it declares")
        self._state = _State.DELIMITER
        return PartEnd()

    def _read_closing(self) -> MultipartEvent | None:
        end = self._end_of_line()
        if end is None:
            if not self._is_complete:
                return NEED_DATA
            end = len(self._buffer)
        del self._buffer[:end]
        self._skipped = 0
        self._state = _State.EPILOGUE
        return None

    def _read_epilogue(self) -> MultipartEvent | None:
        self._skip(len(self._buffer), self._limits.epilogue, "multipart epilogue too large")
        if not self._is_complete:
            return NEED_DATA
        self._state = _State.FINISHED
        return None

    def _read_nothing(self) -> MultipartEvent | None:
        return Finished()

    _STEPS: ClassVar[dict[_State, Callable[["MultipartDecoder"], MultipartEvent | None]]] = {
        _State.PREAMBLE: _read_preamble,
        _State.DELIMITER: _read_delimiter,
        _State.HEAD: _read_head,
        _State.CONTENT: _read_content,
        _State.CLOSING: _read_closing,
        _State.EPILOGUE: _read_epilogue,
        _State.FINISHED: _read_nothing,
    }

    # What the states share

    def _need_data(self, reason: str) -> MultipartEvent:
        if self._is_complete:
            raise MultipartError(400, reason)
        return NEED_DATA

    def _safe_end(self) -> int:
        """Return the end of the bytes that cannot belong to a delimiter, in a buffer without a complete one.

        A delimiter has one CR, its first byte: only the last CR can begin an incomplete one.
        """
        size = len(self._buffer)
        begin = self._buffer.rfind(b"\r", max(size - len(self._delimiter) + 1, 0))
        return begin if begin >= 0 and self._delimiter.startswith(self._buffer[begin:]) else size

    def _end_of_line(self) -> int | None:
        """Return the position of the CRLF of the line; None if it is still to come."""
        padding, crlf, _ = bytes(self._buffer[: _MAX_PADDING + 2]).partition(b"\r\n")
        if padding.removesuffix(b"\r").strip(b" \t") or (crlf and padding.endswith(b"\r")):
            raise MultipartError(400, "malformed multipart delimiter")
        if not crlf and len(padding) > _MAX_PADDING:
            raise MultipartError(413, "multipart delimiter too long")
        return len(padding) if crlf else None

    def _skip(self, count: int, limit: int, reason: str) -> None:
        self._skipped += count
        # Two more for the CRLF that was put before the body, or that ends the closing delimiter.
        if self._skipped > limit + 2:
            raise MultipartError(413, reason)
        del self._buffer[:count]

    def _count(self, size: int) -> None:
        self._content += size
        if self._limits.part_size is not None and self._content > self._limits.part_size:
            raise MultipartError(413, "a part is too large")
        if self._length is not None and self._content > self._length:
            raise MultipartError(400, "a part is not as long as it declares")
