"""The states of a client's connection, as two tables: those of `_states` seen from the other end.

The *request* machine follows what we send; the *response* machine follows what the peer sends, and holds whether the
connection persists, as on the server's side. A response may come before the request is complete. When both are DONE,
`Input.NEXT` brings both back to IDLE.

`Input.BREAK` is our own failure in the middle of a body; it makes the response the last one. The response machine also
ends at CLOSED (the peer ended its side between two exchanges), ERROR (it broke the rules) and SWITCHED.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, TypeVar

from muntin.http_core._states import Input
from muntin.http_core.errors import LocalProtocolError

__all__ = [
    "CLIENT_PERSISTENT",
    "CLIENT_REQUEST",
    "CLIENT_RESPONSE",
    "ClientRequestState",
    "ClientResponseState",
    "advance_client",
]


class ClientRequestState(IntEnum):
    """Where we are in our request."""

    IDLE = 0
    BODY = 1
    DONE = 2
    BROKEN = 3
    SWITCHED = 4


class ClientResponseState(IntEnum):
    """Where the peer is in its response, and whether the connection persists after it."""

    IDLE = 0
    BODY = 1
    DONE = 2
    LAST_IDLE = 3
    LAST_BODY = 4
    LAST_DONE = 5
    CLOSED = 6
    ERROR = 7
    SWITCHED = 8


CLIENT_REQUEST: Final[Mapping[ClientRequestState, Mapping[Input, ClientRequestState]]] = {
    ClientRequestState.IDLE: {
        Input.WHOLE: ClientRequestState.DONE,
        Input.HEAD: ClientRequestState.BODY,
    },
    ClientRequestState.BODY: {
        Input.END: ClientRequestState.DONE,
        Input.BREAK: ClientRequestState.BROKEN,
    },
    ClientRequestState.DONE: {
        Input.NEXT: ClientRequestState.IDLE,
        Input.SWITCH: ClientRequestState.SWITCHED,
    },
    ClientRequestState.BROKEN: {},
    ClientRequestState.SWITCHED: {},
}

CLIENT_RESPONSE: Final[Mapping[ClientResponseState, Mapping[Input, ClientResponseState]]] = {
    ClientResponseState.IDLE: {
        Input.INFORM: ClientResponseState.IDLE,
        Input.HEAD: ClientResponseState.BODY,
        Input.WHOLE: ClientResponseState.DONE,
        Input.SWITCH: ClientResponseState.SWITCHED,
        Input.CLOSE: ClientResponseState.LAST_IDLE,
        Input.BREAK: ClientResponseState.LAST_IDLE,
        Input.EOF: ClientResponseState.CLOSED,
        Input.FAULT: ClientResponseState.ERROR,
    },
    ClientResponseState.BODY: {
        Input.END: ClientResponseState.DONE,
        Input.CLOSE: ClientResponseState.LAST_BODY,
        Input.BREAK: ClientResponseState.LAST_BODY,
        Input.FAULT: ClientResponseState.ERROR,
    },
    ClientResponseState.DONE: {
        Input.NEXT: ClientResponseState.IDLE,
        Input.BREAK: ClientResponseState.LAST_DONE,
    },
    ClientResponseState.LAST_IDLE: {
        Input.INFORM: ClientResponseState.LAST_IDLE,
        Input.HEAD: ClientResponseState.LAST_BODY,
        Input.WHOLE: ClientResponseState.LAST_DONE,
        Input.SWITCH: ClientResponseState.SWITCHED,
        Input.CLOSE: ClientResponseState.LAST_IDLE,
        Input.BREAK: ClientResponseState.LAST_IDLE,
        Input.FAULT: ClientResponseState.ERROR,
    },
    ClientResponseState.LAST_BODY: {
        Input.END: ClientResponseState.LAST_DONE,
        Input.BREAK: ClientResponseState.LAST_BODY,
        Input.FAULT: ClientResponseState.ERROR,
    },
    ClientResponseState.LAST_DONE: {
        Input.BREAK: ClientResponseState.LAST_DONE,
    },
    ClientResponseState.CLOSED: {},
    ClientResponseState.ERROR: {
        Input.BREAK: ClientResponseState.ERROR,
    },
    ClientResponseState.SWITCHED: {},
}

CLIENT_PERSISTENT: Final = (ClientResponseState.IDLE, ClientResponseState.BODY, ClientResponseState.DONE)
"""The states in which another exchange may follow."""

S = TypeVar("S", bound=IntEnum)


def advance_client(table: Mapping[S, Mapping[Input, S]], state: S, move: Input) -> S:
    """Return the state that follows.

    Raises:
        LocalProtocolError: the input does not fit the state.
    """
    try:
        return table[state][move]
    except KeyError:
        raise LocalProtocolError(f"{move.name} does not fit {type(state).__name__}.{state.name}") from None
