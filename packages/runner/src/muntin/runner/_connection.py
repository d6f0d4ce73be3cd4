"""One client's connection: the pump between a transport and the engine.

asyncio calls it with bytes; it feeds them to the engine, starts an exchange when a head is there, and when that is
over looks for the next. How it stands with its transport meanwhile is for `_link`.
"""

import asyncio
from math import inf

from muntin.http_core import (
    NO_BODY,
    Fields,
    LocalProtocolError,
    PeerClosed,
    Rejected,
    RequestHead,
    RequestState,
    ResponseState,
    Signal,
)
from muntin.runner._driver import Driver
from muntin.runner._duplex import UpgradedDuplex
from muntin.runner._failures import (
    choose_refusal,
    is_peers_fault,
    report_after_loss,
    report_failure,
    report_refusal,
)
from muntin.runner._http1 import Http1Exchange
from muntin.runner._incoming_body import EMPTY_BODY, IncomingBody, WholeBody
from muntin.runner._leftover import Leftover, LeftoverState
from muntin.runner._lifecycle import Phase, Step, advance
from muntin.runner._link import Link
from muntin.runner._peer import count_undelivered
from muntin.runner._service import ConnectionRegistry, Service
from muntin.runner.exchange import ExchangeHandler

__all__ = ["Http1Connection"]

# So many exchanges in a row may be answered without a turn of the loop; a pipelining peer must not starve the others.
_EAGER_EXCHANGES = 8

# The steps that every exchange takes, looked up in the table once.
_HANDLING = advance(Phase.IDLE, Step.REQUEST)
_IDLE = advance(_HANDLING, Step.RESPONDED)
_HEAD = Phase.HEAD
_DRAINING = Phase.DRAINING
_LINGERING = Phase.LINGERING
_WAITING = (_DRAINING, _LINGERING)


