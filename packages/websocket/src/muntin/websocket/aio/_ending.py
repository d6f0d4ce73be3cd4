"""The end of a WebSocket: who begins it, what is said, and who waits for it, for how long.

Theory. Either side may begin the end, or the stream breaks off, or the peer breaks the protocol, or falls silent, or
does not read. All of these lead to `_finish`, after which the inbox gives out what it has and then only ends. The TCP
connection is closed by the server, as RFC 6455 §7.1.1 wants it, and whoever waits for the other side waits for
`timeout` at most.

What the peer said before its close frame, or before it broke the protocol, may still be answered by whoever receives
it: our close frame is due when the last of that was taken, or after a while.

Knows the closing handshake, time and the duplex. Must not know messages or tasks.
"""

import asyncio
from collections.abc import Callable

from muntin.websocket._connection import Role, WebSocketConnection
from muntin.websocket._states import State
from muntin.websocket.aio._duplex import Duplex
from muntin.websocket.aio._heartbeat import Clock, Heartbeat
from muntin.websocket.aio._inbox import Inbox
from muntin.websocket.aio._outbox import Outbox
from muntin.websocket.codes import WSCloseCode, WSMsgType
from muntin.websocket.errors import ConnectionClosed
from muntin.websocket.events import WSMessage

__all__ = ["Ending"]

# What came before the peer's end may still be answered: our close frame follows when that has been
# received, or after this time (seconds).
GRACE = 1.0
# After a failure the peer may be in the middle of sending. Closing at once would answer that with a reset,
# which can overtake our close frame; so we read on for a while and throw it away (seconds).
LINGER = 0.5
# A loop that ignores the end of a socket would spin for ever.
_MAX_RECEIVES_AFTER_THE_END = 5

_OPEN = (State.OPEN, State.CLOSE_RECEIVED, State.FAILED)


class _End:
    """The messages that stand for the end of a socket."""

    __slots__ = ("_connection", "_count")

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection
        self._count = 0

    def describe(self) -> WSMessage:
        """Return the next one; raises RuntimeError when there were too many."""
        self._count += 1
        if self._count > _MAX_RECEIVES_AFTER_THE_END:
            raise RuntimeError("receive() was called again and again after the end of the socket")
        is_closing = self._connection.state is State.CLOSE_SENT
        return WSMessage(WSMsgType.CLOSING if is_closing else WSMsgType.CLOSED, None)


