"""A plan: everything that a sender needs for one response, and the one descriptor that it may have to read from.

A plan has a status, fields and bytes. Sockets, frameworks and `sendfile` are concerns of the sender.
"""

import os
import secrets
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from io import FileIO
from types import TracebackType
from typing import BinaryIO, Final, NamedTuple, Self
from urllib.parse import quote

from muntin.http_core import reason_of
from muntin.http_core.headers.ranges import ByteRange, format_content_range, format_unsatisfied_range
from muntin.static._conditional import Field, Outcome, decide
from muntin.static._representation import Fields, Representation
from muntin.static._sandbox import Opened
from muntin.static.errors import FileChanged

__all__ = [
    "CHUNK_SIZE",
    "CONDITIONAL",
    "IN_MEMORY",
    "FilePlan",
    "FileSegment",
    "plan_content",
    "plan_opened",
    "plan_outcome",
    "plan_redirect",
    "plan_status",
]

CHUNK_SIZE = 262_144
"""Bytes read at a time where the kernel cannot send the file itself."""

IN_MEMORY = 65_536
"""Files up to this size in bytes are read at once, so that head and body leave in one write; unless the disk would have
to be waited for."""


class FileSegment(NamedTuple):
    """A piece of the content: some bytes, then a stretch of the file."""

    prefix: bytes
    offset: int
    length: int


class FilePlan:
    """One response, ready to be sent. A plan without a file may be shared by many requests: do not change it.

    Either `body` is all of the content, or it is None and the content is each segment's prefix followed by `count`
    bytes of `file` from `offset`. The receiver owns the plan: close it in every exit path, or use it as a
    context manager. It may be closed twice, and there is nothing to close if `file` is None.
    """

    __slots__ = ("body", "executor", "fields", "file", "path", "prepared", "segments", "status")

    def __init__(
        self,
        status: int,
        fields: Fields,
        body: bytes | None = b"",
        *,
        file: BinaryIO | None = None,
        segments: tuple[FileSegment, ...] = (),
        path: str | None = None,
        executor: Executor | None = None,
    ) -> None:
        self.status = status
        """The status code."""
        self.fields = fields
        """Name and value of each field, Content-Length included where the status has content; no Date."""
        self.body = body
        """The whole content when it is in memory; empty for HEAD and 304. None: send `segments`."""
        self.file = file
        """The open file, unbuffered; its position means nothing."""
        self.segments = segments
        """The pieces of `file` to send, in order."""
        self.path = path
        """The absolute path of `file` if the content is the whole file, for senders that take a name."""
        self.executor = executor
        """The threads that should read `file`, since its disk may take long; None: the sender decides."""
        self.prepared: object = None
        """The sender's own form of the fields: a plan without a file may be planned again, as the same object."""

    @property
    def length(self) -> int:
        """Bytes that are sent after the head."""
        if self.body is not None:
            return len(self.body)
        return sum(len(piece.prefix) + piece.length for piece in self.segments)

    def close(self) -> None:
        """Close the file."""
        if self.file is not None:
            self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<FilePlan {self.status} length={self.length}{' with file' if self.file is not None else ''}>"

    def pieces(self, size: int = CHUNK_SIZE) -> Iterator[bytes | FileSegment]:
        """Iterate over the content in order: bytes to send, and segments of the file of at most `size` bytes each.

        Nothing is read; the segments have no prefix.
        """
        if self.body is not None:
            if self.body:
                yield self.body
            return
        for prefix, offset, count in self.segments:
            if prefix:
                yield prefix
            for start in range(offset, offset + count, size):
                yield FileSegment(b"", start, min(size, offset + count - start))

    def chunks(self, size: int = CHUNK_SIZE) -> Iterator[bytes]:
        """Read the content in chunks of at most `size` bytes: for senders without `sendfile`, and for threads.

        Raises:
            FileChanged: the file became shorter than planned; cut the connection.
        """
        for piece in self.pieces(size):
            if isinstance(piece, bytes):
                yield piece
                continue
            offset, count = piece.offset, piece.length
            while count:
                data = self.read(offset, count)
                yield data
                offset += len(data)
                count -= len(data)

    def read(self, offset: int, count: int) -> bytes:
        """Read up to `count` bytes of the file at `offset`, at least one.

        Raises:
            FileChanged: there is none; the file became shorter than planned.
            ValueError: the plan has no open file.
        """
        if self.file is None:
            raise ValueError("this plan has no file to read from")
        data = _read_at(self.file.fileno(), count, offset)
        if not data:
            raise FileChanged(count)
        return data

    def read_nowait(self, offset: int, count: int) -> bytes | None:
        """Read as `read` does, or return None if the bytes are not in memory, so that the disk would block.

        Only Linux shows which bytes are in memory; elsewhere, the result is always None.
        """
        if self.file is None:
            raise ValueError("this plan has no file to read from")
        nowait = getattr(os, "RWF_NOWAIT", 0)
        if nowait:
            try:
                # If the last byte is in memory, so are all: the kernel reads ahead in order. Reading all bytes in this
                # way needs a buffer that is filled with zeros first and copied then, which takes longer.
                os.preadv(self.file.fileno(), [bytearray(1)], offset + count - 1, nowait)
            except OSError:  # EAGAIN: not in memory; EOPNOTSUPP: not known by the file system
                return None
            return self.read(offset, count)
        return None


