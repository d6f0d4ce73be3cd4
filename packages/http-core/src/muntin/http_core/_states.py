"""What may happen next on a connection, as two tables.

Theory of operation
-------------------
A server's connection is two machines that run side by side. The *request* machine follows what the peer sends; the
*answer* machine follows what we send. Neither waits for the other: an answer may be complete while the request's body
still arrives, and a request may be complete long before its answer starts.

They meet in one place. When both stand at DONE, `Input.NEXT` brings both back to IDLE, and the connection serves
its next exchange. An answer that was the last one ends at LAST instead, which has no way on: whatever made it the last
(the peer's wish, ours, HTTP/1.0, a body without an end of its own) was decided when its head was written.

A switch of protocols ends both machines at once: from SWITCHED on, the bytes are not HTTP any more.

FAULT is the peer breaking the rules; ERROR has no way on either, but the answer machine is free to report it. BREAK is
our own failure in the middle of a body: nothing that could still be sent would be understood.

All state of the protocol is in these tables. A pair that is missing is a mistake of the caller.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from muntin.http_core.errors import LocalProtocolError

__all__ = [
    "REQUEST",
    "RESPONSE",
    "Input",
    "RequestState",
    "ResponseState",
    "advance_request",
    "advance_response",
]


class RequestState(IntEnum):
    """Where the peer is in its request."""

    IDLE = 0
    BODY = 1
    DONE = 2
    CLOSED = 3
    ERROR = 4
    SWITCHED = 5


class ResponseState(IntEnum):
    """Where we are in our answer."""

    IDLE = 0
    BODY = 1
    DONE = 2
    LAST = 3
    BROKEN = 4
    SWITCHED = 5


class Input(IntEnum):
    """What moves the machines."""

    HEAD = 0
    """A whole head; a body follows."""
    HEAD_ALONE = 1
    """A whole head; nothing follows."""
    END = 2
    """The body is over; for an answer: and another may follow."""
    END_LAST = 3
    """The answer is over, and it was the last."""
    WHOLE = 4
    """Head and body at once, and another answer may follow."""
    WHOLE_LAST = 5
    """Head and body at once, and it was the last."""
    INFORM = 6
    """An interim answer."""
    EOF = 7
    """The peer sends no more."""
    FAULT = 8
    """The peer broke the rules."""
    BREAK = 9
    """We cannot go on within this answer."""
    SWITCH = 10
    """The connection changes its protocol."""
    NEXT = 11
    """On to the next exchange."""


REQUEST: Final[Mapping[RequestState, Mapping[Input, RequestState]]] = {
    RequestState.IDLE: {
        Input.HEAD: RequestState.BODY,
        Input.HEAD_ALONE: RequestState.DONE,
        Input.EOF: RequestState.CLOSED,
        Input.FAULT: RequestState.ERROR,
    },
    RequestState.BODY: {
        Input.END: RequestState.DONE,
        Input.FAULT: RequestState.ERROR,
    },
    RequestState.DONE: {
        Input.NEXT: RequestState.IDLE,
        Input.SWITCH: RequestState.SWITCHED,
    },
    RequestState.CLOSED: {},
    RequestState.ERROR: {},
    RequestState.SWITCHED: {},
}

RESPONSE: Final[Mapping[ResponseState, Mapping[Input, ResponseState]]] = {
    ResponseState.IDLE: {
        Input.INFORM: ResponseState.IDLE,
        Input.WHOLE: ResponseState.DONE,
        Input.WHOLE_LAST: ResponseState.LAST,
        Input.HEAD: ResponseState.BODY,
        Input.SWITCH: ResponseState.SWITCHED,
    },
    ResponseState.BODY: {
        Input.END: ResponseState.DONE,
        Input.END_LAST: ResponseState.LAST,
        Input.BREAK: ResponseState.BROKEN,
    },
    ResponseState.DONE: {
        Input.NEXT: ResponseState.IDLE,
    },
    ResponseState.LAST: {},
    ResponseState.BROKEN: {},
    ResponseState.SWITCHED: {},
}


def advance_request(state: RequestState, given: Input) -> RequestState:
    """Give the state after `given`.

    Raises:
        LocalProtocolError: nothing of the kind may happen in that state.
    """
    try:
        return REQUEST[state][given]
    except KeyError:
        raise LocalProtocolError(f"{given.name} does not fit a request that is {state.name}") from None


def advance_response(state: ResponseState, given: Input) -> ResponseState:
    """Give the state after `given`.

    Raises:
        LocalProtocolError: nothing of the kind may happen in that state.
    """
    try:
        return RESPONSE[state][given]
    except KeyError:
        raise LocalProtocolError(f"{given.name} does not fit an answer that is {state.name}") from None
