"""One client's connection: it passes bytes between a transport and the engine, and runs an exchange for each request.

asyncio calls it with bytes. It feeds them to the engine, starts an exchange when a head is complete, and looks for the
next request when that exchange is over. `Lifecycle` holds its phase and deadline.
"""

import asyncio
from math import inf
from typing import Final, cast

from muntin.http_core import (
    NO_BODY,
    Event,
    Fields,
    LocalProtocolError,
    NextExchange,
    PeerClosed,
    Rejected,
    RequestHead,
    RequestState,
    ResponseState,
    ServerConnection,
    Signal,
)
from muntin.runner import _failures
from muntin.runner._driver import Driver
from muntin.runner._duplex import UpgradedDuplex
from muntin.runner._flow import WriteFlow
from muntin.runner._http1 import Http1Exchange
from muntin.runner._incoming_body import EMPTY_BODY, IncomingBody, WholeBody
from muntin.runner._leftover import Leftover, LeftoverState
from muntin.runner._lifecycle import Lifecycle, Phase, Step
from muntin.runner._lingering import Lingering, end_side
from muntin.runner._peer import TransportPeer, count_undelivered
from muntin.runner._sendfile import CAN_SEND
from muntin.runner._service import ConnectionRegistry, Service
from muntin.runner.exchange import ExchangeHandler

__all__ = ["Http1Connection"]

# So many exchanges in a row may run without a turn of the loop; a pipelining peer must not starve the others.
_EAGER_EXCHANGES: Final = 8

# Members of an enum, looked up once: every exchange needs them.
_IDLE: Final = Phase.IDLE
_HEAD: Final = Phase.HEAD
_HANDLING: Final = Phase.HANDLING
_REQUEST: Final = Step.REQUEST
_RESPONDED: Final = Step.RESPONDED
_NONE_FOLLOWS: Final = NextExchange.NONE
_NEXT_ARRIVED: Final = NextExchange.ARRIVED
_AWAITING_DELIVERY: Final = (Phase.DRAINING, Phase.LINGERING)


