"""The closing handshake as a table (RFC 6455 §5.5.1, §7.1).

Theory. A connection is open until one side sends a close frame. The other side replies with its own close frame.
After both, the connection is closed, and the server ends the TCP stream. So there are two half-closed states: which
one it is depends on who sent first. A connection can also end in two other ways. The peer breaks the protocol
(`FAIL`): from then on its bytes are ignored, but we may still reply to earlier messages, and send a close frame that
says why. Or the stream ends (`END`), in any state. If bytes that came before this end have not been processed yet
(`EOF`), they are processed first.

Rules that the table encodes:

* After our close frame we send nothing: the row of `CLOSE_SENT` has no `SEND_…`. What the peer sent before it
  received our frame may still arrive, and is read.
* After the peer's close frame nothing is read: `CLOSE_RECEIVED` has no `RECEIVE_…`. We may finish sending a message
  (§5.5.1), so `SEND_DATA` stays allowed; then we must send our close frame.
* After a failure that follows our close frame nothing can be sent, so the connection is closed.
* After the end of the stream nobody can receive what we send: `STREAM_ENDED` only reads.

The table is the same for both roles. It holds all state of the closing handshake; there is no flag beside it.
"""

from enum import Enum, auto

from muntin.websocket.errors import ConnectionClosed

__all__ = ["TRANSITIONS", "Move", "State", "advance"]


class State(Enum):
    """The states of a connection."""

    OPEN = auto()
    CLOSE_SENT = auto()
    CLOSE_RECEIVED = auto()
    FAILED = auto()
    STREAM_ENDED = auto()
    CLOSED = auto()


class Move(Enum):
    """The events that change the state of a connection."""

    SEND_DATA = auto()
    SEND_CONTROL = auto()
    SEND_CLOSE = auto()
    RECEIVE_FRAME = auto()
    RECEIVE_CLOSE = auto()
    FAIL = auto()
    EOF = auto()
    END = auto()


TRANSITIONS: dict[State, dict[Move, State]] = {
    State.OPEN: {
        Move.SEND_DATA: State.OPEN,
        Move.SEND_CONTROL: State.OPEN,
        Move.SEND_CLOSE: State.CLOSE_SENT,
        Move.RECEIVE_FRAME: State.OPEN,
        Move.RECEIVE_CLOSE: State.CLOSE_RECEIVED,
        Move.FAIL: State.FAILED,
        Move.EOF: State.STREAM_ENDED,
        Move.END: State.CLOSED,
    },
    State.CLOSE_SENT: {
        Move.RECEIVE_FRAME: State.CLOSE_SENT,
        Move.RECEIVE_CLOSE: State.CLOSED,
        Move.FAIL: State.CLOSED,
        Move.EOF: State.STREAM_ENDED,
        Move.END: State.CLOSED,
    },
    State.CLOSE_RECEIVED: {
        Move.SEND_DATA: State.CLOSE_RECEIVED,
        Move.SEND_CLOSE: State.CLOSED,
        Move.END: State.CLOSED,
    },
    State.FAILED: {
        Move.SEND_DATA: State.FAILED,
        Move.SEND_CLOSE: State.CLOSED,
        Move.END: State.CLOSED,
    },
    State.STREAM_ENDED: {
        Move.RECEIVE_FRAME: State.STREAM_ENDED,
        Move.RECEIVE_CLOSE: State.CLOSED,
        Move.FAIL: State.CLOSED,
        Move.EOF: State.STREAM_ENDED,
        Move.END: State.CLOSED,
    },
    State.CLOSED: {
        Move.END: State.CLOSED,
    },
}

_REFUSALS = {
    State.OPEN: "the connection is open",
    State.CLOSE_SENT: "a close frame was sent",
    State.CLOSE_RECEIVED: "the peer has closed",
    State.FAILED: "the peer broke the protocol",
    State.STREAM_ENDED: "the stream has ended",
    State.CLOSED: "the connection is closed",
}


def advance(state: State, move: Move) -> State:
    """Return the state after `move`.

    Raises:
        ConnectionClosed: the table does not allow this move in this state.
    """
    try:
        return TRANSITIONS[state][move]
    except KeyError:
        what = move.name.lower().replace("_", " ")
        raise ConnectionClosed(f"cannot {what}: {_REFUSALS[state]}") from None
