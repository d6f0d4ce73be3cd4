"""One HTTP/1.1 connection, seen from the client, without any I/O.

The mirror of the server's side: the methods that send requests return bytes; responses come out of `next_event`. Both
sides read and write by the same patterns and framing rules, so each can be tested against the other.

What is about to be sent is first read back with the server's reader: a client cannot send what a server of ours would
refuse.
"""

import sys
from typing import Final

from muntin.http_core._body import NO_READER, BodyReader, make_reader
from muntin.http_core._client_states import (
    CLIENT_PERSISTENT,
    CLIENT_REQUEST,
    CLIENT_RESPONSE,
    ClientRequestState,
    ClientResponseState,
    advance_client,
)
from muntin.http_core._events import (
    NO_BODY,
    Data,
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
from muntin.http_core._limits import DEFAULT_LIMITS, Limits
from muntin.http_core._lines import STATUS_LINES
from muntin.http_core._receiver import Receiver
from muntin.http_core._request_head import parse_request_head
from muntin.http_core._response_head import parse_response_head
from muntin.http_core._serialize import OutgoingFields, encode_fields, encode_text, require_bytes
from muntin.http_core._states import Input
from muntin.http_core._writer import BodyWriter
from muntin.http_core.errors import LocalProtocolError, RemoteProtocolError

__all__ = [
    "ClientConnection",
    "ClientRequestState",
    "ClientResponseState",
    "ReceivedResponse",
    "ResponseEvent",
]

# Nothing here bounds what we send ourselves.
_UNBOUNDED: Final = Limits(
    request_line=sys.maxsize, field_line=sys.maxsize, field_section=sys.maxsize, field_count=sys.maxsize
)
# RFC 9110 §8.6: where a body has no meaning, its absence need not be stated.
_BODILESS_METHODS: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS", "CONNECT", "TRACE"})


class ClientConnection(Receiver):
    """The client's side of one connection; one exchange at a time.

    Args:
        limits: how much the peer may send; the one on the request line bounds the status line.
    """

    __slots__ = (
        "_head",
        "_reader",
        "_rejected",
        "_request_state",
        "_response_framing",
        "_response_state",
        "_writer",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(limits, STATUS_LINES)
        # For the whole connection:
        self._request_state = ClientRequestState.IDLE
        self._response_state = ClientResponseState.IDLE
        self._rejected: Rejected | None = None
        """The fault of the peer; nothing behind it can be understood."""
        # For one exchange:
        self._head: RequestHead | None = None
        """Of our request."""
        self._writer = BodyWriter(NO_BODY)
        """Of our request's body."""
        self._response_framing = NO_BODY
        self._reader: BodyReader = NO_READER
        """Of the response's body while that arrives."""

    # What goes out

    def request(self, method: str, target: str, fields: Fields = (), body: Data = b"") -> tuple[bytes, bytes]:
        """Return the bytes of a whole request: its head, and its body.

        Args:
            method: a token.
            target: of a form that fits the method (RFC 9112 §3.2).
            fields: Host among them; Content-Length is added.
            body: all of the body.

        Raises:
            LocalProtocolError: the head or the body holds what must not be sent, or no request may be sent now.
            TypeError: method or target is no text.
        """
        content = require_bytes(body)
        outgoing = encode_fields(fields)
        if outgoing.content_length not in (None, len(content)):
            raise LocalProtocolError("Content-Length differs from the body's length")
        framing_line = b""
        if content or outgoing.content_length is not None or method not in _BODILESS_METHODS:
            framing_line = b"Content-Length: %d\r\n" % len(content)
        return self._start_request(method, target, outgoing, framing_line, Input.WHOLE), content

    def start(self, method: str, target: str, fields: Fields = ()) -> bytes:
        """Return the bytes of the head of a streamed request.

        Its body is framed by the Content-Length among the fields, and chunked without one.

        Raises:
            LocalProtocolError, TypeError: as for `request`.
        """
        outgoing = encode_fields(fields)
        framing_line = b"Transfer-Encoding: chunked\r\n"
        if outgoing.content_length is not None:
            framing_line = b"Content-Length: %d\r\n" % outgoing.content_length
        return self._start_request(method, target, outgoing, framing_line, Input.HEAD)

    def _start_request(
        self, method: str, target: str, outgoing: OutgoingFields, framing_line: bytes, sent: Input
    ) -> bytes:
        after = advance_client(CLIENT_REQUEST, self._request_state, sent)
        if self._response_state is not ClientResponseState.IDLE:
            raise LocalProtocolError(f"no request can be sent: the response is {self._response_state.name}")
        if not isinstance(method, str) or not isinstance(target, str):
            raise TypeError("method and target of a request are text")
        line = encode_text(f"{method} {target} HTTP/1.1\r\n")
        close = b"Connection: close\r\n" if outgoing.closes else b""
        block = b"".join((line, outgoing.raw, framing_line, close, b"\r\n"))
        try:
            head = parse_request_head(block, _UNBOUNDED)
        except RemoteProtocolError as fault:
            raise LocalProtocolError(fault.reason) from fault
        if (head.method, head.target) != (method, target):
            raise LocalProtocolError("malformed request line")
        self._request_state = after
        if outgoing.closes:
            self._advance_response(Input.CLOSE)
        self._head = head
        self._writer = BodyWriter(head.framing)
        return block

    def send(self, data: Data) -> bytes:
        """Return the bytes of a piece of the body.

        Raises:
            LocalProtocolError: no streamed request is under way, or the body becomes longer than declared.
        """
        if self._request_state is not ClientRequestState.BODY:
            raise LocalProtocolError(f"no body can be sent: the request is {self._request_state.name}")
        return self._writer.write(data)

    def finish(self, trailers: Fields = ()) -> bytes:
        """Return the bytes that end a streamed request.

        Raises:
            LocalProtocolError: the body is shorter than declared (only closing the connection can tell the peer so),
                a trailer is not allowed, or no streamed request is under way.
        """
        after = advance_client(CLIENT_REQUEST, self._request_state, Input.END)
        end = self._writer.end(trailers)
        if self._writer.is_short:
            self._request_state = advance_client(CLIENT_REQUEST, self._request_state, Input.BREAK)
            self._advance_response(Input.BREAK)
            raise LocalProtocolError("the body is shorter than its Content-Length")
        self._request_state = after
        return end

    # What comes in

    def next_event(self) -> ResponseEvent:
        """Return the next event that the bytes received so far hold.

        A final head whose framing is NO_BODY is a complete response. After any other final head follow `BodyData` and
        at last `EndOfBody`. Interim responses come before it. After a broken response every call returns the same
        `Rejected`, with the status that a gateway would respond with: 502.
        """
        try:
            if self._response_state in (ClientResponseState.IDLE, ClientResponseState.LAST_IDLE):
                return self._next_head()
            if self._response_state in (ClientResponseState.BODY, ClientResponseState.LAST_BODY):
                return self._next_of_body()
        except RemoteProtocolError as fault:
            self._advance_response(Input.FAULT)
            self._rejected = Rejected(502, fault.reason)
        if self._rejected is not None:
            return self._rejected
        return PeerClosed() if self._response_state is ClientResponseState.CLOSED else Signal.PAUSED

    def _next_head(self) -> ResponseEvent:
        if self._head is None:
            return self._await_nothing()
        block = self._buffer.take_past(b"\r\n\r\n")
        if block is None:
            return self._await_head()
        head = parse_response_head(block, self._head, self._limits)
        self._line_check = None
        if head.switches:
            self._switch()
        elif head.is_interim:
            self._advance_response(Input.INFORM)
        else:
            self._begin_response(head)
        return head

    def _await_nothing(self) -> ResponseEvent:
        """Return the event where no request was sent."""
        # RFC 9112 §9.2: what comes without a request is no response to anything.
        if len(self._buffer):
            raise RemoteProtocolError(502, "a response without a request")
        if not self._has_ended:
            return Signal.NEED_DATA
        self._advance_response(Input.EOF)
        return PeerClosed()

    def _await_head(self) -> ResponseEvent:
        """Check what has arrived of an incomplete head."""
        self._check_lines()
        if self._has_ended:
            raise RemoteProtocolError(502, "incomplete head" if len(self._buffer) else "no response")
        return Signal.NEED_DATA

    def _switch(self) -> None:
        if self._request_state is not ClientRequestState.DONE:
            # The rest of our body would be taken for the new protocol.
            raise RemoteProtocolError(502, "a switch of protocols within the request")
        self._request_state = advance_client(CLIENT_REQUEST, self._request_state, Input.SWITCH)
        self._advance_response(Input.SWITCH)

    def _begin_response(self, head: ReceivedResponse) -> None:
        framing = self._response_framing = head.framing
        reader = NO_READER if framing is NO_BODY else make_reader(framing, self._limits)
        if not head.keep_alive or framing.kind is FramingKind.CLOSE:
            self._advance_response(Input.CLOSE)
        self._reader = reader
        self._advance_response(Input.WHOLE if reader is NO_READER else Input.HEAD)

    def _next_of_body(self) -> ResponseEvent:
        event = self._reader.read(self._buffer)
        if event is None:
            if not self._has_ended:
                return Signal.NEED_DATA
            if self._response_framing.kind is not FramingKind.CLOSE:
                raise RemoteProtocolError(502, "incomplete body")
            event = EndOfBody()
        if isinstance(event, EndOfBody):
            self._advance_response(Input.END)
            self._reader = NO_READER
        return event

    def take_rest(self) -> bytes:
        """Remove and return the bytes behind the response that ended HTTP on this connection.

        Raises:
            LocalProtocolError: the protocol was not switched.
        """
        if self._response_state is not ClientResponseState.SWITCHED:
            raise LocalProtocolError(
                f"the connection still speaks HTTP: the response is {self._response_state.name}"
            )
        return self._buffer.take(len(self._buffer))

    def _advance_response(self, received: Input) -> None:
        self._response_state = advance_client(CLIENT_RESPONSE, self._response_state, received)

    # From one exchange to the next

    def start_next_exchange(self) -> None:
        """Become ready for the next request.

        Raises:
            LocalProtocolError: request or response are not complete, or this was the last exchange.
        """
        request = advance_client(CLIENT_REQUEST, self._request_state, Input.NEXT)
        self._advance_response(Input.NEXT)
        self._request_state = request
        self._head = None

    # What is known

    @property
    def request_state(self) -> ClientRequestState:
        """The state of our request."""
        return self._request_state

    @property
    def response_state(self) -> ClientResponseState:
        """The state of the peer's response."""
        return self._response_state

    @property
    def keeps_alive(self) -> bool:
        """True if another exchange may follow this one, as far as is known by now."""
        return self._response_state in CLIENT_PERSISTENT
