"""The connection of an exchange in memory: the real engine over a transport in memory.

It carries one exchange, the runner's own, and stands where `Http1Connection` does in a server.
"""

import asyncio
from collections.abc import Callable

from muntin.http_core import (
    NO_BODY,
    Limits,
    Rejected,
    RemoteProtocolError,
    RequestHead,
    ServerConnection,
)
from muntin.runner import DEFAULT_TIMEOUTS
from muntin.runner.carriers import (
    EMPTY_BODY,
    Http1Exchange,
    IncomingBody,
    TickingClock,
    UpgradedDuplex,
    WholeBody,
    WriteFlow,
)
from muntin.web.testing.peer import MemoryPeer
from muntin.web.testing.transport import MemoryTransport

__all__ = ["MemoryCarrier"]


class MemoryCarrier(asyncio.Protocol):
    """A connection in memory that carries one exchange; see `muntin.runner.carriers.Carrier`.

    Args:
        peer: the other end.
        limits: how much it may send.
    """

    can_send_file = False
    has_hung_up = False

    def __init__(self, peer: MemoryPeer, limits: Limits) -> None:
        self.engine = ServerConnection(limits)
        self.transport = MemoryTransport(peer, self)
        self.write_flow = WriteFlow()
        self.clock = TickingClock(None, DEFAULT_TIMEOUTS, lambda: None)
        # Responses have no Date field, so that tests can compare them byte by byte.
        self.clock.date_line = b""
        self.exchange: Http1Exchange | None = None
        self.is_lost = False
        self._peer = peer
        self._body: IncomingBody | None = None
        self._on_shutdown: set[Callable[[], object]] = set()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that runs."""
        return asyncio.get_running_loop()

    def begin(self, pieces: list[bytes]) -> Http1Exchange:
        """Start the exchange of a request whose bytes come in pieces.

        Raises:
            RemoteProtocolError: the head is refused, with the status of the response.
            ValueError: the head is not complete.
        """
        head = self._read_head(pieces)
        if pieces:
            self.engine.receive(b"".join(pieces))
        exchange = self.exchange = Http1Exchange(self, head, self._choose_body(head), self._peer)
        if self._body is not None:
            self._body.pump(self.engine)
        return exchange

    def _read_head(self, pieces: list[bytes]) -> RequestHead:
        while pieces:
            self.engine.receive(pieces.pop(0))
            event = self.engine.next_event()
            if isinstance(event, RequestHead):
                return event
            if isinstance(event, Rejected):
                raise RemoteProtocolError(event.status, event.reason)
        raise ValueError("the bytes hold no complete head")

    def _choose_body(self, head: RequestHead) -> IncomingBody | WholeBody:
        if head.framing is NO_BODY:
            return EMPTY_BODY
        if (whole := self.engine.take_body()) is not None:
            return WholeBody(whole)
        self._body = IncomingBody(self._send_continue, lambda: None)
        return self._body

    def _send_continue(self) -> None:
        if self.exchange is not None:
            self.exchange.send_continue()

    # What the transport calls

    def data_received(self, data: bytes) -> None:
        """Read more of the request's body."""
        self.engine.receive(data)
        if self._body is not None:
            self._body.pump(self.engine)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the exchange: its peer is gone."""
        self.is_lost = True
        self.write_flow.connection_lost()
        if self._body is not None:
            self._body.fail(ConnectionResetError, "the peer is gone")
        exchange, self.exchange = self.exchange, None
        if exchange is not None:
            exchange.notify_disconnect()

    def pause_writing(self) -> None:
        """Let writers wait."""
        self.write_flow.pause(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        """Wake the writers that wait."""
        self.write_flow.resume()

    # What the exchange calls

    def abort(self) -> None:
        """Cut the connection."""
        self.transport.abort()

    def switch(self, rest: bytes) -> UpgradedDuplex:
        """Pass the transport to another protocol."""
        duplex = UpgradedDuplex(self.transport, rest, self.write_flow, self.connection_lost, self)
        self.transport.set_protocol(duplex)
        return duplex

    # What the connection after an upgrade calls, as it would call the server

    def connection_made(self, transport: object) -> None:
        """Do nothing: the transport was made together with the carrier."""

    def add_shutdown_callback(self, callback: Callable[[], object]) -> None:
        """Keep a callback for the shutdown."""
        self._on_shutdown.add(callback)

    def drop_shutdown_callback(self, callback: Callable[[], object]) -> None:
        """Forget a callback."""
        self._on_shutdown.discard(callback)

    def shut_down(self) -> None:
        """Let the server begin to end its connections."""
        for callback in tuple(self._on_shutdown):
            callback()
