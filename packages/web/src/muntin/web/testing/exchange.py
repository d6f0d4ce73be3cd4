"""An exchange in memory: a request from bytes, and the response for a test.

The real engine is between the bytes and the seam, without sockets, so a test sees what a client would see. The peer
does what the test says: send more, stop reading, go away.

```python
import asyncio

from muntin import web
from muntin.web.testing.exchange import MemoryExchange

exchange = MemoryExchange(b"GET /hello HTTP/1.1\\r\\nHost: example.org\\r\\n\\r\\n")
asyncio.run(web.Response(text="Hello").deliver(web.Request(exchange)))
assert exchange.answer.status == 200 and exchange.answer.body == b"Hello"
```
"""

import asyncio
from collections.abc import Callable, Iterable
from typing import BinaryIO

from muntin.http_core import (
    DEFAULT_LIMITS,
    BodyData,
    EndOfBody,
    Fields,
    Limits,
    LocalProtocolError,
    Rejected,
    RemoteProtocolError,
    RequestHead,
    ResponseHead,
    ServerConnection,
)
from muntin.runner import DEFAULT_TIMEOUTS
from muntin.runner.exchange import CHUNK_SIZE
from muntin.web.testing.body import MemoryBody
from muntin.web.testing.duplex import MemoryDuplex
from muntin.web.testing.peer import MemoryPeer, MemoryTransport
from muntin.web.testing.response import TestResponse, parse_response

__all__ = ["MemoryExchange"]


