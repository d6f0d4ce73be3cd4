"""`FileResponse`: an answer with a file, planned by `muntin.static` and sent by the exchange.

It knows how a plan becomes an answer. Ranges, conditions, types and compressed forms are the plan's business, sockets
the exchange's.
"""

import os
from typing import Any, Final

from multidict import CIMultiDict

from muntin.http_core import ResponseHead, reason_of
from muntin.runner import Exchange
from muntin.static import CHUNK_SIZE, FilePlan, plan_file
from muntin.web._response_fields import LooseHeaders
from muntin.web.stream_response import Answerable, StreamResponse

__all__ = ["FileResponse", "PlannedResponse", "read_fields"]

_OWN: Final = frozenset(("content-length", "content-range", "content-encoding"))
"""Fields that follow from what is sent, and that nobody else can know."""


def read_fields(request: Answerable) -> Any:
    """Give the function that looks up a request field by its lower-case name, all lines of it joined."""
    head = request.exchange.head

    def read(name: str) -> str | None:
        values = list(head.get_all(name.encode("ascii")))
        return b", ".join(values).decode("latin-1") if values else None

    return read


class PlannedResponse(StreamResponse):
    """An answer that follows a plan.

    Args:
        plan: belongs to the response from now on, which closes it.
        chunk_size: how many bytes are read at a time where the system cannot send the file by itself.
    """

    def __init__(self, plan: FilePlan, *, chunk_size: int = CHUNK_SIZE) -> None:
        super().__init__(status=plan.status)
        self._plan: FilePlan | None = plan
        self._chunk_size = chunk_size
        self._headers = CIMultiDict(plan.fields)

    async def prepare(self, request: Answerable) -> None:
        """Send head and content."""
        if not self._check_fresh(request):
            return
        plan, self._plan = self._plan, None
        if plan is None:
            raise RuntimeError(f"{self!r} was sent already")
        with plan:
            await self._settle(request)
            await self._send(request.exchange, plan)

    async def _send(self, exchange: Exchange, plan: FilePlan) -> None:
        if self._compression is not None and "Content-Encoding" in self.headers:
            await self._send_compressed(exchange, plan)
            return
        if plan.body is not None:
            exchange.respond(ResponseHead(self._status, self._fields_to_send(), self._reason), plan.body)
            self._exchange = exchange
            self._body_length = len(plan.body)
            return
        self._start(exchange)
        for prefix, offset, count in plan.segments:
            if prefix:
                exchange.send(prefix)
            if count and plan.file is not None:
                await exchange.send_file(plan.file, offset, count)
            self._body_length += len(prefix) + count
        self._end(exchange)

    async def _send_compressed(self, exchange: Exchange, plan: FilePlan) -> None:
        self.headers.pop("Content-Length", None)
        self._start(exchange)
        for chunk in plan.chunks(self._chunk_size):
            await self.write(chunk)
        await self.write_eof()

    def __del__(self) -> None:
        # Dropped unsent, by a middleware or with its connection.
        plan = getattr(self, "_plan", None)
        if plan is not None:
            plan.close()


class FileResponse(PlannedResponse):
    """An answer with a file that the application names: it may lie anywhere, links are followed.

    A missing file is answered with 404.

    Args:
        path: the file.
        chunk_size: how many bytes are read at a time where the system cannot send the file by itself.
        status: the status if the file is sent whole.
        reason: the reason phrase; None for the registered one.
        headers: fields; those that describe the file win over what its name suggests.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        chunk_size: int = CHUNK_SIZE,
        status: int = 200,
        reason: str | None = None,
        headers: LooseHeaders | None = None,
    ) -> None:
        StreamResponse.__init__(self, status=status, reason=reason, headers=headers)
        self._path = path
        self._chunk_size = chunk_size
        self._plan = None

    async def prepare(self, request: Answerable) -> None:
        """Plan the answer to this very request, then send head and content."""
        if self._plan is None and self._check_fresh(request):
            self._adopt(
                plan_file(
                    self._path,
                    request.exchange.head.method,
                    read_fields(request),
                    status=self._status,
                    media_type=self._content_type_field(),
                )
            )
        await super().prepare(request)

    def _adopt(self, plan: FilePlan) -> None:
        """Take status and fields of the plan, under those that the application gave."""
        if plan.status >= 400 and not plan.length:
            plan = _explain(plan)
        self._plan = plan
        if plan.status != self._status:
            self.set_status(plan.status)
        given = self._headers
        self._headers = CIMultiDict(plan.fields)
        for name in dict.fromkeys(given or ()):
            if name.lower() not in _OWN and (plan.status < 400 or name.lower() != "content-type"):
                self._headers.popall(name, None)
                for value in (given or CIMultiDict()).getall(name):
                    self._headers.add(name, value)


def _explain(plan: FilePlan) -> FilePlan:
    """Give the plan of a refusal the text that other refusals have."""
    text = f"{plan.status}: {reason_of(plan.status)}".encode("ascii")
    fields = [pair for pair in plan.fields if pair[0].lower() not in ("content-length", "content-type")]
    fields.append(("Content-Type", "text/plain; charset=utf-8"))
    return FilePlan(plan.status, tuple(fields), text)
