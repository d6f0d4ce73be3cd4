"""The request on a server's connection: what the peer sends, as events.

It follows the request machine (`_states`) and nothing else: how a request is answered, and when the next may come, is
for the connection.
"""

from muntin.http_core._body import make_reader
from muntin.http_core._endpoint import Endpoint
from muntin.http_core._events import (
    HTTP_10,
    NO_BODY,
    EndOfBody,
    Event,
    PeerClosed,
    Rejected,
    RequestHead,
    Signal,
)
from muntin.http_core._head import parse_head
from muntin.http_core._limits import Limits
from muntin.http_core._lines import REQUEST_LINES, LineCheck
from muntin.http_core._states import Input, RequestState, advance_request
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["RequestSide"]

# The steps that every exchange takes, looked up in the table once.
_IDLE = RequestState.IDLE
_DONE = advance_request(RequestState.IDLE, Input.HEAD_ALONE)
_BODY = advance_request(RequestState.IDLE, Input.HEAD)
_ENDED = advance_request(_BODY, Input.END)


class RequestSide(Endpoint):
    """The side of a server's connection that takes requests.

    Args:
        limits: how much the peer may send.
    """

    __slots__ = ("_head", "_request")

    def __init__(self, limits: Limits) -> None:
        super().__init__(limits)
        self._request = RequestState.IDLE
        self._head: RequestHead | None = None
        """Of the exchange; one that stands for it where it could not be read."""

    @property
    def request_state(self) -> RequestState:
        """Where the peer is in its request."""
        return self._request

    @property
    def is_full(self) -> bool:
        """Whether so much waits that reading ought to pause.

        Never while the head, or the body, that is under way needs more bytes: those have limits of their own.
        """
        waiting, limits = len(self._buffer), self._limits
        if waiting < limits.pipelined:
            return False
        if self._request is _IDLE:
            return waiting >= limits.head_ceiling
        return self._request is not _BODY or waiting >= limits.body_ceiling

    @property
    def request_left(self) -> int | None:
        """Bytes of the request's body that were not given out yet; None where its length is not known."""
        return 0 if self._reader is None else self._reader.left

    def next_event(self) -> Event:
        """Give the next event that the bytes so far hold.

        A head whose framing is NO_BODY is a complete request; after any other, `BodyData` and at last
        `EndOfBody` follow. A broken request gives `Rejected` again and again: there is nothing else to be had
        from it.
        """
        try:
            if self._request is _IDLE:
                return self._next_head()
            if self._request is _BODY:
                return self._next_of_body()
        except RemoteProtocolError as fault:
            self._request = advance_request(self._request, Input.FAULT)
            self._fault = Rejected(fault.status, fault.reason)
            self._last = True
        if self._fault is not None:
            return self._fault
        return PeerClosed() if self._request is RequestState.CLOSED else Signal.PAUSED

    def _next_head(self) -> Event:
        buffer = self._buffer
        block = buffer.take_past(b"\r\n\r\n")
        if block is None:
            return self._wait_for_head()
        if block.startswith(b"\r\n") and self._check is None:
            # RFC 9112 §2.2: one empty line before the request-line is to be ignored; old clients end bodies with it.
            block = block[2:]
        head = parse_head(block, self._limits)
        framing = head.framing
        if framing is NO_BODY:
            self._request = _DONE
        else:
            self._reader = make_reader(framing, self._limits)
            self._request = _BODY
        self._check = None
        self._head = head
        self._last = not head.keep_alive
        return head

    def _wait_for_head(self) -> Event:
        buffer = self._buffer
        if self._check is None:
            start = buffer.peek(2)
            if start == b"\r\n":
                # The one empty line; from here on another is a fault.
                buffer.take(2)
            if start not in (b"", b"\r"):
                self._check = LineCheck(self._limits, REQUEST_LINES)
        if self._check is not None:
            self._check.check(buffer)
        if not self._ended:
            return Signal.NEED_DATA
        if len(buffer):
            raise RemoteProtocolError(400, "incomplete head")
        self._request = advance_request(self._request, Input.EOF)
        return PeerClosed()

    def _next_of_body(self) -> Event:
        event = self._read_body()
        if event is None:
            if self._ended:
                raise RemoteProtocolError(400, "incomplete body")
            return Signal.NEED_DATA
        if isinstance(event, EndOfBody):
            self._request = advance_request(self._request, Input.END)
            self._reader = None
        return event

    def take_body(self) -> bytes | None:
        """Give the whole body of the request at once, if its length is known and all of it is here; small ones are.

        It is an alternative to `next_event` right behind the head. None: the events will tell.
        """
        left = self.request_left
        if not left or left > len(self._buffer):
            return None
        self._request = _ENDED
        self._reader = None
        return self._buffer.take(left)

    def abandon(self) -> RequestHead:
        """Read no more of the request, and give the head by which its refusal is answered; the last on this connection.

        That is the request's own if it could be read. Else another stands for it, so that the answer is one that any
        peer understands: method ``UNKNOWN``, target ``/``, HTTP/1.0.

        Raises:
            LocalProtocolError: the request is complete.
        """
        if self._request is not RequestState.ERROR:
            self._request = advance_request(self._request, Input.FAULT)
        self._last = True
        if self._head is None:
            self._head = RequestHead("UNKNOWN", "/", HTTP_10, keep_alive=False)
        return self._head
