"""One exchange over HTTP/1.1 (see `exchange` for what each method promises).

It gets bytes from the engine and writes them to the transport. An exchange that is over cannot use the connection any
more, which may be serving the next exchange already.
"""

import asyncio
import sys
from collections.abc import Callable
from contextlib import aclosing
from typing import BinaryIO, Final, Protocol

from muntin.http_core import (
    Fields,
    FramingKind,
    LocalProtocolError,
    RequestHead,
    ResponseHead,
    ServerConnection,
)
from muntin.runner._clock import TickingClock
from muntin.runner._duplex import UpgradedDuplex
from muntin.runner._flow import WriteFlow
from muntin.runner._incoming_body import IncomingBody, WholeBody
from muntin.runner._leftover import DRAIN_BUDGET
from muntin.runner._sendfile import push_file, read_pieces
from muntin.runner.exchange import CHUNK_SIZE, Peer

__all__ = ["Carrier", "Http1Exchange"]

# Up to this size (bytes) copying a body behind its head is cheaper than a second write.
_JOIN_BELOW: Final = 65536
# From this size (bytes) on, three parts for the transport are cheaper than a copy of the chunk with its framing.
_GATHER_FROM: Final = 16384
# writelines() had no back-pressure before 3.12.9 and 3.13.2 (CVE-2024-12254). Numbers, as mypyc takes a comparison of
# sys.version_info for a constant of the Python that it is told to check for.
_CAN_GATHER: Final = not (
    0x030C0000 <= sys.hexversion < 0x030C0900 or 0x030D0000 <= sys.hexversion < 0x030D0200
)


