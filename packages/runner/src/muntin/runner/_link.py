"""How a connection stands with its transport: in which phase, whether it reads, how long its peer may still take.

It knows the ways out: closing, cutting, and lingering until the peer has taken the last response. What is said on the
connection, and when it is over, is for `Http1Connection`.
"""

import asyncio
from math import inf
from typing import cast

from muntin.http_core import RequestState, ServerConnection
from muntin.runner._flow import WriteFlow
from muntin.runner._lifecycle import Phase, Step, advance
from muntin.runner._lingering import Lingering
from muntin.runner._peer import TransportPeer, count_undelivered
from muntin.runner._sendfile import CAN_SEND
from muntin.runner._service import Service

__all__ = ["Link"]


class Link(asyncio.Protocol):
    """A transport with a phase and a deadline.

    Args:
        service: what it shares with the others.
    """

    __slots__ = (
        "__weakref__",
        "_deadline",
        "_is_reading",
        "_lingering",
        "_peer",
        "_phase",
        "_service",
        "can_send_file",
        "clock",
        "engine",
        "has_hung_up",
        "loop",
        "transport",
        "write_flow",
    )

    def __init__(self, service: Service) -> None:
        self._service = service
        self.loop = service.loop
        self.clock = service.clock
        self.engine = ServerConnection(service.limits)
        self.write_flow = WriteFlow(service.loop)
        self._phase = Phase.IDLE
        self._deadline = inf
        self._lingering: Lingering | None = None
        self._is_reading = True
        self.has_hung_up = False
        """Whether the peer has ended its side behind bytes that were not read yet."""
        # From connection_made on:
        self.transport: asyncio.Transport
        self._peer: TransportPeer
        self.can_send_file = False

    @property
    def phase(self) -> Phase:
        """What the connection is doing."""
        return self._phase

    @property
    def is_lost(self) -> bool:
        """Whether the transport is gone."""
        return self._phase is Phase.CLOSED

    @property
    def is_reading(self) -> bool:
        """Whether there is room for what comes."""
        return self._is_reading

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._peer = TransportPeer(self.transport)
        self.can_send_file = CAN_SEND and not self._peer.is_secure
        self.clock.start()
        self._deadline = self.clock.deadline_in(self._service.timeouts.first_byte)

    def pause_writing(self) -> None:
        self.write_flow.pause(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self.write_flow.resume()

    def shorten_deadline(self) -> None:
        """Expect the first byte at once: who has just connected has something to ask."""
        self._deadline = min(self._deadline, self.clock.deadline_in(self._service.timeouts.linger))

    def close(self) -> None:
        """Send what is queued, then close."""
        if self._phase is not Phase.CLOSED:
            self._advance(Step.CLOSE)
            self._deadline = inf
            # Once: closed twice, a TLS transport of asyncio knows nothing more, and cannot be cut.
            if not self.transport.is_closing():
                self.transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if self._phase is not Phase.CLOSED:
            self._advance(Step.CLOSE)
            self.transport.abort()

    @property
    def awaits_delivery(self) -> bool:
        """Whether the connection only waits for the peer to take what was sent, and perhaps to be silent then."""
        waits = self._phase is Phase.LINGERING or self._phase is Phase.DRAINING
        return waits and count_undelivered(self.transport) > 0

    def _close_gracefully(self) -> None:
        """Close, gently where the peer may be sending still, or has much to take."""
        is_over = self.engine.request_state is RequestState.DONE and not self.engine.buffered
        can_end = self.transport.can_write_eof()
        # Who still takes what waits here may have sent more when it is through. TLS has ways of its own.
        if self.engine.has_ended or (is_over and not (can_end and self.transport.get_write_buffer_size())):
            self.close()
        else:
            self._linger()

    def _linger(self) -> None:
        """Drop what the peer sends, until it has taken our last response and is silent; then close."""
        self._advance(Step.LAST_RESPONSE)
        self._lingering = Lingering(self._service.timeouts.linger_total)
        self._await_delivery()
        if self.transport.can_write_eof():
            try:
                self.transport.write_eof()
            except OSError:
                # The peer has reset the connection, and the loop does not know it yet.
                self.abort()
                return
        if not self._is_reading:
            self._set_reading(True)

    def _await_delivery(self) -> None:
        """Let the deadline begin when the peer has taken what was sent; its pace until then is watched."""
        if count_undelivered(self.transport):
            self._deadline = inf
            return
        timeouts = self._service.timeouts
        if self._lingering is None:
            self._deadline = self.clock.deadline_in(timeouts.drain)
        else:
            self._deadline = self.clock.deadline_in(timeouts.linger)
            self._lingering.begin(self.clock.now)

    def _extend_lingering(self) -> bool:
        """Return whether the peer still sends, so that it has not read the response; another wait begins then."""
        if self._lingering is None or self._lingering.is_over(self.clock.now):
            return False
        self._deadline = self.clock.deadline_in(self._service.timeouts.linger)
        return True

    def _set_reading(self, wants: bool) -> None:
        """Let the transport read, or not."""
        self._is_reading = wants
        if wants:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _advance(self, step: Step) -> None:
        self._phase = advance(self._phase, step)