def _read_at(descriptor: int, count: int, offset: int) -> bytes:
    if hasattr(os, "pread"):
        data: bytes = os.pread(descriptor, count, offset)
        return data
    os.lseek(descriptor, offset, os.SEEK_SET)  # Windows; a plan has one reader, so the position is ours
    return os.read(descriptor, count)


def _read_now(descriptor: int, count: int) -> bytes | None:
    """Read the beginning of a file, or return None if it is not in memory, so that the disk would block.

    Where that is not known, the bytes are read: for so few of them, a thread takes longer than most waits.
    """
    nowait = getattr(os, "RWF_NOWAIT", 0)  # Linux alone has it
    if count and nowait:
        buffer = bytearray(count)
        try:
            if os.preadv(descriptor, [buffer], 0, nowait) == count:
                return bytes(buffer)
        except BlockingIOError:
            return None
        except OSError:  # EOPNOTSUPP
            pass
    return _read_at(descriptor, count, 0)


_FIELDS_BY_STATUS: Final[Mapping[int, Fields]] = {
    503: (("Retry-After", "1"),)  # seconds: what is missing is free again when responses on their way end
}


def plan_status(status: int, fields: Fields = (), *, method: str = "GET") -> FilePlan:
    """Plan a response with a status and a line of text that names it."""
    text = f"{status}: {reason_of(status)}".encode()
    about = (("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(text))))
    return FilePlan(
        status, (*about, *_FIELDS_BY_STATUS.get(status, ()), *fields), b"" if method == "HEAD" else text
    )


def plan_redirect(name: str, query: str) -> FilePlan:
    """Plan the redirect from a directory's URL without its last slash to the URL with it.

    `name` is the decoded last segment. The target is a relative reference, so it stays on its origin: "./" keeps a name
    from being read as a scheme or an authority (RFC 3986 §4.2).
    """
    target = f"./{quote(name, errors='surrogateescape')}/" + (
        f"?{quote(query, safe=_QUERY)}" if query else ""
    )
    return FilePlan(301, (("Location", target), ("Content-Length", "0")))


_QUERY = "!$%&'()*+,-./:;=?@_~"
"""The characters of a query besides letters and digits (RFC 3986 §3.4), that of escapes included."""


def plan_content(
    data: bytes, chosen: Representation, method: str, field: Field, *, status: int = 200
) -> FilePlan:
    """Plan the response with `data`, all bytes of the file that `chosen` describes; as `plan_opened`."""
    outcome = decide(method, field, chosen) if status == 200 and method in CONDITIONAL else Outcome(status)
    return plan_outcome(outcome, data, chosen, method)


def plan_outcome(outcome: Outcome, data: bytes, chosen: Representation, method: str) -> FilePlan:
    """Plan the response that was decided on; `data` is all bytes of the file that `chosen` describes."""
    if method == "HEAD" or outcome.status in _WITHOUT_FILE:
        return _plan_without_file(outcome, chosen, method)
    return _plan_in_memory(outcome, chosen, data)


def plan_opened(
    opened: Opened,
    chosen: Representation,
    method: str,
    field: Field,
    *,
    path_of: Callable[[tuple[str, ...]], str],
    status: int = 200,
    in_memory: int = IN_MEMORY,
    executor: Executor | None = None,
) -> FilePlan:
    """Plan the response with an open regular file that `chosen` describes; the plan owns the descriptor from here.

    A file of at most `in_memory` bytes is read; but not where the disk has to be waited for, unless there is an
    executor: then one of its threads runs this function.

    Conditions and ranges count only if the response would be 200 without them (RFC 9110 §13.2.1, §14.2).
    """
    descriptor = opened.descriptor
    try:
        outcome = (
            decide(method, field, chosen) if status == 200 and method in CONDITIONAL else Outcome(status)
        )
        if method == "HEAD" or outcome.status in _WITHOUT_FILE:
            return _plan_without_file(outcome, chosen, method)
        if chosen.size <= in_memory:
            size = chosen.size
            data = _read_now(descriptor, size) if executor is None else _read_at(descriptor, size, 0)
            if data is not None:
                return _plan_in_memory(outcome, chosen, data)
        fields, segments = _cut(outcome, chosen)
        file = FileIO(descriptor)  # the plan closes it
        descriptor = -1
        path = None if outcome.ranges else path_of(chosen.parts)
        return FilePlan(
            outcome.status, fields, None, file=file, segments=segments, path=path, executor=executor
        )
    finally:
        if descriptor >= 0:
            os.close(descriptor)


CONDITIONAL: Final = frozenset(("GET", "HEAD"))
"""The methods for which conditions count."""

_WITHOUT_FILE = frozenset((304, 412, 416))


def _plan_without_file(outcome: Outcome, chosen: Representation, method: str) -> FilePlan:
    if outcome.status == 304:
        return FilePlan(304, chosen.lasting)
    if outcome.status == 416:
        return plan_status(416, (("Content-Range", format_unsatisfied_range(chosen.size)),), method=method)
    if outcome.status == 412:
        return plan_status(412, method=method)
    return FilePlan(outcome.status, chosen.fields)


def _plan_in_memory(outcome: Outcome, chosen: Representation, data: bytes) -> FilePlan:
    if len(data) != chosen.size:  # it shrank since it was opened: what was read is what there is
        chosen = chosen.resized(len(data))
        outcome = outcome if not outcome.ranges else Outcome(200)
    if outcome.status != 206:
        return FilePlan(outcome.status, chosen.fields, data)
    fields, segments = _cut(outcome, chosen)
    return FilePlan(206, fields, b"".join(prefix + data[at : at + count] for prefix, at, count in segments))


def _cut(outcome: Outcome, chosen: Representation) -> tuple[Fields, tuple[FileSegment, ...]]:
    """Return fields and segments: of the whole, of one range, or of several as parts (RFC 9110 §15.3.7)."""
    ranges = outcome.ranges
    if not ranges:
        return chosen.fields, (FileSegment(b"", 0, chosen.size),)
    if len(ranges) == 1:
        wanted = ranges[0]
        extra: Fields = (("Content-Range", format_content_range(wanted.first, wanted.last, chosen.size)),)
        alone = FileSegment(b"", wanted.first, wanted.length)
        return _replace(chosen.fields, {"Content-Length": str(wanted.length)}, extra), (alone,)
    boundary = secrets.token_hex(16)  # unguessable, so no file can contain it on purpose
    segments = tuple(_separate(ranges, chosen, boundary))
    length = sum(len(piece.prefix) + piece.length for piece in segments)
    changed = {"Content-Length": str(length), "Content-Type": f"multipart/byteranges; boundary={boundary}"}
    return _replace(chosen.fields, changed), segments


def _separate(ranges: tuple[ByteRange, ...], chosen: Representation, boundary: str) -> Iterator[FileSegment]:
    """Iterate over the parts of a multipart/byteranges body (RFC 9110 §14.6); a part's head is the segment's prefix."""
    line_end = ""
    for wanted in ranges:
        position = format_content_range(wanted.first, wanted.last, chosen.size)
        head = f"{line_end}--{boundary}\r\nContent-Type: {chosen.about.media_type}\r\nContent-Range: {position}\r\n\r\n"
        yield FileSegment(head.encode("latin-1"), wanted.first, wanted.length)
        line_end = "\r\n"
    yield FileSegment(f"\r\n--{boundary}--\r\n".encode(), 0, 0)


def _replace(fields: Fields, changed: dict[str, str], extra: Fields = ()) -> Fields:
    return tuple((name, changed.get(name, value)) for name, value in fields) + extra