class Http1Connection:
    """A client's connection, and the exchanges on it; a protocol of asyncio, without its class as a base (mypyc).

    Args:
        service: what all connections of the server share.
        registry: records the beginning and the end of connections.
    """

    __slots__ = (
        "_body",
        "_driver",
        "_eager",
        "_is_reading",
        "_leftover",
        "_lifecycle",
        "_lingering",
        "_notified",
        "_peer",
        "_registry",
        "_remaining",
        "_service",
        "can_send_file",
        "clock",
        "engine",
        "exchange",
        "has_hung_up",
        "loop",
        "transport",
        "write_flow",
    )

    def __init__(self, service: Service, registry: ConnectionRegistry["Http1Connection"]) -> None:
        # For the whole connection:
        self._service = service
        self._registry = registry
        self.loop = service.loop
        self.clock = service.clock
        self.engine = ServerConnection(service.limits)
        self.write_flow = WriteFlow()
        self._lifecycle = Lifecycle()
        self._driver = Driver(service.loop, service.context)
        self._lingering: Lingering | None = None
        self._is_reading = True
        self.has_hung_up = False
        """True if the peer has ended its side behind bytes that were not read yet."""
        self._remaining = service.caps.requests_per_connection or 0
        """Number of exchanges up to the last one; 0 or less means no last one."""
        self._eager = 0
        """Exchanges begun since the last turn of the loop."""
        # For one exchange:
        self.exchange: Http1Exchange | None = None
        self._body: IncomingBody | None = None
        self._leftover: Leftover | None = None
        self._notified: Http1Exchange | None = None
        """The last exchange that was cancelled because its peer disconnected."""
        # From connection_made on:
        self.transport: asyncio.Transport
        self._peer: TransportPeer
        self.can_send_file = False

    @property
    def phase(self) -> Phase:
        """The present phase of the connection."""
        return self._lifecycle.phase

    @property
    def is_lost(self) -> bool:
        """True if the transport is gone."""
        return self._lifecycle.phase is Phase.CLOSED

    @property
    def is_reading(self) -> bool:
        """True if there is room for incoming bytes."""
        return self._is_reading

    @property
    def awaits_delivery(self) -> bool:
        """True if the connection only waits for the peer to receive what was sent, and perhaps to be silent then."""
        return self._lifecycle.phase in _AWAITING_DELIVERY and count_undelivered(self.transport) > 0

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task of the exchange under way, otherwise the one in reserve; None at the end."""
        return self._driver.task

    @property
    def is_new(self) -> bool:
        """True if no request has come yet; to be read before an end is announced."""
        return self._lifecycle.phase <= _HEAD and self._remaining == (
            self._service.caps.requests_per_connection or 0
        )

    # What asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._peer = TransportPeer(self.transport)
        self.can_send_file = CAN_SEND and not self._peer.is_secure
        self.clock.start()
        self._lifecycle.reschedule(self.clock.deadline_in(self._service.timeouts.first_byte))
        self._driver.make_ready()
        self._registry.connection_made(self)

    def data_received(self, data: bytes) -> None:
        self._eager = 0
        if self._lingering is not None:
            self._lingering.dropped += len(data)
            return
        self.engine.receive(data)
        self._pump()

    def eof_received(self) -> bool:
        self.engine.receive_eof()
        self._pump()
        if self._lifecycle.phase is _HANDLING:
            self._notify_disconnect()
        # A peer that only ended its own side still reads: our side stays open until the response. TLS has no
        # half-closed state.
        return self._lifecycle.phase is _HANDLING and not self._peer.is_secure

    def connection_lost(self, exc: Exception | None) -> None:
        self._lifecycle.advance(Step.LOST)
        self.write_flow.connection_lost()
        if self._body is not None:
            self._body.fail(ConnectionResetError, "the peer is gone")
        self._notify_disconnect()
        # These refer to the connection, and others may still hold them: without this, freeing them would need the
        # collector of cycles.
        self.exchange = self._notified = self._body = None
        self._driver.close()
        self._registry.connection_lost(self)

    def pause_writing(self) -> None:
        self.write_flow.pause(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self.write_flow.resume()
        if self._lifecycle.phase is _IDLE:
            self._pump()

    # From bytes to exchanges

    def _pump(self) -> None:
        """Take from the engine what it has for the present phase."""
        phase = self._lifecycle.phase
        if phase is _IDLE or phase is _HEAD:
            if not self.write_flow.is_paused:  # else a further response would only be queued
                event = self.engine.next_event()
                if type(event) is RequestHead:
                    self._begin(event)
                else:
                    self._continue_without_head(event)
            if self._lifecycle.phase is _IDLE and self._is_reading:
                return  # the common case: nothing is left to read
        elif phase is _HANDLING and self._body is not None:
            self._body.pump(self.engine)
        elif phase is Phase.DRAINING:
            self._discard_more()
        self._adjust_reading()

    def _continue_without_head(self, event: Event) -> None:
        """Wait for the rest of a head, respond to a malformed one, or close behind the last request."""
        if event is Signal.NEED_DATA:
            if self._lifecycle.phase is _IDLE and self.engine.buffered:
                self._lifecycle.advance(Step.BYTES, self.clock.deadline_in(self._service.timeouts.head))
        elif isinstance(event, Rejected):
            self._reject(event)
        elif isinstance(event, PeerClosed):
            self.close()

    def _begin(self, head: RequestHead) -> None:
        """Start the exchange of a request, now or in the loop's next turn."""
        self._lifecycle.advance(_REQUEST)
        self._remaining -= 1
        if not self._remaining:
            self.engine.close_after()
        if head.framing is NO_BODY:
            self.exchange = exchange = Http1Exchange(self, head, EMPTY_BODY, self._peer)
        elif (whole := self.engine.take_body()) is not None:
            self.exchange = exchange = Http1Exchange(self, head, WholeBody(whole), self._peer)
        else:
            self._body = IncomingBody(self._send_continue, self._adjust_reading)
            self.exchange = exchange = Http1Exchange(self, head, self._body, self._peer)
            self._body.pump(self.engine)
        self._eager += 1
        if self._eager <= _EAGER_EXCHANGES and self._driver.make_ready():
            self._driver.run(self._service.handler(exchange), self._end)
        else:
            self.loop.call_soon(self._run, self._service.handler)

    def _run(self, handler: ExchangeHandler) -> None:
        """Run a handler for the exchange that was started, as soon as the driver is ready."""
        if self._lifecycle.phase is not _HANDLING or self.exchange is None:
            return
        self._eager = 0
        if self._driver.make_ready():
            self._driver.run(handler(self.exchange), self._end)
        else:
            self.loop.call_soon(self._run, handler)

    def _send_continue(self) -> None:
        if self.exchange is not None:
            self.exchange.send_continue()

    def _adjust_reading(self) -> None:
        """Read while there is room for incoming bytes."""
        if self._lifecycle.phase >= Phase.LINGERING:
            return
        body = self._body
        wants = not self.engine.is_full and (body is None or body.buffered < self._service.caps.body_buffer)
        if wants is not self._is_reading:
            self._set_reading(wants)

    def _set_reading(self, wants: bool) -> None:
        """Resume or pause reading from the transport."""
        self._is_reading = wants
        if wants:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    # The end of an exchange

    def _end(self, error: BaseException | None) -> None:
        """Decide what follows an exchange whose handler has ended."""
        exchange = self.exchange
        if exchange is None:
            _failures.report_after_loss(self._service.logger, error)
        elif error is not None or not exchange.is_finished:
            if error is None and self._lifecycle.phase is Phase.CLOSING:
                # The handler itself or another caller has cut the connection.
                self.exchange = None
            else:
                self._fail(exchange, error)
        elif self._lifecycle.phase is not _HANDLING:
            # Upgraded, or closed by another caller while the handler was still running.
            self.exchange = None
            self.close()
        elif (following := self.engine.try_next_exchange()) is not _NONE_FOLLOWS:
            self._await_next_request(has_arrived=following is _NEXT_ARRIVED)
        elif self.engine.response_state is ResponseState.DONE:
            self._discard_body()
        else:
            self._close_after_response()

    def _await_next_request(self, *, has_arrived: bool) -> None:
        """Wait for the next request, bytes of which may have arrived already."""
        self.exchange = self._body = None
        self._lifecycle.advance(_RESPONDED, self.clock.idle_until)
        if has_arrived:
            # Inside the task of the exchange that ended, or after many in a row, other callbacks come first.
            if self._eager < _EAGER_EXCHANGES and asyncio.current_task(self.loop) is None:
                self._pump()
            else:
                self.loop.call_soon(self._pump)

    def _discard_body(self) -> None:
        """Discard the unread rest of a body, to reach the next request behind it."""
        self._detach_exchange()
        self._leftover = Leftover(self.engine)
        self._lifecycle.advance(Step.RESPONDED_EARLY)
        self._await_delivery()
        self._pump()

    def _detach_exchange(self) -> None:
        """Forget the exchange that is over; a reader of its body, if there still is one, gets an error."""
        self.exchange = None
        if self._body is not None:
            self._body.fail(LocalProtocolError, "the exchange is over: the rest of its body is discarded")
            self._body = None

    def _discard_more(self) -> None:
        state = LeftoverState.UNUSABLE if self._leftover is None else self._leftover.discard()
        if state is LeftoverState.DISCARDED:
            self._leftover = None
            self._await_next_request(has_arrived=self.engine.start_next_exchange())
        elif state is LeftoverState.UNUSABLE:
            self._close_after_response()

    def _fail(self, exchange: Http1Exchange, error: BaseException | None) -> None:
        """End an exchange whose handler failed, or did not finish its response (None)."""
        if isinstance(error, asyncio.CancelledError):
            self.abort()
            return
        if not _failures.is_peers_fault(exchange, error):
            _failures.report_failure(self._service.logger, exchange, error)
        if exchange.is_started:
            self.abort()
        else:
            self.refuse(_failures.choose_refusal(self.engine, error))

    def _reject(self, rejected: Rejected) -> None:
        """Respond to a request that could not be read, and close."""
        rejector = self._service.rejector
        if rejector is None:
            self.refuse(rejected)
            return
        _failures.report_refusal(self._service.logger, self._peer, rejected)
        self._lifecycle.advance(_REQUEST)
        self.exchange = Http1Exchange(self, self.engine.abandon(), EMPTY_BODY, self._peer)
        # Not now: deadlines may be checked from within a task.
        self.loop.call_soon(self._run, lambda exchange: rejector(exchange, rejected))

    def refuse(self, rejected: Rejected, fields: Fields = ()) -> None:
        """Respond with a short text to what cannot be served, and close."""
        _failures.report_refusal(self._service.logger, self._peer, rejected)
        words = f"{rejected.status}: {rejected.reason}".encode("ascii")
        block, body = self.engine.refuse(rejected, words, self.clock.date_line, fields)
        self.transport.write(block + body)
        self._close_after_response()

    # The end of the peer

    def record_hangup(self) -> None:
        """Record that the peer has ended its side, though not all that it sent was read; only the first call counts."""
        if not self.has_hung_up:
            self.has_hung_up = True
            if not self.engine.has_ended:
                self._notify_disconnect()

    def _notify_disconnect(self) -> None:
        """Notify the exchange under way that its peer has ended its side, or is gone.

        Only the next write shows which. `handler_cancellation` takes the end of its side for the end of the peer.
        """
        exchange = self.exchange
        if exchange is not None:
            exchange.notify_disconnect()
            # Only once: a second cancellation would break off the cleaning up after the first.
            if self._service.handler_cancellation and exchange is not self._notified:
                self._notified = exchange
                self._driver.cancel()

    # The end of the connection

    def close(self) -> None:
        """Send what is queued, then close."""
        if self._lifecycle.phase is not Phase.CLOSED:
            self._lifecycle.advance(Step.CLOSE)
            # Once: a TLS transport of asyncio that was closed twice cannot be aborted any more.
            if not self.transport.is_closing():
                self.transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if self._lifecycle.phase is not Phase.CLOSED:
            self._lifecycle.advance(Step.CLOSE)
            self.transport.abort()

    def _close_after_response(self) -> None:
        """Close after the last response, gracefully if the peer may still be sending."""
        self._detach_exchange()
        self._driver.close()
        is_over = self.engine.request_state is RequestState.DONE and not self.engine.buffered
        can_end = self.transport.can_write_eof()
        # A peer that is still receiving may send more after that. TLS ends its side in another way.
        if self.engine.has_ended or (is_over and not (can_end and self.transport.get_write_buffer_size())):
            self.close()
        else:
            self._linger()

    def _close_idle(self) -> None:
        """Close a connection without a request, as soon as the last response was received."""
        if count_undelivered(self.transport):
            self._driver.close()
            self._linger()
        else:
            self.close()

    def _linger(self) -> None:
        """Drop what the peer sends until it has received the last response and is silent; then close."""
        self._lifecycle.advance(Step.LAST_RESPONSE)
        self._lingering = Lingering(self._service.timeouts.linger_total)
        self._await_delivery()
        if not end_side(self.transport):
            self.abort()
        elif not self._is_reading:
            self._set_reading(True)

    def _await_delivery(self) -> None:
        """Start the deadline once the peer has received what was sent; until then its pace is checked."""
        if count_undelivered(self.transport):
            self._lifecycle.reschedule(inf)
            return
        timeouts = self._service.timeouts
        seconds = timeouts.drain if self._lingering is None else timeouts.linger
        self._lifecycle.reschedule(self.clock.deadline_in(seconds))
        if self._lingering is not None:
            self._lingering.begin(self.clock.now)

    # From outside

    def switch(self, rest: bytes) -> UpgradedDuplex:
        """Pass the transport to another protocol."""
        self._lifecycle.advance(Step.SWITCH)
        duplex = UpgradedDuplex(self.transport, rest, self.write_flow, self.connection_lost, self._registry)
        self.transport.set_protocol(duplex)
        if not self._is_reading:
            self._set_reading(True)
        return duplex

    def announce_end(self) -> None:
        """Make the exchange under way the last one, or otherwise the next: its request may be on its way."""
        self._remaining = 1
        if self._lifecycle.phase is _HANDLING:
            self.engine.close_after()

    def finish_soon(self) -> None:
        """Close now if no exchange is under way, and otherwise after it."""
        self.announce_end()
        if self._lifecycle.phase is _IDLE:
            self._close_idle()
        elif self._lifecycle.phase is Phase.DRAINING:
            self._close_after_response()
        elif self._lingering is not None:
            self._lingering.stop_extending()

    def shorten_deadline(self) -> None:
        """Expect the first byte soon: a client that has just connected has a request to send."""
        soon = self.clock.deadline_in(self._service.timeouts.linger)
        self._lifecycle.reschedule(min(self._lifecycle.deadline, soon))

    def cancel(self) -> None:
        """Cancel the handler of the exchange that is under way."""
        if self.exchange is not None:
            self._driver.cancel()

    def check_deadline(self) -> None:
        """End the present phase if its deadline is over; called at each tick of the clock."""
        phase = self._lifecycle.phase
        if self._lifecycle.deadline == inf and phase in _AWAITING_DELIVERY:
            self._await_delivery()
        if self.clock.now < self._lifecycle.deadline:
            return
        if phase is Phase.HEAD:
            self._reject(Rejected(408, "Request Timeout"))
        elif phase is Phase.DRAINING:
            self._close_after_response()
        elif phase is _IDLE:
            self._close_idle()
        elif self._lingering is None or self._lingering.is_over(self.clock.now):
            self.close()
        else:
            # It still sends.
            self._lifecycle.reschedule(self.clock.deadline_in(self._service.timeouts.linger))