class MemoryExchange:
    """One request and its response.

    Args:
        request: the bytes of the request, or pieces of them; more can be fed later.
        peer: who sends it.
        limits: how much it may send.

    Raises:
        RemoteProtocolError: the head is refused, with the status of the response.
        ValueError: the head is not complete.
    """

    def __init__(
        self,
        request: bytes | Iterable[bytes] = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        *,
        peer: MemoryPeer | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._engine = ServerConnection(limits)
        pieces = [request] if isinstance(request, bytes) else list(request)
        self.head = self._read_head(pieces)
        self.peer = peer or MemoryPeer()
        self.peer.transport = MemoryTransport(self.peer, self.send_raw, lambda: self.is_disconnected)
        self.body = MemoryBody(self._ask_for_body)
        self.response_head: ResponseHead | None = None
        self.is_finished = False
        self._body_length = 0
        self.is_disconnected = False
        self.sent = bytearray()
        """All bytes sent to the peer, as on the wire."""
        self.writes: list[bytes] = []
        """The same, write by write."""
        self._unread = 0
        """Bytes that a stalled peer has not taken."""
        self._is_stalled = False
        self._room = asyncio.Event()
        self._on_disconnect: list[Callable[[], None]] = []
        self._owes_continue = self.head.expects_continue
        self._duplex: MemoryDuplex | None = None
        self.feed(b"".join(pieces))

    def _read_head(self, pieces: list[bytes]) -> RequestHead:
        while pieces:
            self._engine.receive(pieces.pop(0))
            event = self._engine.next_event()
            if isinstance(event, RequestHead):
                return event
            if isinstance(event, Rejected):
                raise RemoteProtocolError(event.status, event.reason)
        raise ValueError("the bytes hold no complete head")

    def deadline_in(self, seconds: float) -> float:
        """Return the loop's time at which a wait that begins now is over, by the usual time-outs."""
        return DEFAULT_TIMEOUTS.deadline(asyncio.get_running_loop().time(), seconds)

    # What the peer does

    def feed(self, data: bytes) -> None:
        """Let the peer send more of its request."""
        if self._duplex is not None:
            self._duplex.deliver(data)
            return
        if data:
            self._engine.receive(data)
        while not self.body.is_complete:
            event = self._engine.next_event()
            if isinstance(event, (BodyData, EndOfBody)):
                self.body.feed(event)
            elif isinstance(event, Rejected):
                self.body.feed(RemoteProtocolError(event.status, event.reason))
                return
            elif self.head.framing.kind == 0:
                self.body.feed(EndOfBody())
            else:
                return

    def stall(self) -> None:
        """Let the peer stop reading."""
        self._is_stalled = True
        self._room.clear()

    def resume(self) -> None:
        """Let the peer read again."""
        self._is_stalled, self._unread = False, 0
        self._room.set()

    def disconnect(self) -> None:
        """Let the peer go away."""
        if self.is_disconnected:
            return
        self.is_disconnected = True
        self._room.set()
        gone = ConnectionResetError("the peer is gone")
        self.body.feed(gone)
        if self._duplex is not None:
            self._duplex.lose(gone)
        callbacks, self._on_disconnect = self._on_disconnect, []
        for callback in () if self.is_finished else callbacks:
            callback()

    # What the peer sees

    @property
    def answer(self) -> TestResponse:
        """The final response, parsed.

        Raises:
            ValueError: there is none, or it is not complete.
        """
        return parse_response(bytes(self.sent), self.head.method)

    def send_raw(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._require_peer()
        if data:
            self.sent += data
            self.writes.append(data)
            self._unread += len(data) if self._is_stalled else 0

    def _require_peer(self) -> None:
        if self.is_disconnected:
            raise ConnectionResetError("the peer is gone")

    # The seam

    @property
    def is_started(self) -> bool:
        """True if the final head was sent."""
        return self.response_head is not None

    @property
    def body_sent(self) -> int:
        """Bytes of the body of the response that were sent."""
        return self._body_length if self.is_finished else max(0, self._body_length - self._unread)

    @property
    def keeps_alive(self) -> bool:
        """True if the connection would serve another request."""
        return self._engine.keeps_alive

    @property
    def write_buffer_size(self) -> int:
        """Bytes that the peer has not taken."""
        return self._unread

    def respond(self, head: ResponseHead, body: bytes = b"") -> None:
        """See `muntin.runner.Exchange.respond`."""
        self._require_peer()
        block, body = self._engine.respond(head, body)
        self.send_raw(block + body)
        self.response_head, self.is_finished = head, True
        self._body_length = len(body)

    def start(self, head: ResponseHead) -> None:
        """See `muntin.runner.Exchange.start`."""
        self._require_peer()
        self.send_raw(self._engine.start(head))
        self.response_head = head

    def send(self, data: bytes) -> None:
        """See `muntin.runner.Exchange.send`."""
        self._require_peer()
        block = self._engine.send(data)
        if block:
            self._body_length += len(data)
            self.send_raw(block)

    async def drain(self) -> None:
        """See `muntin.runner.Exchange.drain`."""
        if self._is_stalled and not self.is_disconnected:
            await self._room.wait()
        self._require_peer()

    def finish(self, trailers: Fields = ()) -> None:
        """See `muntin.runner.Exchange.finish`."""
        self._require_peer()
        try:
            end = self._engine.finish(trailers)
        except LocalProtocolError:
            self.abort()
            raise
        self.send_raw(end)
        self.is_finished = True

    async def send_file(
        self, file: BinaryIO, offset: int, count: int, *, chunk_size: int = CHUNK_SIZE
    ) -> None:
        """See `muntin.runner.Exchange.send_file`."""
        self.send(self._read_file(file, offset, count))
        await self.drain()

    async def respond_file(
        self, head: ResponseHead, file: BinaryIO, offset: int, count: int, *, chunk_size: int = CHUNK_SIZE
    ) -> None:
        """See `muntin.runner.Exchange.respond_file`."""
        self.respond(head, self._read_file(file, offset, count))
        await self.drain()

    def _read_file(self, file: BinaryIO, offset: int, count: int) -> bytes:
        file.seek(offset)
        data = file.read(count)
        if len(data) < count:
            self.abort()
            raise ConnectionResetError("the file is shorter than announced")
        return data

    def inform(self, status: int, fields: Fields = ()) -> None:
        """See `muntin.runner.Exchange.inform`."""
        self._require_peer()
        self.send_raw(self._engine.inform(status, fields))
        if status == 100:
            self._owes_continue = False

    def waive_continue(self) -> None:
        """See `muntin.runner.Exchange.waive_continue`."""
        self._owes_continue = False

    def upgrade(self, head: ResponseHead) -> MemoryDuplex:
        """See `muntin.runner.Exchange.upgrade`."""
        block, rest = self._engine.switch(head)
        self.send_raw(block)
        self.response_head, self.is_finished = head, True
        self._duplex = MemoryDuplex(self, rest)
        return self._duplex

    def close_after(self) -> None:
        """See `muntin.runner.Exchange.close_after`."""
        self._engine.close_after()

    def abort(self) -> None:
        """See `muntin.runner.Exchange.abort`."""
        self.disconnect()

    def call_on_disconnect(self, callback: Callable[[], None]) -> None:
        """See `muntin.runner.Exchange.call_on_disconnect`."""
        if self.is_disconnected:
            callback()
        else:
            self._on_disconnect.append(callback)

    async def wait_disconnected(self) -> None:
        """See `muntin.runner.Exchange.wait_disconnected`."""
        gone = asyncio.Event()
        self.call_on_disconnect(gone.set)
        await gone.wait()

    def _ask_for_body(self) -> None:
        if self._owes_continue and not self.is_started:
            self.inform(100)
