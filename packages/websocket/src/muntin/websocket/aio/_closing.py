"""The end of a socket as a state machine without I/O: events in, steps out.

Theory. Either side may start the closing handshake. A socket also ends when the stream ends, when the peer breaks the
protocol, is silent for too long, or leaves too much unread. The socket reports each such event to a `ClosingHandshake`
by calling a method. The method returns a `Step`, which says what the socket has to do: write a frame, set a timer,
close the duplex. At most one timer runs at a time; what it means depends on the phase.

The server closes the TCP connection, and the client waits for that (RFC 6455 §7.1.1). Nobody waits for ever: every
phase that waits for the peer has a timer.

What the peer sent before its close frame, or before it broke the protocol, may still be replied to. So our close frame
is sent when the last of these messages was taken, or after `GRACE`.
"""

from enum import Enum, auto
from typing import NamedTuple

from muntin.websocket._connection import Connection, Role
from muntin.websocket._states import State
from muntin.websocket.codes import WSMsgType
from muntin.websocket.errors import ConnectionClosed
from muntin.websocket.events import WSMessage

__all__ = ["NOTHING", "ClosingHandshake", "Disconnect", "Phase", "Step"]

# Seconds for replies to messages that came before the peer's close frame
GRACE = 1.0
# Seconds between our close frame and the end of the TCP connection, when the peer broke the protocol. The peer may be
# sending. If we closed at once, the system would respond to that with a reset, which can overtake our close frame. So
# the socket reads on for a while and ignores the data.
LINGER = 0.5

_SENDING = (State.OPEN, State.CLOSE_RECEIVED, State.FAILED)


class Phase(Enum):
    """The phases of an end; in all but the first and the last a timer may run."""

    OPEN = auto()
    """Nobody has started the end."""
    REPLY_DUE = auto()
    """The peer has closed, or broken the protocol. Our close frame follows, or `close` by hand without autoclose."""
    CLOSE_SENT = auto()
    """We have closed, and the peer's close frame is awaited."""
    LINGERING = auto()
    """The peer broke the protocol, and our close frame was sent."""
    DISCONNECTING = auto()
    """The TCP connection is being closed, by us or by the peer."""
    GONE = auto()
    """There is no connection any more."""


class Disconnect(Enum):
    """The ways to end a connection."""

    FLUSH = auto()
    """Send what was written, then close."""
    ABORT = auto()
    """Close at once."""


class Step(NamedTuple):
    """The actions of a socket for one event, in this order."""

    frame: bytes = b""
    """Write this."""
    timer: float | None = None
    """Cancel the timer, and call `time_out` after so many seconds."""
    is_over: bool = False
    """Both sides have closed, or one is gone: receive no more messages, and wake up whoever waits for the end."""
    disconnect: Disconnect | None = None
    """End the connection."""
    drops_messages: bool = False
    """Drop the messages that nobody has taken."""


NOTHING = Step()


