"""One HTTP/1.1 connection, seen from the client, without any I/O.

The mirror of the server's side: requests are asked of the methods, which give bytes; answers come out of `next_event`.
Both sides read and write with the same tables, so each can be held against the other.

What is about to be sent is read back with the server's reader before it is given out: a client cannot send what a
server of ours would refuse.
"""

import sys

from muntin.http_core._body import make_reader
from muntin.http_core._client_states import (
    CLIENT_REQUEST,
    CLIENT_RESPONSE,
    ClientRequestState,
    ClientResponseState,
    advance_client,
)
from muntin.http_core._endpoint import Endpoint
from muntin.http_core._events import (
    NO_BODY,
    BodyFraming,
    EndOfBody,
    Fields,
    FramingKind,
    PeerClosed,
    ReceivedResponse,
    Rejected,
    RequestHead,
    ResponseEvent,
    Signal,
)
from muntin.http_core._head import parse_head
from muntin.http_core._limits import DEFAULT_LIMITS, Limits
from muntin.http_core._lines import STATUS_LINES, LineCheck
from muntin.http_core._response_head import parse_response_head
from muntin.http_core._serialize import OutgoingFields, encode_fields, encode_text, require_bytes
from muntin.http_core._states import Input
from muntin.http_core._writer import BodyWriter
from muntin.http_core.errors import LocalProtocolError, RemoteProtocolError

__all__ = ["ClientConnection"]

# What we send ourselves is bounded by nobody here.
_UNBOUNDED = Limits(
    request_line=sys.maxsize, field_line=sys.maxsize, field_section=sys.maxsize, field_count=sys.maxsize
)
# RFC 9110 §8.6: where a body would have no meaning, its absence need not be told.
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "CONNECT", "TRACE"})


