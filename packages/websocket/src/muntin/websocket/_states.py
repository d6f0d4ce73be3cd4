"""The closing handshake as a table (RFC 6455 §5.5.1, §7.1).

Theory. A connection is open until one side sends a close frame; the side that gets it answers with its own;
after both, the connection is closed and the server ends the TCP stream. So there are two half-open states,
told apart by who spoke first. Two ways leave this road: the peer breaks the protocol (`FAIL`), after which
none of its bytes are looked at, though we may still answer what came before, and say why we end, in a close
frame; and the stream ends (`END`), from anywhere. Where bytes that came before its end still wait to be looked at
(`EOF`), they are read first.

Rules that the table encodes:

* After our close frame we send nothing: the row of `CLOSE_SENT` has no `SEND_…`. What the peer had under way
  when our frame reached it may still arrive and is still read.
* After the peer's close frame nothing is read: no `RECEIVE_…` in `CLOSE_RECEIVED`. We may finish what we have
  to say (§5.5.1), so `SEND_DATA` stays allowed; then we owe our close frame.
* A failure after our close frame leaves nothing to say, so it closes.
* Behind the end of the stream there is nobody to send to: `STREAM_ENDED` only reads.

Knows only its own names: not which side we are, nor what bytes look like. All state of the closing
handshake is here; no flag beside it.
"""

from enum import Enum, auto

from muntin.websocket.errors import ConnectionClosed

__all__ = ["TRANSITIONS", "Move", "State", "advance"]


class State(Enum):
    """Where a connection stands."""

    OPEN = auto()
    CLOSE_SENT = auto()
    CLOSE_RECEIVED = auto()
    FAILED = auto()
    STREAM_ENDED = auto()
    CLOSED = auto()


class Move(Enum):
    """What can happen to a connection."""

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
    """Give the state after `move`; raises ConnectionClosed where the table has no such move."""
    try:
        return TRANSITIONS[state][move]
    except KeyError:
        what = move.name.lower().replace("_", " ")
        raise ConnectionClosed(f"cannot {what}: {_REFUSALS[state]}") from None