class Ending:
    """How one socket comes to its end.

    Args:
        duplex: the bytes.
        connection: the engine.
        clock: what measures the timeout.
        timeout: seconds to wait for the peer to take part in the closing handshake.
        autoclose: whether the peer's close frame is answered by itself.
        inbox_limit: bytes of messages that may wait to be received before reading pauses.
        read_on: is called when there is room in the inbox again, or when nobody will take its messages any more.
        writer_limit, buffer_limit: bytes that may be on their way, as for `Outbox`.
    """

    __slots__ = (
        "_autoclose",
        "_clock",
        "_connection",
        "_duplex",
        "_last",
        "_timeout",
        "_timer",
        "_waiting",
        "exception",
        "heartbeat",
        "inbox",
        "is_gone",
        "outbox",
    )

    def __init__(
        self,
        duplex: Duplex,
        connection: WebSocketConnection,
        clock: Clock,
        *,
        timeout: float,
        autoclose: bool,
        inbox_limit: int,
        read_on: Callable[[], None],
        writer_limit: int,
        buffer_limit: int,
    ) -> None:
        # Set once.
        self._duplex = duplex
        self._connection = connection
        self._clock = clock
        self._timeout = timeout
        self._autoclose = autoclose
        self.inbox = Inbox(
            inbox_limit,
            pause=duplex.pause_reading,
            resume=read_on,
            emptied=self._conclude,
            end=_End(connection).describe,
        )
        self.outbox = Outbox(
            duplex,
            expects_more=self.inbox.has_messages,
            soft_limit=writer_limit,
            hard_limit=buffer_limit,
            overflow=self._overflow,
        )
        self.heartbeat: Heartbeat | None = None
        """What watches for silence; it ends with the socket."""
        # Why it ended, if it did not end well.
        self.exception: BaseException | None = None
        self.is_gone = False
        """Whether the stream has ended; what came before may still wait to be looked at."""
        # The peer's close frame or its failure, until that is answered.
        self._last: WSMessage | None = None
        # Who waits, and the timer that lets nobody wait too long.
        self._waiting: asyncio.Event | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def has_begun(self) -> bool:
        """Whether nothing can be sent any more."""
        return self._connection.state not in _OPEN

    async def wait(self) -> None:
        """Wait until both sides have closed, or one is gone."""
        if self.is_gone or self._connection.state is State.CLOSED:
            return
        if self._waiting is None:
            self._waiting = asyncio.Event()
        await self._waiting.wait()

    # We begin it.

    def begin(self, code: int, message: str | bytes) -> None:
        """Send our close frame; the rest happens by itself. What was received and not taken is dropped."""
        self.outbox.write_last(self._connection.close(code, message))
        self._last = None
        self._stop_heartbeat()
        has_ended = self._connection.state is State.CLOSED
        if not has_ended:
            self._set_timer(self._timeout, self.cut)
        # The peer's close frame may be in what waits: it is looked at now, as nobody will take its messages.
        self._connection.discard()
        self.inbox.finish(drop=True)
        if has_ended:
            self._say_goodbye()

    def _overflow(self, error: ConnectionClosed) -> None:
        """End because the peer has left too much unread."""
        self.exception = error
        self.begin(WSCloseCode.INTERNAL_ERROR, "too much is left unread")

    def give_up_on_silence(self) -> None:
        """End because the peer has not answered a ping."""
        self.exception = TimeoutError("the peer did not answer a ping")
        self.inbox.put(WSMessage(WSMsgType.ERROR, self.exception), 0)
        self.cut()

    def cut(self) -> None:
        """Cut the connection."""
        self._connection.discard()
        self._connection.receive_eof()
        self._finish()
        self.outbox.drop()
        self._duplex.abort()

    # The peer begins it.

    def hear(self, message: WSMessage) -> None:
        """Take the peer's last message: its close frame, or what it has done wrong."""
        if message.type is WSMsgType.ERROR:
            self.exception = message.data
        elif self.is_gone:
            self.exception = None  # it has said so, before it went
        self._stop_heartbeat()
        nothing_to_answer = not self.inbox.has_messages()
        self.inbox.put(message, 0)
        self.inbox.finish()
        if self.is_gone:
            return
        self._last = message
        if nothing_to_answer:
            self._conclude()
        else:
            self._set_timer(GRACE, self._conclude)

    def _conclude(self) -> None:
        """Answer the peer's last message, once."""
        if self._last is None:
            return
        message, self._last = self._last, None
        is_error = message.type is WSMsgType.ERROR
        if is_error or self._autoclose:
            self.outbox.write_last(self._connection.reply_to(message))
        if self._connection.state is not State.CLOSED:
            return
        if is_error:
            self._finish()
            self._set_timer(LINGER, self._duplex.close)
        else:
            self._say_goodbye()

    # It is over.

    def run_dry(self) -> None:
        """Take note that nothing comes any more."""
        self._break_off(None)
        self.outbox.flush()
        self._duplex.close()

    def lose(self, exc: Exception | None) -> None:
        """Take note that there is no connection any more."""
        self._break_off(exc)
        self.outbox.drop()
        self._last = None
        if self._timer is not None:
            self._timer.cancel()

    def _break_off(self, exc: Exception | None) -> None:
        if self._connection.state is State.OPEN:
            self.exception = exc or ConnectionClosed("the connection ended without a close frame")
        self.is_gone = True
        self._stop_heartbeat()
        self._connection.receive_eof()
        self.run_out()

    def run_out(self) -> None:
        """End when the peer is gone and nothing waits that came before."""
        if self.is_gone and self._connection.state is State.CLOSED:
            self._finish()
            # These refer to us: nothing has to wait for the garbage collector.
            self.inbox.release()
            self.outbox.release()
            self.heartbeat = None

    def _say_goodbye(self) -> None:
        """Both sides have closed: the server ends the TCP connection, the client waits for that (§7.1.1)."""
        self._finish()
        if self._connection.role is Role.SERVER:
            self._duplex.close()
        self._set_timer(self._timeout, self._duplex.abort)

    def _finish(self) -> None:
        self._stop_heartbeat()
        self.inbox.finish()
        if self._waiting is not None:
            self._waiting.set()

    def _set_timer(self, delay: float, callback: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._clock.call_later(delay, callback)

    def _stop_heartbeat(self) -> None:
        if self.heartbeat is not None:
            self.heartbeat.stop()
