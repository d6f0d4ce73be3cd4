"""What may happen next on a client's connection, as two tables: those of `_states` seen from the other end.

The *request* machine follows what we send; the *answer* machine follows what the peer sends. An answer may come before
the request is complete. When both stand at DONE, `Input.NEXT` brings both back to IDLE. The peer's last answer ends
at LAST, which has no way on; nor have CLOSED (the peer ended its side between two exchanges), ERROR (it broke the
rules) and SWITCHED. BROKEN is our own failure in the middle of a body.
"""

from collections.abc import Mapping
from enum import IntEnum
from typing import Final, TypeVar

from muntin.http_core._states import Input
from muntin.http_core.errors import LocalProtocolError

__all__ = [
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
    """Where the peer is in its answer."""

    IDLE = 0
    BODY = 1
    DONE = 2
    LAST = 3
    CLOSED = 4
    ERROR = 5
    SWITCHED = 6


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
        Input.WHOLE_LAST: ClientResponseState.LAST,
        Input.SWITCH: ClientResponseState.SWITCHED,
        Input.EOF: ClientResponseState.CLOSED,
        Input.FAULT: ClientResponseState.ERROR,
    },
    ClientResponseState.BODY: {
        Input.END: ClientResponseState.DONE,
        Input.END_LAST: ClientResponseState.LAST,
        Input.FAULT: ClientResponseState.ERROR,
    },
    ClientResponseState.DONE: {
        Input.NEXT: ClientResponseState.IDLE,
    },
    ClientResponseState.LAST: {},
    ClientResponseState.CLOSED: {},
    ClientResponseState.ERROR: {},
    ClientResponseState.SWITCHED: {},
}

S = TypeVar("S", bound=IntEnum)


def advance_client(table: Mapping[S, Mapping[Input, S]], state: S, given: Input) -> S:
    """Give the state after `given`.

    Raises:
        LocalProtocolError: nothing of the kind may happen in that state.
    """
    try:
        return table[state][given]
    except KeyError:
        raise LocalProtocolError(f"{given.name} does not fit {type(state).__name__}.{state.name}") from None
