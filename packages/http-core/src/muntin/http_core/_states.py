"""The states of a server's connection, as two tables.

Theory of operation
-------------------
A server's connection is two machines that run side by side. The *request* machine follows what the peer sends; the
*response* machine follows what we send. Neither waits for the other: a response may be complete while the request's
body still arrives, and a request may be complete long before its response starts.

The response machine also holds whether the connection persists (RFC 9112 §9.3). Three of its states exist twice: on the
left another exchange may follow, on the right this exchange is the last one.

| the response         | connection persists | connection closes after it |
|----------------------|---------------------|----------------------------|
| is still to be sent  | IDLE                | LAST_IDLE                  |
| is being sent        | BODY                | LAST_BODY                  |
| is complete          | DONE                | LAST_DONE                  |

`Input.CLOSE` leads from left to right, and nothing leads back. It comes when the peer or we ask for the end, with
HTTP/1.0 unless keep-alive was asked for, before a body that only the end of the connection delimits, and before a
response that makes the rest of the request ambiguous. At DONE it changes nothing: the peer was told that the connection
persists, and may have sent its next request.

Request and response meet in three places. When both are DONE, `Input.NEXT` brings both back to IDLE, and the connection
serves its next exchange; LAST_DONE has no such way. `Input.FAULT`, the peer breaking the rules, ends the request and
makes the response the last one. `Input.SWITCH` ends both at once: from then on, the bytes are not HTTP any more.

BREAK is our own failure in the middle of a body: nothing that could still be sent would be understood.

All state of the protocol is in these tables. A pair that is missing is a mistake of the caller.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final

from muntin.http_core.errors import LocalProtocolError

__all__ = [
    "PERSISTENT",
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
    """Where we are in our response, and whether the connection persists after it."""

    IDLE = 0
    BODY = 1
    DONE = 2
    LAST_IDLE = 3
    LAST_BODY = 4
    LAST_DONE = 5
    BROKEN = 6
    SWITCHED = 7


class Input(IntEnum):
    """The inputs that move the machines."""

    HEAD = 0
    """A whole head; a body follows."""
    HEAD_ALONE = 1
    """A whole head; nothing follows."""
    END = 2
    """The body is over."""
    WHOLE = 3
    """Head and body at once."""
    INFORM = 4
    """An interim response."""
    CLOSE = 5
    """This exchange is the last one."""
    EOF = 6
    """The peer sends no more."""
    FAULT = 7
    """The peer broke the rules."""
    BREAK = 8
    """We cannot continue within this message."""
    SWITCH = 9
    """The connection changes its protocol."""
    NEXT = 10
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
        Input.HEAD: ResponseState.BODY,
        Input.SWITCH: ResponseState.SWITCHED,
        Input.CLOSE: ResponseState.LAST_IDLE,
        Input.FAULT: ResponseState.LAST_IDLE,
    },
    ResponseState.BODY: {
        Input.END: ResponseState.DONE,
        Input.BREAK: ResponseState.BROKEN,
        Input.CLOSE: ResponseState.LAST_BODY,
        Input.FAULT: ResponseState.LAST_BODY,
    },
    ResponseState.DONE: {
        Input.NEXT: ResponseState.IDLE,
        Input.CLOSE: ResponseState.DONE,
        Input.FAULT: ResponseState.LAST_DONE,
    },
    ResponseState.LAST_IDLE: {
        Input.INFORM: ResponseState.LAST_IDLE,
        Input.WHOLE: ResponseState.LAST_DONE,
        Input.HEAD: ResponseState.LAST_BODY,
        Input.SWITCH: ResponseState.SWITCHED,
        Input.CLOSE: ResponseState.LAST_IDLE,
        Input.FAULT: ResponseState.LAST_IDLE,
    },
    ResponseState.LAST_BODY: {
        Input.END: ResponseState.LAST_DONE,
        Input.BREAK: ResponseState.BROKEN,
        Input.CLOSE: ResponseState.LAST_BODY,
        Input.FAULT: ResponseState.LAST_BODY,
    },
    ResponseState.LAST_DONE: {
        Input.CLOSE: ResponseState.LAST_DONE,
        Input.FAULT: ResponseState.LAST_DONE,
    },
    ResponseState.BROKEN: {
        Input.CLOSE: ResponseState.BROKEN,
        Input.FAULT: ResponseState.BROKEN,
    },
    ResponseState.SWITCHED: {
        Input.CLOSE: ResponseState.SWITCHED,
    },
}

PERSISTENT: Final = (ResponseState.IDLE, ResponseState.BODY, ResponseState.DONE)
"""The states in which another exchange may follow."""


def advance_request(state: RequestState, received: Input) -> RequestState:
    """Return the state that follows.

    Raises:
        LocalProtocolError: the input does not fit the state.
    """
    try:
        return REQUEST[state][received]
    except KeyError:
        raise LocalProtocolError(f"{received.name} does not fit a request that is {state.name}") from None


def advance_response(state: ResponseState, sent: Input) -> ResponseState:
    """Return the state that follows.

    Raises:
        LocalProtocolError: the input does not fit the state.
    """
    try:
        return RESPONSE[state][sent]
    except KeyError:
        raise LocalProtocolError(f"{sent.name} does not fit a response that is {state.name}") from None