class ClosingHandshake:
    """The decisions about the end of one socket.

    Args:
        connection: the engine; this class alone changes the state of its closing handshake.
        timeout: seconds to wait for the peer.
        autoclose: True to reply to the peer's close frame without being asked.
    """

    __slots__ = (
        "_autoclose",
        "_connection",
        "_last_message",
        "_phase",
        "_timeout",
        "exception",
        "is_stream_ended",
    )

    def __init__(self, connection: Connection, *, timeout: float, autoclose: bool) -> None:
        # Set once
        self._connection = connection
        self._timeout = timeout
        self._autoclose = autoclose
        # The end so far
        self._phase = Phase.OPEN
        self._last_message: WSMessage | None = None  # in REPLY_DUE: the peer's close frame, or its error
        self.exception: BaseException | None = None
        """Why the socket ended, if it did not end well."""
        self.is_stream_ended = False
        """True if the peer sends no more bytes; earlier ones may still wait in the engine."""

    @property
    def has_begun(self) -> bool:
        """True if nothing can be sent any more."""
        return self._connection.state not in _SENDING

    @property
    def is_over(self) -> bool:
        """True if the stream has ended and no bytes wait in the engine."""
        return self.is_stream_ended and self._connection.state is State.CLOSED

    @property
    def has_peer_ended(self) -> bool:
        """True if there is no reason to wait for the peer any more."""
        return self.is_stream_ended or self._connection.state is State.CLOSED

    # Events on our side

    def close(self, code: int, reason: str | bytes, error: Exception | None = None) -> Step:
        """Send our close frame; `error` is why the socket ends, if it does not end well.

        Raises:
            TypeError, ValueError: see `Connection.close`.
        """
        frame = self._connection.close(code, reason)
        if error is not None:
            self.exception = error
        # Nobody takes messages any more, but the peer's close frame may be among the bytes that wait in the engine.
        self._connection.discard()
        if self._connection.state is State.CLOSED:
            return self._disconnect(frame, drops_messages=True)
        self._phase = Phase.CLOSE_SENT
        return Step(frame, timer=self._timeout, drops_messages=True)

    def abort(self, error: Exception | None = None) -> Step:
        """Cut the connection; `error` is why the socket ends, if somebody wants to know."""
        if error is not None:
            self.exception = error
        self._connection.discard()
        self._connection.receive_eof()
        self._phase = Phase.GONE
        return Step(is_over=True, disconnect=Disconnect.ABORT)

    def reply(self) -> Step:
        """Reply to the peer's close frame or error, if that is due: all messages before it were taken."""
        if self._phase is not Phase.REPLY_DUE or self._last_message is None:
            return NOTHING
        message = self._last_message
        is_error = message.type is WSMsgType.ERROR
        frame = self._connection.reply_to(message) if is_error or self._autoclose else b""
        if self._connection.state is not State.CLOSED:
            return NOTHING  # `close` is called by hand
        if not is_error:
            return self._disconnect(frame)
        self._phase = Phase.LINGERING
        return Step(frame, timer=LINGER, is_over=True)

    def time_out(self) -> Step:
        """Return the step for a timer that has run out."""
        match self._phase:
            case Phase.REPLY_DUE:
                return self.reply()
            case Phase.CLOSE_SENT:
                return self.abort()
            case Phase.LINGERING:
                self._phase = Phase.DISCONNECTING
                return Step(timer=self._timeout, disconnect=Disconnect.FLUSH)
            case Phase.DISCONNECTING:
                return Step(disconnect=Disconnect.ABORT)
            case _:
                return NOTHING

    # Events on the peer's side

    def receive_last(self, message: WSMessage, *, can_reply_first: bool) -> Step:
        """Process the peer's last message: its close frame, or the error that it made.

        `can_reply_first` is True if there are earlier messages that nobody has replied to.
        """
        if message.type is WSMsgType.ERROR:
            self.exception = message.data
        elif self.is_stream_ended:
            self.exception = None  # the peer did close properly, before the end of its stream
        if self.is_stream_ended:
            return NOTHING
        self._phase, self._last_message = Phase.REPLY_DUE, message
        return Step(timer=GRACE) if can_reply_first else self.reply()

    def receive_eof(self) -> Step:
        """Process the end of the peer's stream."""
        self._end_stream(None)
        self._phase = Phase.DISCONNECTING
        return Step(timer=self._timeout, is_over=self.is_over, disconnect=Disconnect.FLUSH)

    def lose_connection(self, error: Exception | None) -> Step:
        """Process the end of the connection."""
        self._end_stream(error)
        self._phase = Phase.GONE
        return Step(is_over=self.is_over)

    def _end_stream(self, error: Exception | None) -> None:
        if self._connection.state is State.OPEN:
            self.exception = error or ConnectionClosed("the connection ended without a close frame")
        self.is_stream_ended = True
        self._connection.receive_eof()

    def _disconnect(self, frame: bytes, *, drops_messages: bool = False) -> Step:
        """Return the step when both sides have closed."""
        self._phase = Phase.DISCONNECTING
        is_server = self._connection.role is Role.SERVER
        return Step(
            frame,
            timer=self._timeout,
            is_over=True,
            disconnect=Disconnect.FLUSH if is_server else None,
            drops_messages=drops_messages,
        )