class Carrier(Protocol):
    """The part of a connection that an exchange needs."""

    clock: TickingClock
    engine: ServerConnection
    write_flow: WriteFlow
    can_send_file: bool
    """True if the kernel can send files to the socket of the transport."""
    has_hung_up: bool
    """True if the peer has ended its side behind bytes that were not read yet."""

    @property
    def transport(self) -> asyncio.Transport:
        """The transport to the peer."""

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The event loop; only what waits asks for it."""

    @property
    def exchange(self) -> object:
        """The exchange that is under way."""

    @property
    def is_lost(self) -> bool:
        """True if the transport is gone."""

    def abort(self) -> None:
        """Cut the connection."""

    def switch(self, rest: bytes) -> UpgradedDuplex:
        """Pass the transport to another protocol."""


class Http1Exchange:
    """A request and its response on a connection."""

    __slots__ = (
        "_body_written",
        "_connection",
        "_needs_continue",
        "_on_disconnect",
        "body",
        "head",
        "is_finished",
        "peer",
        "response_head",
    )

    def __init__(
        self,
        connection: Carrier,
        head: RequestHead,
        body: IncomingBody | WholeBody,
        peer: Peer,
    ) -> None:
        self._connection = connection
        self._on_disconnect: list[Callable[[], None]] | None = None
        self._needs_continue = head.expect is not None and head.expects_continue
        self.head = head
        self.body = body
        self.peer = peer
        self.response_head: ResponseHead | None = None
        self.is_finished = False
        self._body_written = 0
        """Bytes of the response's body that were written to the transport, or sent by the kernel."""

    @property
    def is_started(self) -> bool:
        return self.response_head is not None

    @property
    def body_sent(self) -> int:
        if self.is_finished:
            return self._body_written
        connection = self._connection
        transport = connection.transport
        # An aborted transport has dropped its queue.
        left = connection.write_flow.unsent if transport.is_closing() else transport.get_write_buffer_size()
        return max(0, self._body_written - left)

    def _count_written(self, count: int) -> None:
        self._body_written += count

    @property
    def is_disconnected(self) -> bool:
        connection = self._connection
        return connection.transport.is_closing() or connection.engine.has_ended or connection.has_hung_up

    @property
    def keeps_alive(self) -> bool:
        return self._connection.engine.keeps_alive

    @property
    def write_buffer_size(self) -> int:
        return self._connection.transport.get_write_buffer_size()

    def deadline_in(self, seconds: float) -> float:
        return self._connection.clock.loop_deadline_in(seconds)

    def _require_open(self) -> Carrier:
        connection = self._connection
        if connection.exchange is not self:
            if connection.is_lost:
                raise ConnectionResetError("the peer is gone")
            raise LocalProtocolError("this exchange is over")
        return connection

    # A whole response

    def respond(self, head: ResponseHead, body: bytes = b"") -> None:
        connection = self._connection
        if connection.exchange is not self:
            self._require_open()
        if not self.body.is_complete:
            self._limit_drain()
        block, body = connection.engine.respond(head, body, connection.clock.date_line)
        self.response_head = head
        self.is_finished = True
        self._body_written = size = len(body)
        if size < _JOIN_BELOW:
            connection.transport.write(block + body)
        else:
            # Not writelines(): in some Pythons it has no back-pressure (CVE-2024-12254).
            connection.transport.write(block)
            connection.transport.write(body)

    # A streamed response

    def start(self, head: ResponseHead) -> None:
        connection = self._require_open()
        block = connection.engine.start(head, connection.clock.date_line)
        self.response_head = head
        connection.transport.write(block)

    def send(self, data: bytes) -> None:
        connection = self._require_open()
        if connection.transport.is_closing():
            # The transport would drop it silently, and a handler that only sends would never notice: while it does
            # not wait, the loop cannot report the loss.
            raise ConnectionResetError("the peer is gone")
        if _CAN_GATHER and data.__class__ is bytes and len(data) >= _GATHER_FROM:
            parts = connection.engine.send_parts(data)
            if not parts:
                return
            connection.transport.writelines(parts)
        else:
            block = connection.engine.send(data)
            if not block:
                return
            connection.transport.write(block)
        self._body_written += len(data)
        flow = connection.write_flow
        if flow.is_paused:
            flow.unsent = connection.transport.get_write_buffer_size()

    async def drain(self) -> None:
        await self._connection.write_flow.wait()

    def finish(self, trailers: Fields = ()) -> None:
        connection = self._require_open()
        try:
            end = connection.engine.finish(trailers)
        except LocalProtocolError:
            # The peer waits for bytes that will never come: only the end of the connection can show that.
            connection.abort()
            raise
        self.is_finished = True
        if end:
            connection.transport.write(end)

    async def send_file(
        self, file: BinaryIO, offset: int, count: int, *, chunk_size: int = CHUNK_SIZE
    ) -> None:
        engine = self._require_open().engine
        if self.head.method == "HEAD" or not count:
            return
        if engine.response_framing.kind is FramingKind.CHUNKED:
            await self._write_file(file, offset, count, chunk_size, self.send)
        else:
            engine.count(count)
            await self._push_file(b"", file, offset, count, chunk_size)

    async def respond_file(
        self, head: ResponseHead, file: BinaryIO, offset: int, count: int, *, chunk_size: int = CHUNK_SIZE
    ) -> None:
        connection = self._require_open()
        if not self.body.is_complete:
            self._limit_drain()
        block, count = connection.engine.announce(head, count, connection.clock.date_line)
        self.response_head = head
        if count:
            await self._push_file(block, file, offset, count, chunk_size)
        else:
            connection.transport.write(block)
        self.is_finished = True

    async def _push_file(
        self, ahead: bytes, file: BinaryIO, offset: int, count: int, chunk_size: int
    ) -> None:
        """Send some bytes and then a part of a file without framing; by the kernel if possible."""
        connection = self._connection
        transport, sent = connection.transport, 0
        if connection.can_send_file:
            try:
                sent = await push_file(
                    connection.loop,
                    transport,
                    connection.write_flow,
                    ahead,
                    file.fileno(),
                    offset,
                    count,
                    self._count_written,
                )
            except ConnectionResetError:
                connection.abort()  # the transport was bypassed, so it may not have noticed
                raise
            ahead = b""
        elif ahead and count >= _JOIN_BELOW:
            transport.write(ahead)
            ahead = b""
        if sent < count:
            # What goes ahead is no part of the body, though it is written and counted with the first piece of it.
            self._body_written -= len(ahead)
            await self._write_file(file, offset + sent, count - sent, chunk_size, self._write_raw, ahead)

    def _write_raw(self, data: bytes) -> None:
        self._body_written += len(data)
        self._connection.transport.write(data)

    async def _write_file(
        self,
        file: BinaryIO,
        offset: int,
        count: int,
        chunk_size: int,
        write: Callable[[bytes], None],
        ahead: bytes = b"",
    ) -> None:
        """Read a part of a file and write it, the first piece behind what goes ahead of it."""
        connection = self._connection
        async with aclosing(read_pieces(connection.loop, file, offset, count, chunk_size)) as pieces:
            async for data in pieces:
                write(ahead + data if ahead else data)
                ahead = b""
                count -= len(data)
                await self.drain()
        if count:
            connection.abort()
            raise ConnectionResetError("the file is shorter than announced")

    # Around the response

    def inform(self, status: int, fields: Fields = ()) -> None:
        connection = self._require_open()
        block = connection.engine.inform(status, fields)
        if status == 100:
            self._needs_continue = False
        if block:
            connection.transport.write(block)

    @property
    def needs_continue(self) -> bool:
        """True if the peer holds its body back until it gets 100 Continue or a final response, and has got neither."""
        return self._needs_continue and not self.is_started

    def waive_continue(self) -> None:
        self._needs_continue = False

    def send_continue(self) -> None:
        """Send 100 Continue if the peer waits for it."""
        if self.needs_continue and self._connection.exchange is self:
            self.inform(100)

    def _limit_drain(self) -> None:
        """Make this response the last one if more of the request's body is left than is worth reading."""
        engine = self._connection.engine
        left = engine.request_left
        if left is None or left > DRAIN_BUDGET:
            engine.close_after()

    def upgrade(self, head: ResponseHead) -> UpgradedDuplex:
        connection = self._require_open()
        block, rest = connection.engine.switch(head)
        self.response_head = head
        self.is_finished = True
        connection.transport.write(block)
        return connection.switch(rest)

    def close_after(self) -> None:
        self._require_open().engine.close_after()

    def abort(self) -> None:
        if self._connection.exchange is self:
            self._connection.abort()

    # The end of the peer

    def call_on_disconnect(self, callback: Callable[[], None]) -> None:
        if self.is_disconnected:
            callback()
            return
        if self._on_disconnect is None:
            self._on_disconnect = []
        self._on_disconnect.append(callback)

    async def wait_disconnected(self) -> None:
        gone: asyncio.Future[None] = self._connection.loop.create_future()

        def wake() -> None:
            if not gone.done():
                gone.set_result(None)

        self.call_on_disconnect(wake)
        await gone

    def notify_disconnect(self) -> None:
        """Call the callbacks for the end of the peer."""
        callbacks, self._on_disconnect = self._on_disconnect, None
        for callback in callbacks or ():
            callback()