class ClientConnection(Endpoint):
    """The client's side of one connection; one exchange at a time.

    Args:
        limits: how much the peer may send; that on the request line counts for the status line.
    """

    __slots__ = ("_framing", "_head", "_request", "_response", "_writer")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(limits)
        # For the whole connection:
        self._request = ClientRequestState.IDLE
        self._response = ClientResponseState.IDLE
        # For one exchange:
        self._head: RequestHead | None = None
        """Of our request."""
        self._writer = BodyWriter(NO_BODY)
        self._framing = NO_BODY
        """Of the answer."""

    @property
    def request_state(self) -> ClientRequestState:
        """Where we are in our request."""
        return self._request

    @property
    def response_state(self) -> ClientResponseState:
        """Where the peer is in its answer."""
        return self._response

    # What goes out -------------------------------------------------------------------------------------------

    def request(
        self, method: str, target: str, fields: Fields = (), body: bytes = b""
    ) -> tuple[bytes, bytes]:
        """Give the bytes of a whole request: its head, and its body.

        Args:
            method: a token.
            target: of a form that fits the method (RFC 9112 §3.2).
            fields: Host among them; Content-Length is added.
            body: all of the body.

        Raises:
            LocalProtocolError: the head or the body holds what must not be sent, or it is not the time for a request.
        """
        body = require_bytes(body)
        outgoing = encode_fields(fields)
        if outgoing.content_length not in (None, len(body)):
            raise LocalProtocolError("Content-Length differs from the body's length")
        framing_line = b""
        if body or outgoing.content_length is not None or method not in _BODILESS_METHODS:
            framing_line = b"Content-Length: %d\r\n" % len(body)
        return self._begin(method, target, outgoing, framing_line, Input.WHOLE), body

    def start(self, method: str, target: str, fields: Fields = ()) -> bytes:
        """Give the bytes of the head of a streamed request: framed by the Content-Length among its fields, else
        chunked.

        Raises:
            LocalProtocolError: as `request`.
        """
        outgoing = encode_fields(fields)
        framing_line = b"Transfer-Encoding: chunked\r\n"
        if outgoing.content_length is not None:
            framing_line = b"Content-Length: %d\r\n" % outgoing.content_length
        return self._begin(method, target, outgoing, framing_line, Input.HEAD)

    def _begin(
        self, method: str, target: str, outgoing: OutgoingFields, framing_line: bytes, given: Input
    ) -> bytes:
        after = advance_client(CLIENT_REQUEST, self._request, given)
        if self._last or self._response is not ClientResponseState.IDLE:
            raise LocalProtocolError(f"no request can be sent: the answer is {self._response.name}")
        if not isinstance(method, str) or not isinstance(target, str):
            raise LocalProtocolError("method and target of a request are text")
        line = encode_text(f"{method} {target} HTTP/1.1\r\n")
        close = b"Connection: close\r\n" if outgoing.closes else b""
        block = b"".join((line, outgoing.raw, framing_line, close, b"\r\n"))
        try:
            head = parse_head(block, _UNBOUNDED)
        except RemoteProtocolError as fault:
            raise LocalProtocolError(fault.reason) from fault
        if (head.method, head.target) != (method, target):
            raise LocalProtocolError("malformed request line")
        self._request = after
        self._head = head
        self._last = outgoing.closes
        self._writer = BodyWriter(head.framing)
        return block

    def send(self, data: bytes) -> bytes:
        """Give the bytes of a piece of the body.

        Raises:
            LocalProtocolError: no streamed request is under way, or it grows longer than declared.
        """
        if self._request is not ClientRequestState.BODY:
            raise LocalProtocolError(f"no body can be sent: the request is {self._request.name}")
        return self._writer.write(data)

    def finish(self, trailers: Fields = ()) -> bytes:
        """Give the bytes that end a streamed request.

        Raises:
            LocalProtocolError: the body is shorter than declared (only closing the connection can tell the peer so),
                a trailer is not allowed, or no streamed request is under way.
        """
        after = advance_client(CLIENT_REQUEST, self._request, Input.END)
        end = self._writer.end(trailers)
        if self._writer.is_short:
            self._request = advance_client(CLIENT_REQUEST, self._request, Input.BREAK)
            self._last = True
            raise LocalProtocolError("the body is shorter than its Content-Length")
        self._request = after
        return end

    def start_next_exchange(self) -> None:
        """Be ready for the next request.

        Raises:
            LocalProtocolError: request or answer are not complete, or this was the last exchange.
        """
        request = advance_client(CLIENT_REQUEST, self._request, Input.NEXT)
        self._response = advance_client(CLIENT_RESPONSE, self._response, Input.NEXT)
        self._request = request
        self._head = None

    # What comes in -------------------------------------------------------------------------------------------

    def take_rest(self) -> bytes:
        """Remove and give what came behind the answer that ended HTTP on this connection.

        Raises:
            LocalProtocolError: the protocol was not changed.
        """
        if self._response is not ClientResponseState.SWITCHED:
            raise LocalProtocolError(f"the connection still speaks HTTP: the answer is {self._response.name}")
        return self._buffer.take(len(self._buffer))

    def next_event(self) -> ResponseEvent:
        """Give the next event that the bytes so far hold.

        A final head whose framing is NO_BODY is a complete answer; after any other, `BodyData` and at last
        `EndOfBody` follow. Interim answers come before it. A broken answer gives `Rejected` again and again, with
        the status that a gateway would answer with: 502.
        """
        try:
            if self._response is ClientResponseState.IDLE:
                return self._next_head()
            if self._response is ClientResponseState.BODY:
                return self._next_of_body()
        except RemoteProtocolError as fault:
            self._response = advance_client(CLIENT_RESPONSE, self._response, Input.FAULT)
            self._fault = Rejected(502, fault.reason)
            self._last = True
        if self._fault is not None:
            return self._fault
        return PeerClosed() if self._response is ClientResponseState.CLOSED else Signal.PAUSED

    def _next_head(self) -> ResponseEvent:
        if self._head is None:
            return self._wait_between()
        block = self._buffer.take_past(b"\r\n\r\n")
        if block is None:
            return self._wait_for_head()
        head = parse_response_head(block, self._head, self._limits)
        self._check = None
        if head.switches:
            self._switch()
        elif head.is_interim:
            self._response = advance_client(CLIENT_RESPONSE, self._response, Input.INFORM)
        else:
            self._take_final(head, head.framing)
        return head

    def _wait_between(self) -> ResponseEvent:
        # RFC 9112 §9.2: what comes without a request is no answer to anything.
        if len(self._buffer):
            raise RemoteProtocolError(502, "an answer without a request")
        if not self._ended:
            return Signal.NEED_DATA
        self._response = advance_client(CLIENT_RESPONSE, self._response, Input.EOF)
        self._last = True
        return PeerClosed()

    def _wait_for_head(self) -> ResponseEvent:
        if self._check is None:
            self._check = LineCheck(self._limits, STATUS_LINES)
        self._check.check(self._buffer)
        if self._ended:
            raise RemoteProtocolError(502, "incomplete head" if len(self._buffer) else "no answer")
        return Signal.NEED_DATA

    def _switch(self) -> None:
        if self._request is not ClientRequestState.DONE:
            # The rest of our body would be taken for the new protocol.
            raise RemoteProtocolError(502, "a switch of protocols within the request")
        self._request = advance_client(CLIENT_REQUEST, self._request, Input.SWITCH)
        self._response = advance_client(CLIENT_RESPONSE, self._response, Input.SWITCH)
        self._last = True

    def _take_final(self, head: ReceivedResponse, framing: BodyFraming) -> None:
        if not head.keep_alive or framing.kind is FramingKind.CLOSE:
            self._last = True
        self._framing = framing
        if framing is NO_BODY:
            whole = Input.WHOLE_LAST if self._last else Input.WHOLE
            self._response = advance_client(CLIENT_RESPONSE, self._response, whole)
        else:
            self._reader = make_reader(framing, self._limits)
            self._response = advance_client(CLIENT_RESPONSE, self._response, Input.HEAD)

    def _next_of_body(self) -> ResponseEvent:
        event = self._read_body()
        if event is None:
            if not self._ended:
                return Signal.NEED_DATA
            if self._framing.kind is not FramingKind.CLOSE:
                raise RemoteProtocolError(502, "incomplete body")
            event = EndOfBody()
        if isinstance(event, EndOfBody):
            end = Input.END_LAST if self._last else Input.END
            self._response = advance_client(CLIENT_RESPONSE, self._response, end)
            self._reader = None
        return event