class Http1Connection(Link):
    """A client's connection, and the exchanges on it.

    Args:
        service: what it shares with the others.
        registry: is told of its begin and end.
    """

    __slots__ = (
        "_body",
        "_driver",
        "_eager",
        "_leftover",
        "_notified",
        "_registry",
        "_remaining",
        "exchange",
    )

    def __init__(self, service: Service, registry: ConnectionRegistry["Http1Connection"]) -> None:
        super().__init__(service)
        # For the whole connection:
        self._registry = registry
        self._driver = Driver(service.loop, service.context)
        self._remaining = service.caps.requests_per_connection or 0
        """Exchanges up to the last; below 1 there is none."""
        self._eager = 0
        """Exchanges begun since the last turn of the loop."""
        # For one exchange:
        self.exchange: Http1Exchange | None = None
        self._body: IncomingBody | None = None
        self._leftover: Leftover | None = None
        self._notified: Http1Exchange | None = None
        """The exchange that was told last that its peer has gone, or has ended its side."""

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The task of the exchange that is under way, and else the one in reserve; None at the end."""
        return self._driver.task

    @property
    def is_new(self) -> bool:
        """Whether nothing was asked yet, before an end is announced."""
        is_waiting = self._phase is Phase.IDLE or self._phase is Phase.HEAD
        return is_waiting and self._remaining == (self._service.caps.requests_per_connection or 0)

    # What asyncio calls --------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
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
        if self._phase is Phase.HANDLING:
            self._notify_disconnect()
        # A peer that only ended its own side still reads: keep ours open until it is answered. TLS has no
        # half-closed state.
        return self._phase is Phase.HANDLING and not self._peer.is_secure

    def connection_lost(self, exc: Exception | None) -> None:
        self._advance(Step.LOST)
        self.write_flow.connection_lost()
        if self._body is not None:
            self._body.fail(ConnectionResetError, "the peer is gone")
        self._notify_disconnect()
        # Both refer to us, and so does who still holds them: nothing is to wait for the collector of cycles.
        self.exchange = self._notified = self._body = None
        self._driver.close()
        self._registry.connection_lost(self)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._phase is Phase.IDLE:
            self._pump()

    def record_hangup(self) -> None:
        """Note that the peer has ended its side, though not all that it sent was read; nothing the second time."""
        if not self.has_hung_up:
            self.has_hung_up = True
            if not self.engine.has_ended:
                self._notify_disconnect()

    def _notify_disconnect(self) -> None:
        """Tell the exchange under way that its peer has ended its side, or is gone.

        Which of the two cannot be known before the next write fails. An answer is still sent; but who asked to be
        told or cancelled when nobody waits any more means the first.
        """
        exchange = self.exchange
        if exchange is not None:
            exchange.notify_disconnect()
            # Once: the second time would break off what cleans up after the first.
            if self._service.handler_cancellation and exchange is not self._notified:
                self._notified = exchange
                self._driver.cancel()

    # From bytes to exchanges ---------------------------------------------------------------------------------

    def _pump(self) -> None:
        """Take from the engine what it has for the phase at hand."""
        if self._phase is _IDLE or self._phase is _HEAD:
            self._read_request()
            if self._phase is _IDLE and self._is_reading:
                # Nothing waits: the common case.
                return
        elif self._phase is _HANDLING and self._body is not None:
            self._body.pump(self.engine)
        elif self._phase is _DRAINING:
            self._discard_more()
        self._adjust_reading()

    def _read_request(self) -> None:
        # An answer that the peer does not take would only be followed by more of them.
        if self.write_flow.is_paused:
            return
        event = self.engine.next_event()
        if type(event) is RequestHead:
            self._begin(event)
        elif event is Signal.NEED_DATA:
            if self._phase is Phase.IDLE and self.engine.buffered:
                self._advance(Step.BYTES)
                self._deadline = self.clock.deadline_in(self._service.timeouts.head)
        elif isinstance(event, Rejected):
            self._reject(event)
        elif isinstance(event, PeerClosed):
            self.close()

    def _begin(self, head: RequestHead) -> None:
        """Start the exchange of a request, now or in the loop's next turn."""
        self._phase = _HANDLING
        self._deadline = inf
        self._remaining -= 1
        if not self._remaining:
            self.engine.close_after()
        if head.framing is NO_BODY:
            self.exchange = exchange = Http1Exchange(self, head, EMPTY_BODY, self._peer)
        elif (whole := self.engine.take_body()) is not None:
            self.exchange = exchange = Http1Exchange(self, head, WholeBody(whole), self._peer)
        else:
            self._body = IncomingBody(self.loop, self._send_continue, self._adjust_reading)
            self.exchange = exchange = Http1Exchange(self, head, self._body, self._peer)
            self._body.pump(self.engine)
        self._eager += 1
        if self._eager <= _EAGER_EXCHANGES and self._driver.make_ready():
            self._driver.run(self._service.handler(exchange), self._end)
        else:
            self.loop.call_soon(self._run, self._service.handler)

    def _run(self, handler: ExchangeHandler) -> None:
        """Run what answers the exchange that was started, as soon as the driver is ready."""
        if self._phase is not Phase.HANDLING or self.exchange is None:
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
        """Read while there is room for what comes."""
        if self._phase >= _LINGERING:
            return
        body = self._body
        wants = not self.engine.is_full and (body is None or body.buffered < self._service.caps.body_buffer)
        if wants is not self._is_reading:
            self._set_reading(wants)

    # The end of an exchange ----------------------------------------------------------------------------------

    def _end(self, error: BaseException | None) -> None:
        """The handler is through."""
        exchange = self.exchange
        if exchange is None:
            if error is not None:
                report_after_loss(self._service.logger, error)
            return
        if error is None and self._phase is Phase.CLOSING:
            # Cut by the handler itself, or from outside.
            self.exchange = None
            return
        if error is not None or not exchange.is_finished:
            self._fail(exchange, error)
            return
        if self._phase is not _HANDLING:
            # Upgraded, or closed by somebody while the handler was still busy.
            self.exchange = None
            self.close()
            return
        if self.engine.response_state is ResponseState.DONE:
            if self.engine.request_state is RequestState.DONE:
                self._await_next_request()
            else:
                self._discard_body()
        else:
            self._close_after_response()

    def _await_next_request(self) -> None:
        """Be ready for the next request, which may be here already."""
        self.exchange = self._body = None
        self._phase = _IDLE
        self._deadline = self.clock.idle_until
        if self.engine.start_next_exchange():
            # Inside the task of the exchange that ended, or after many in a row, let others have their turn.
            if self._eager < _EAGER_EXCHANGES and asyncio.current_task(self.loop) is None:
                self._pump()
            else:
                self.loop.call_soon(self._pump)

    def _discard_body(self) -> None:
        """Drop the rest of a body that nobody reads, to reach the next request behind it."""
        self._detach_body()
        self.exchange = None
        self._leftover = Leftover(self.engine)
        self._advance(Step.RESPONDED_EARLY)
        self._await_delivery()
        self._pump()

    def _detach_body(self) -> None:
        """Tell who may still be reading that the rest of the body is dropped."""
        if self._body is not None:
            self._body.fail(LocalProtocolError, "the exchange is over: the rest of its body is dropped")
            self._body = None

    def _discard_more(self) -> None:
        rest = LeftoverState.UNUSABLE if self._leftover is None else self._leftover.discard()
        if rest is LeftoverState.DISCARDED:
            self._leftover = None
            self._await_next_request()
        elif rest is LeftoverState.UNUSABLE:
            self._close_after_response()

    def _close_after_response(self) -> None:
        """The last answer is out: close, gently where the peer may be sending still."""
        self._detach_body()
        self.exchange = None
        self._driver.close()
        self._close_gracefully()

    def _close_idle(self) -> None:
        """Nobody asks for anything: close, as soon as the last response was taken."""
        if count_undelivered(self.transport):
            self._driver.close()
            self._linger()
        else:
            self.close()

    def _fail(self, exchange: Http1Exchange, error: BaseException | None) -> None:
        """The handler failed, or left its answer undone."""
        if isinstance(error, asyncio.CancelledError):
            self.abort()
            return
        if not is_peers_fault(exchange, error):
            report_failure(self._service.logger, exchange, error)
        if exchange.is_started:
            self.abort()
        else:
            self.refuse(choose_refusal(self.engine, error))

    def _reject(self, rejected: Rejected) -> None:
        """Have a request answered that could not be read, and close."""
        rejector = self._service.rejector
        if rejector is None:
            self.refuse(rejected)
            return
        report_refusal(self._service.logger, self._peer, rejected)
        self._advance(Step.REQUEST)
        self._deadline = inf
        self.exchange = Http1Exchange(self, self.engine.abandon(), EMPTY_BODY, self._peer)
        # Not now: deadlines may be looked at from within a task.
        self.loop.call_soon(self._run, lambda exchange: rejector(exchange, rejected))

    def refuse(self, rejected: Rejected, fields: Fields = ()) -> None:
        """Answer in a few words what cannot be served, and close."""
        report_refusal(self._service.logger, self._peer, rejected)
        words = f"{rejected.status}: {rejected.reason}".encode("ascii")
        block, body = self.engine.refuse(rejected, words, self.clock.date_line, fields)
        self.transport.write(block + body)
        self._close_after_response()

    # From outside --------------------------------------------------------------------------------------------

    def switch(self, rest: bytes) -> UpgradedDuplex:
        """Let go of the transport: it speaks another protocol now."""
        self._advance(Step.SWITCH)
        self._deadline = inf
        duplex = UpgradedDuplex(self.transport, rest, self.write_flow, self.connection_lost, self._registry)
        self.transport.set_protocol(duplex)
        if not self._is_reading:
            self._set_reading(True)
        return duplex

    def announce_end(self) -> None:
        """Let the exchange under way be the last, or else the next: it may have been asked for already."""
        self._remaining = 1
        if self._phase is Phase.HANDLING:
            self.engine.close_after()

    def finish_soon(self) -> None:
        """Close now if nothing is asked or answered, and otherwise after the exchange under way."""
        self.announce_end()
        if self._phase is Phase.IDLE:
            self._close_idle()
        elif self._phase is Phase.DRAINING:
            self._close_after_response()
        elif self._lingering is not None:
            self._lingering.stop_extending()

    def cancel(self) -> None:
        """Cancel the handler of the exchange that is under way."""
        if self.exchange is not None:
            self._driver.cancel()

    def check_deadline(self) -> None:
        """Part with a peer that had its time."""
        if self._deadline == inf and self._phase in _WAITING:
            self._await_delivery()
        if self.clock.now < self._deadline:
            return
        if self._phase is Phase.HEAD:
            self._reject(Rejected(408, "Request Timeout"))
        elif self._phase is Phase.DRAINING:
            self._close_after_response()
        elif self._phase is Phase.IDLE:
            self._close_idle()
        elif not self._extend_lingering():
            self.close()
