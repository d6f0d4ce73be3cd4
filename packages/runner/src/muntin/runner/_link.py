"""How a connection stands with its transport: in which phase, whether it reads, how long its peer may still take.

It knows the ways out: closing, cutting, and lingering until the peer has read the last answer. What is said on the
connection, and when it is over, is for `Connection`.
"""

import asyncio
from math import inf
from typing import cast

from muntin.http_core import RequestState, ServerConnection
from muntin.runner._flow import WriteFlow
from muntin.runner._lifecycle import Phase, Step, advance
from muntin.runner._peer import TransportPeer
from muntin.runner._sendfile import CAN_SEND
from muntin.runner._service import Service

__all__ = ["Link"]


class Link(asyncio.Protocol):
    """A transport with a phase and a deadline.

    Args:
        service: what it shares with the others.
    """

    __slots__ = (
        "_deadline",
        "_is_reading",
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
        self.write_flow.pause()

    def resume_writing(self) -> None:
        self.write_flow.resume()

    def hurry(self) -> None:
        """Expect the first byte at once: who has just connected has something to ask."""
        self._deadline = min(self._deadline, self.clock.deadline_in(self._service.timeouts.linger))

    def close(self) -> None:
        """Send what is queued, then close."""
        if self._phase is not Phase.CLOSED:
            self._advance(Step.CLOSE)
            self._deadline = inf
            self.transport.close()

    def abort(self) -> None:
        """Cut the connection."""
        if self._phase is not Phase.CLOSED:
            self._advance(Step.CLOSE)
            self.transport.abort()

    def _part(self) -> None:
        """Close, gently where the peer may be sending still."""
        done = self.engine.request_state is RequestState.DONE and not self.engine.buffered
        if done or self.engine.has_ended or not self.transport.can_write_eof():
            self.close()
            return
        self._advance(Step.LAST)
        self._deadline = self.clock.deadline_in(self._service.timeouts.linger)
        try:
            self.transport.write_eof()
        except OSError:
            # The peer has reset the connection, and the loop does not know it yet.
            self.abort()
            return
        if not self._is_reading:
            self._set_reading(True)

    def _set_reading(self, wants: bool) -> None:
        """Let the transport read, or not."""
        self._is_reading = wants
        if wants:
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _advance(self, step: Step) -> None:
        self._phase = advance(self._phase, step)
