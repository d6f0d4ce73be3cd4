"""`FileResponse`: an answer with a file, planned by `muntin.static` and sent by the exchange.

It knows how a plan becomes an answer. Ranges, conditions, types and compressed forms are the plan's business, sockets
the exchange's.
"""

import os
from functools import lru_cache
from typing import Any, ClassVar, Final

from multidict import CIMultiDict

from muntin.http_core import FieldBlock, HeadFields, ResponseHead
from muntin.runner import Exchange
from muntin.static import CHUNK_SIZE, REQUEST_FIELDS, FilePlan, plan_file
from muntin.web.response.head import SERVER_FIELD
from muntin.web.response.headers import CheckedHeaders, LooseHeaders
from muntin.web.response.packet_mode import PacketMode
from muntin.web.response.stream import Answerable, StreamResponse

__all__ = ["FileResponse", "PlannedResponse", "read_fields"]

_OWN: Final = frozenset(("content-length", "content-range", "content-encoding", "etag", "last-modified"))
"""Fields of which the plan has the last word: they follow from what is sent, or the plan was told what is wanted."""

_ASKED_FOR: Final = {name.encode("ascii"): name for name in REQUEST_FIELDS}


def read_fields(request: Answerable) -> Any:
    """Give the function that looks up a request field by its lower-case name, all lines of it joined."""
    found: dict[str, str] = {}
    for raw_name, raw_value in request.exchange.head.fields:
        name = _ASKED_FOR.get(raw_name.lower())
        if name is not None:
            value = raw_value.decode("latin-1")
            found[name] = f"{found[name]}, {value}" if name in found else value
    return found.get


@lru_cache(1024)  # the fields of a file are the same until it changes
def _write_once(fields: HeadFields) -> HeadFields:
    """Give the fields of an answer whose length follows from its body."""
    return FieldBlock((*(pair for pair in fields if pair[0] != "Content-Length"), SERVER_FIELD))


