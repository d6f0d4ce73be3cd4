"""`FileResponse`: a response with a file, as `muntin.static` plans it.

It knows how a plan becomes a response. Ranges, conditions, types and compressed forms are up to the plan.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import aclosing
from functools import partial
from typing import Any, BinaryIO, ClassVar, Final

from multidict import CIMultiDict

from muntin.http_core import FieldBlock, RequestHead
from muntin.runner.exchange import CHUNK_SIZE
from muntin.static import FilePlan, plan_file, read_apart
from muntin.web.response.body import BodyKind, FileStretch
from muntin.web.response.delivery import BodyWriter, Deliverable
from muntin.web.response.headers import LooseHeaders
from muntin.web.response.overriding import standard
from muntin.web.response.packet_mode import PacketMode
from muntin.web.response.preset import SERVER_FIELD, Preset
from muntin.web.response.served_request import ServedRequest
from muntin.web.response.stream import StreamResponse

__all__ = ["FileResponse", "read_field"]

_PLANNED: Final = frozenset(("content-length", "content-range", "content-encoding", "etag", "last-modified"))
"""Fields that are those of the plan whatever the application has set: they follow from what is sent, or the plan was
made with regard to the application's.
"""


def read_field(head: RequestHead, name: str) -> str | None:
    """Return the value of a request field by its lower-case name, all lines of it joined; None without one."""
    lines = head.get_all(name.encode("ascii"))
    return b", ".join(lines).decode("latin-1") if lines else None


_Fields = tuple[tuple[str, str], ...]


def _preset_of(plan: FilePlan) -> Preset:
    """Return the preset for the fields of a plan; of a plan that comes again, the same one."""
    preset = plan.prepared
    if not isinstance(preset, Preset):
        # The response to HEAD has to state the length of what is not sent.
        preset = _make_preset(plan.fields, has_body=plan.body != b"")
        if plan.file is None:
            plan.prepared = preset
    return preset


def _make_preset(fields: _Fields, *, has_body: bool) -> Preset:
    """Return the preset for the fields of a plan.

    Args:
        fields: of the plan.
        has_body: whether its length follows from what is sent.
    """
    others = tuple(pair for pair in fields if pair[0] != "Content-Length")
    if has_body or len(others) == len(fields):
        return Preset(fields, FieldBlock((*others, SERVER_FIELD)))
    return Preset(fields, (*fields, SERVER_FIELD))


class _OpenFile:
    """The content of an open file, which is closed when nothing holds this: a response may be dropped unsent.

    Args:
        plan: it belongs to this from now on.
        file: of the plan.
        chunk_size: how many bytes are read at a time where the system cannot send the file by itself.
    """

    __slots__ = ("_chunk_size", "_file", "_plan")

    def __init__(self, plan: FilePlan, file: BinaryIO, chunk_size: int) -> None:
        self._plan = plan
        self._file = file
        self._chunk_size = chunk_size

    def describe(self) -> BodyKind | FileStretch:
        """Return the stretch to send, or `PIECES` for several ones, or for one that the kernel should not read."""
        segments = self._plan.segments
        if len(segments) != 1 or segments[0].prefix or self._plan.executor is not None:
            return BodyKind.PIECES
        _, offset, count = segments[0]
        return FileStretch(self._file, offset, count, self._chunk_size)

    async def write(self, writer: BodyWriter) -> None:
        """Write what is to be sent of the file as it is."""
        if self._plan.executor is not None:
            async with aclosing(self.read()) as pieces:
                async for data in pieces:
                    await writer.write(data)
            return
        for prefix, offset, count in self._plan.segments:
            await writer.write(prefix)
            if count:
                await writer.write_file(FileStretch(self._file, offset, count, self._chunk_size))

    async def read(self) -> AsyncGenerator[bytes, None]:
        """Read what is to be sent of the file; the event loop does not wait for the disk."""
        for piece in self._plan.pieces(self._chunk_size):
            if isinstance(piece, bytes):
                yield piece
                continue
            offset, end = piece.offset, piece.offset + piece.length
            while offset < end:
                data = await read_apart(self._plan, offset, end - offset)
                yield data
                offset += len(data)

    def close(self) -> None:
        """Close the file."""
        self._plan.close()

    __del__ = close


class FileResponse(StreamResponse):
    """A response with a file that the application names: it may lie anywhere, links are followed.

    The response for a missing file is 404.

    Args:
        path: the file; or a plan for it, which the response closes.
        chunk_size: how many bytes are read at a time where the system cannot send the file by itself.
        status: the status if the file is sent whole; the one of a plan is kept.
        reason: the reason phrase; None for the registered one.
        headers: fields; those that describe the file win over what its name suggests.

    Raises:
        ValueError: `chunk_size` is less than one byte.
    """

    _usual_packet_mode: ClassVar[PacketMode] = PacketMode.CORK
    _body: bytes | None = None
    _open_file: _OpenFile | None = None

    def __init__(
        self,
        path: str | os.PathLike[str] | FilePlan,
        chunk_size: int = CHUNK_SIZE,
        status: int = 200,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
    ) -> None:
        if chunk_size < 1:
            raise ValueError(f"chunk_size is at least 1 byte, not {chunk_size}")
        self._chunk_size = chunk_size
        # As `Response` does it, and for the same reason.
        if headers is None and isinstance(path, FilePlan) and isinstance(path.prepared, Preset):
            # A plan that was sent before: its content is in memory.
            Deliverable.__init__(self, path.status, reason, None)
            self._path: str | os.PathLike[str] = ""
            self._body = path.body
            self._preset = path.prepared
        elif isinstance(path, FilePlan):
            Deliverable.__init__(self, path.status, reason, headers)
            self._path = path.path or ""
            self._adopt(path)
        else:
            Deliverable.__init__(self, status, reason, headers)
            self._path = path

    # The plan

    def _determine_body(self, request: ServedRequest) -> None:
        if self._body is not None or self._open_file is not None:
            return
        changed = self.last_modified
        plan = plan_file(
            self._path,
            request.exchange.head.method,
            partial(read_field, request.exchange.head),
            status=self._status,
            media_type=self._field("Content-Type"),
            etag=self.etag,
            last_modified=None if changed is None else int(changed.timestamp()),
        )
        if plan.status != self._status:
            self.set_status(plan.status)
        self._adopt(plan)

    def _adopt(self, plan: FilePlan) -> None:
        """Take body and fields of a plan; other fields of the application stay."""
        if plan.body is None and plan.file is not None:
            self._open_file = _OpenFile(plan, plan.file, self._chunk_size)
        else:
            self._body = plan.body
        given, self._headers = self._headers, None
        self._preset = _preset_of(plan)
        if given:
            self._lay_over(self.headers, given)

    def _lay_over(self, planned: CIMultiDict[str], given: CIMultiDict[str]) -> None:
        for name in dict.fromkeys(given):
            if name.lower() not in _PLANNED and (self._status < 400 or name.lower() != "content-type"):
                planned.popall(name, None)
                for value in given.getall(name):
                    planned.add(name, value)

    # What delivery asks for

    def _describe_body(self) -> BodyKind | FileStretch:
        return BodyKind.FILE_IN_MEMORY if self._open_file is None else self._open_file.describe()

    async def _write_body(self, writer: BodyWriter) -> None:
        if self._open_file is None:
            await self.write(self._body or b"")
        elif self._coding is None:
            await self._open_file.write(writer)
        else:
            async with aclosing(self._open_file.read()) as pieces:
                async for data in pieces:
                    await self.write(data)

    async def _send(self, request: ServedRequest) -> None:
        self._determine_body(request)
        try:
            await super()._send(request)
        finally:
            if self._open_file is not None:
                self._open_file.close()
                self._open_file = None

    @standard
    async def prepare(self, request: Any) -> None:
        """Plan the response to this very request, then send head and content."""
        if self._is_fresh(request):
            await self._send(request)
