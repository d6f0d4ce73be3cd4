"""The phases of a connection, as one table, and the one object that says which of them a connection is in.

A connection is IDLE until bytes come. When they hold a whole head it is HANDLING an exchange, otherwise it waits for
the rest in HEAD. An exchange that ends, ends in one of three ways. If another may follow, the connection is IDLE again,
after DRAINING what the handler left unread of the request's body: a bounded amount in bounded time, for the next
request starts behind it. If the response was the last but the peer still sends, the connection is LINGERING: our side
is ended, what comes is dropped, so that the peer reads the response instead of a reset (RFC 9112 §9.6). Otherwise it is
CLOSING: what is queued goes out, and the transport closes.

UPGRADED, the bytes belong to another protocol. From every phase the connection can be lost.

Each phase has a deadline of its own, so a step that changes the phase replaces the deadline as well.
"""

from collections.abc import Mapping
from enum import IntEnum
from math import inf
from typing import Final

__all__ = ["LIFECYCLE", "Lifecycle", "Phase", "Step"]


class Phase(IntEnum):
    """The phases of a connection."""

    IDLE = 0
    HEAD = 1
    HANDLING = 2
    DRAINING = 3
    LINGERING = 4
    UPGRADED = 5
    CLOSING = 6
    CLOSED = 7


class Step(IntEnum):
    """Events that lead from one phase to another."""

    BYTES = 0
    """Part of a head has arrived."""
    REQUEST = 1
    """A head is complete."""
    RESPONDED = 2
    """The exchange is over, and another may follow."""
    RESPONDED_EARLY = 3
    """The response is complete before the request: another exchange may follow it."""
    LAST_RESPONSE = 4
    """The response is complete, and none follows; the peer may still be sending."""
    SWITCH = 5
    """The connection speaks another protocol from now on."""
    CLOSE = 6
    """There is nothing more to do."""
    LOST = 7
    """The transport is gone."""


_ALWAYS: Final = {Step.CLOSE: Phase.CLOSING, Step.LOST: Phase.CLOSED}

LIFECYCLE: Final[Mapping[Phase, Mapping[Step, Phase]]] = {
    Phase.IDLE: {
        Step.BYTES: Phase.HEAD,
        Step.REQUEST: Phase.HANDLING,
        Step.LAST_RESPONSE: Phase.LINGERING,
        **_ALWAYS,
    },
    Phase.HEAD: {
        Step.BYTES: Phase.HEAD,
        Step.REQUEST: Phase.HANDLING,
        Step.LAST_RESPONSE: Phase.LINGERING,
        **_ALWAYS,
    },
    Phase.HANDLING: {
        Step.RESPONDED: Phase.IDLE,
        Step.RESPONDED_EARLY: Phase.DRAINING,
        Step.LAST_RESPONSE: Phase.LINGERING,
        Step.SWITCH: Phase.UPGRADED,
        **_ALWAYS,
    },
    Phase.DRAINING: {Step.RESPONDED: Phase.IDLE, Step.LAST_RESPONSE: Phase.LINGERING, **_ALWAYS},
    Phase.LINGERING: _ALWAYS,
    Phase.UPGRADED: _ALWAYS,
    Phase.CLOSING: _ALWAYS,
    Phase.CLOSED: {Step.CLOSE: Phase.CLOSED, Step.LOST: Phase.CLOSED},
}


class Lifecycle:
    """The phase of one connection and its deadline; nothing else writes them.

    Args:
        phase: the first phase.
    """

    __slots__ = ("deadline", "phase")

    def __init__(self, phase: Phase = Phase.IDLE) -> None:
        self.phase = phase
        """The present phase."""
        self.deadline = inf
        """When the phase ends at the latest, by the server's clock (seconds)."""

    def advance(self, step: Step, deadline: float = inf) -> None:
        """Enter the phase that a step leads to, with a deadline for that phase.

        Raises:
            RuntimeError: the step is impossible in the present phase.
        """
        try:
            self.phase = LIFECYCLE[self.phase][step]
        except KeyError:
            raise RuntimeError(f"{step.name} does not fit a connection that is {self.phase.name}") from None
        self.deadline = deadline

    def reschedule(self, deadline: float) -> None:
        """Set another deadline for the present phase."""
        self.deadline = deadline