class FileResponse(StreamResponse):
    """An answer with a file that the application names: it may lie anywhere, links are followed.

    A missing file is answered with 404.

    Args:
        path: the file.
        chunk_size: how many bytes are read at a time where the system cannot send the file by itself.
        status: the status if the file is sent whole.
        reason: the reason phrase; None for the registered one.
        headers: fields; those that describe the file win over what its name suggests.

    Raises:
        ValueError: `chunk_size` is less than one byte.
    """

    _packet_mode = PacketMode.CORK
    _delivers_itself: ClassVar[bool] = True
    """Whether no subclass has put its own way of sending in the place of ours."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        chunk_size: int = CHUNK_SIZE,
        status: int = 200,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
    ) -> None:
        if chunk_size < 1:
            raise ValueError(f"chunk_size is at least 1 byte, not {chunk_size}")
        self._planned: tuple[tuple[str, str], ...] | None = None
        """What the plan says, while nobody has looked at the fields."""
        self._mapping: CIMultiDict[str] | None = None
        self._begin(status, reason, headers)
        self._path: str | os.PathLike[str] = path
        self._chunk_size = chunk_size
        self._plan: FilePlan | None = None

    def __init_subclass__(cls) -> None:
        cls._delivers_itself = (cls.prepare, cls.deliver) == (FileResponse.prepare, FileResponse.deliver)

    # The mapping is made for those who look into it; most responses are sent without.

    @property
    def _headers(self) -> CIMultiDict[str] | None:
        if self._mapping is None and self._planned is not None:
            self._mapping = CheckedHeaders(self._planned)
        return self._mapping

    @_headers.setter
    def _headers(self, headers: CIMultiDict[str] | None) -> None:
        self._mapping = headers

    def _whole_fields(self) -> HeadFields:
        """Give the fields of an answer whose length follows from what is sent."""
        if self._mapping is not None or self._planned is None or self._cookies is not None:
            return self._fields_to_send()
        if self._status == 206:  # too many to be remembered
            return [pair for pair in (*self._planned, SERVER_FIELD) if pair[0] != "Content-Length"]
        return _write_once(self._planned)

    # The plan

    def _make_plan(self, request: Answerable) -> FilePlan:
        """Plan the answer to this very request."""
        changed = self.last_modified
        return plan_file(
            self._path,
            request.exchange.head.method,
            read_fields(request),
            status=self._status,
            media_type=self._content_type_field(),
            etag=self.etag,
            last_modified=None if changed is None else int(changed.timestamp()),
        )

    def _adopt(self, plan: FilePlan) -> None:
        """Take status and fields of the plan, under those that the application gave."""
        self._plan = plan
        if plan.status != self._status:
            self.set_status(plan.status)
        given, self._mapping, self._planned = self._headers, None, plan.fields
        if given:
            self._lay_over(self.headers, given)

    def _lay_over(self, planned: CIMultiDict[str], given: CIMultiDict[str]) -> None:
        for name in dict.fromkeys(given):
            if name.lower() not in _OWN and (self._status < 400 or name.lower() != "content-type"):
                planned.popall(name, None)
                for value in given.getall(name):
                    planned.add(name, value)

    # Sending

    def deliver_nowait(self, request: Any) -> bool:
        if self._exchange is not None or request.prepare_signals or not self._delivers_itself:
            return super().deliver_nowait(request)
        if self._plan is None:
            self._adopt(self._make_plan(request))
        plan = self._plan
        if plan is None or plan.body is None or self._is_unusual:
            return False
        self._respond(request.exchange, plan.body)
        return True

    async def prepare(self, request: Answerable) -> None:
        """Plan the answer to this very request, then send head and content."""
        if not self._check_fresh(request):
            return
        if self._plan is None:
            self._adopt(self._make_plan(request))
        plan, self._plan = self._plan, None
        if plan is None:
            raise RuntimeError(f"{self!r} was sent already")
        with plan:
            await self._settle(request)
            await self._send(request.exchange, plan)

    async def _send(self, exchange: Exchange, plan: FilePlan) -> None:
        if self._compression is not None and self._compression.chosen is not None:
            await self._send_compressed(exchange, plan)
        elif plan.body is not None:
            self._respond(exchange, plan.body)
        elif len(plan.segments) == 1 and not plan.segments[0].prefix and plan.file is not None:
            _, offset, count = plan.segments[0]
            self._exchange = exchange
            head = ResponseHead(self._status, self._whole_fields(), self._reason)
            await exchange.respond_file(head, plan.file, offset, count, chunk_size=self._chunk_size)
            self._body_length = count
        else:
            await self._send_segments(exchange, plan)

    def _respond(self, exchange: Exchange, body: bytes) -> None:
        # The length of what is left out (HEAD) does not follow from it.
        fields = self._fields_to_send() if exchange.head.method == "HEAD" else self._whole_fields()
        exchange.respond(ResponseHead(self._status, fields, self._reason), body)
        self._exchange = exchange
        self._body_length = len(body)

    async def _send_segments(self, exchange: Exchange, plan: FilePlan) -> None:
        self._start(exchange)
        for prefix, offset, count in plan.segments:
            if prefix:
                exchange.send(prefix)
            if count and plan.file is not None:
                await exchange.send_file(plan.file, offset, count, chunk_size=self._chunk_size)
            self._body_length += len(prefix) + count
        self._end(exchange)

    async def _send_compressed(self, exchange: Exchange, plan: FilePlan) -> None:
        self._start(exchange)
        for chunk in plan.chunks(self._chunk_size):
            await self.write(chunk)
        await self.write_eof()

    def __del__(self) -> None:
        # Dropped unsent, by a middleware or with its connection.
        plan = getattr(self, "_plan", None)
        if plan is not None:
            plan.close()


class PlannedResponse(FileResponse):
    """An answer that follows a plan made already.

    Args:
        plan: belongs to the response from now on, which closes it.
        chunk_size: how many bytes are read at a time where the system cannot send the file by itself.
    """

    def __init__(self, plan: FilePlan, *, chunk_size: int = CHUNK_SIZE) -> None:
        # One call less than `FileResponse` makes of it: this is done for every request.
        self._planned = plan.fields
        self._mapping = None
        self._begin(plan.status, None, None)
        self._path = plan.path or ""
        self._chunk_size = chunk_size
        self._plan = plan
