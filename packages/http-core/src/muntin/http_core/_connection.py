"""One HTTP/1.1 connection, seen from the server, without any I/O.

`receive` takes bytes, `next_event` returns what they mean, and the methods that respond return the bytes to send. The
connection knows the rules and the order of things (`_states`), but no sockets, clocks or tasks.

```python
from muntin.http_core import RequestHead, ResponseHead, ServerConnection

connection = ServerConnection()
connection.receive(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
head = connection.next_event()
assert isinstance(head, RequestHead) and head.target == "/"
block, body = connection.respond(ResponseHead(200, [("Content-Type", "text/plain")]), b"hello")
assert block.endswith(b"Content-Length: 5\r\n\r\n") and body == b"hello"
connection.start_next_exchange()
```
"""

from typing import Final

from muntin.http_core._accel import join_lines
from muntin.http_core._body import NO_READER, BodyReader, make_reader
from muntin.http_core._events import (
    HTTP_10,
    HTTP_11,
    NO_BODY,
    BodyFraming,
    Data,
    EndOfBody,
    Event,
    Fields,
    FramingKind,
    NextExchange,
    PeerClosed,
    Rejected,
    RequestHead,
    ResponseHead,
    Signal,
    UncheckedHead,
)
from muntin.http_core._field_block import FieldBlock
from muntin.http_core._framing import frame_response
from muntin.http_core._limits import DEFAULT_LIMITS, Limits
from muntin.http_core._lines import REQUEST_LINES
from muntin.http_core._receiver import Receiver
from muntin.http_core._request_head import take_request_head
from muntin.http_core._response_body import check_length, measure_body
from muntin.http_core._serialize import (
    encode_end_of_head,
    encode_fields,
    encode_framing,
    encode_reason,
    encode_status_line,
    read_lines,
    require_bytes,
)
from muntin.http_core._states import (
    PERSISTENT,
    Input,
    RequestState,
    ResponseState,
    advance_request,
    advance_response,
)
from muntin.http_core._writer import BodyWriter
from muntin.http_core.errors import LocalProtocolError, RemoteProtocolError
from muntin.http_core.status import USUAL_LINES, check_final, check_interim, check_status, status_line

__all__ = ["ServerConnection"]

# The steps of nearly every exchange, looked up in the tables once.
_REQUEST_IDLE: Final = RequestState.IDLE
_REQUEST_BODY: Final = advance_request(_REQUEST_IDLE, Input.HEAD)
_REQUEST_DONE: Final = advance_request(_REQUEST_IDLE, Input.HEAD_ALONE)
_REQUEST_ENDED: Final = advance_request(_REQUEST_BODY, Input.END)
_RESPONSE_IDLE: Final = ResponseState.IDLE
_RESPONSE_DONE: Final = advance_response(_RESPONSE_IDLE, Input.WHOLE)

_SUBSTITUTE: Final = RequestHead("UNKNOWN", "/", HTTP_10, keep_alive=False)
"""Stands for the head of a request that could not be read. Any peer understands a response to it."""


class ServerConnection(Receiver):
    """The server's side of one connection.

    Args:
        limits: how much the peer may send.
    """

    __slots__ = (
        "_head",
        "_reader",
        "_rejected",
        "_request_state",
        "_response_state",
        "_writer",
    )

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(limits, REQUEST_LINES)
        # For the whole connection:
        self._request_state = RequestState.IDLE
        self._response_state = ResponseState.IDLE
        self._rejected: Rejected | None = None
        """The fault of the peer; nothing behind it can be understood."""
        # For one exchange:
        self._head: RequestHead | None = None
        """Of the request; after `abandon`, a substitute for one that could not be read."""
        self._reader: BodyReader = NO_READER
        """Of the request's body while that arrives."""
        self._writer = BodyWriter(NO_BODY)
        """Of the streamed response, or of the last one there was."""

    # What comes in

    def next_event(self) -> Event:
        """Return the next event that the bytes received so far hold.

        A head whose framing is NO_BODY is a complete request. After any other head follow `BodyData` and at last
        `EndOfBody`. After a broken request every call returns the same `Rejected`.
        """
        try:
            if self._request_state is _REQUEST_IDLE:
                return self._next_head()
            if self._request_state is _REQUEST_BODY:
                return self._next_of_body()
        except RemoteProtocolError as fault:
            self._fail_request()
            self._rejected = Rejected(fault.status, fault.reason)
        if self._rejected is not None:
            return self._rejected
        return PeerClosed() if self._request_state is RequestState.CLOSED else Signal.PAUSED

    def _next_head(self) -> Event:
        head = take_request_head(self._buffer, self._limits, self._line_check is not None)
        if head is None:
            return self._await_head()
        framing = head.framing
        if framing is NO_BODY:
            self._request_state = _REQUEST_DONE
        else:
            self._reader = make_reader(framing, self._limits)
            self._request_state = _REQUEST_BODY
        if not head.keep_alive:
            self._response_state = advance_response(self._response_state, Input.CLOSE)
        self._line_check = None
        self._head = head
        return head

    def _await_head(self) -> Event:
        """Check what has arrived of an incomplete head."""
        buffer = self._buffer
        is_begun = self._line_check is not None
        start = b"" if is_begun else buffer.peek(2)
        if start == b"\r\n":
            # The one empty line that is ignored; a second one is a fault.
            buffer.take(2)
        if is_begun or start not in (b"", b"\r"):
            self._check_lines()
        if not self._has_ended:
            return Signal.NEED_DATA
        if len(buffer):
            raise RemoteProtocolError(400, "incomplete head")
        self._request_state = advance_request(self._request_state, Input.EOF)
        return PeerClosed()

    def _next_of_body(self) -> Event:
        event = self._reader.read(self._buffer)
        if event is None:
            if self._has_ended:
                raise RemoteProtocolError(400, "incomplete body")
            return Signal.NEED_DATA
        if isinstance(event, EndOfBody):
            self._request_state = advance_request(self._request_state, Input.END)
            self._reader = NO_READER
        return event

    def take_body(self) -> bytes | None:
        """Return the whole body of the request if its length is known and all of it has arrived, else None.

        To be called right after the head was returned. After None, `next_event` returns the body as usual.
        """
        left = self.request_left
        if not left or left > len(self._buffer):
            return None
        self._request_state = _REQUEST_ENDED
        self._reader = NO_READER
        return self._buffer.take(left)

    def abandon(self) -> RequestHead:
        """Stop reading the request, and return a head to respond to; that response is the last on this connection.

        It is the request's own head if that could be read. Else a substitute, to which a response is one that any peer
        understands: method ``UNKNOWN``, target ``/``, HTTP/1.0.

        Raises:
            LocalProtocolError: the request is complete.
        """
        if self._request_state is not RequestState.ERROR:
            self._fail_request()
        if self._head is None:
            self._head = _SUBSTITUTE
        return self._head

    def _fail_request(self) -> None:
        self._request_state = advance_request(self._request_state, Input.FAULT)
        self._response_state = advance_response(self._response_state, Input.FAULT)

    # What goes out

    def respond(self, head: ResponseHead, body: Data = b"", date: bytes = b"") -> tuple[bytes, bytes]:
        """Return the bytes of a whole response: its head, and its body, which is b"" to HEAD and for 204, 205 and 304.

        Args:
            head: status and fields; Content-Length is added.
            body: all of the body.
            date: a Date line with its CRLF, sent where the fields have no Date (RFC 9110 §6.6.1).

        Raises:
            LocalProtocolError: the head holds what must not be sent, or no response may be sent now.
        """
        content = require_bytes(body)
        block, is_sent = self._respond_whole(self._head, head, len(content), date)
        return block, content if is_sent else b""

    def announce(self, head: ResponseHead, length: int, date: bytes = b"") -> tuple[bytes, int]:
        """Return the head of a whole response whose body the caller sends by other means, and how many bytes of it.

        Args:
            head: status and fields; Content-Length is added.
            length: the length of the body (bytes). To HEAD and for 204, 205 and 304 none of them is to be sent.
            date: as for `respond`.

        Raises:
            LocalProtocolError: as for `respond`; TypeError: the length is no integer.
        """
        check_length(length)
        block, is_sent = self._respond_whole(self._head, head, length, date)
        return block, length if is_sent else 0

    def refuse(
        self, rejected: Rejected, body: Data, date: bytes = b"", fields: Fields = ()
    ) -> tuple[bytes, bytes]:
        """Return the bytes of a whole response in plain text to a rejected request; the last on this connection.

        Args:
            rejected: the event; its status is sent.
            body: the text, in UTF-8.
            date: as for `respond`.
            fields: further fields, such as Retry-After.

        Raises:
            LocalProtocolError: as for `respond`.
        """
        lines = [("Content-Type", "text/plain; charset=utf-8"), ("Connection", "close"), *read_lines(fields)]
        content = require_bytes(body)
        request = self._head or _SUBSTITUTE
        block, is_sent = self._respond_whole(
            request, ResponseHead(rejected.status, lines), len(content), date
        )
        return block, content if is_sent else b""

    def _respond_whole(
        self, request: RequestHead | None, head: ResponseHead, length: int, date: bytes
    ) -> tuple[bytes, bool]:
        """Return the head of a whole response, and whether its body is sent."""
        if request is None:
            raise LocalProtocolError("there is no request to respond to")
        parts: UncheckedHead = head
        status, fields, reason = parts
        raw = fields.raw if isinstance(fields, FieldBlock) else join_lines(fields)
        declared = None
        closes = False
        if raw is None:
            outgoing = encode_fields(fields)
            raw, declared, closes = outgoing.raw, outgoing.content_length, outgoing.closes
            date = b"" if outgoing.has_date else date
        line: bytes | None = None
        stated: int | None
        method = request.method
        if declared is None and reason is None and status.__class__ is int:
            line = USUAL_LINES.get(status) if method != "HEAD" and method != "CONNECT" else None
        if line is not None:
            # The usual case spares the calls.
            stated, is_sent = length, True
        else:
            line = status_line(status, None if reason is None else encode_reason(reason))
            stated, is_sent = measure_body(method, status, declared, length)
        length_line = b"" if stated is None else b"Content-Length: %d\r\n" % stated
        after = self._response_state
        # RFC 9110 §10.1.1: a peer that holds its body back can send it or leave it out, once it has seen the response.
        # What comes next could then be the body or another request, so nothing may come.
        if closes or (self._request_state is _REQUEST_BODY and request.may_hold_body):
            after = advance_response(after, Input.CLOSE)
        after = _RESPONSE_DONE if after is _RESPONSE_IDLE else advance_response(after, Input.WHOLE)
        self._response_state = after
        persists, version = after is _RESPONSE_DONE, request.version
        end = b"\r\n" if persists and version is HTTP_11 else encode_end_of_head(persists, version)
        return b"".join((line, raw, date, length_line, end)), is_sent

    def start(self, head: ResponseHead, date: bytes = b"") -> bytes:
        """Return the bytes of the head of a streamed response.

        Raises:
            LocalProtocolError: as for `respond`.
        """
        request = self._require_head()
        parts: UncheckedHead = head
        code, fields, reason = parts
        status = check_final(code, request.method)
        outgoing = encode_fields(fields)
        framing = frame_response(request.method, request.version, status, outgoing.content_length)
        line = encode_status_line(status, reason)
        after = self._response_state
        is_held = self._request_state is _REQUEST_BODY and request.may_hold_body  # as in a whole response
        if outgoing.closes or framing.kind is FramingKind.CLOSE or is_held:
            after = advance_response(after, Input.CLOSE)
        after = self._response_state = advance_response(after, Input.HEAD)
        self._writer = BodyWriter(framing)
        dated = outgoing.raw if outgoing.has_date else outgoing.raw + date
        framing_line = encode_framing(framing, outgoing, status)
        return b"".join((line, dated, framing_line, encode_end_of_head(after in PERSISTENT, request.version)))

    def send(self, data: Data) -> bytes:
        """Return the bytes of a piece of the body; b"" for an empty one, and where the response has no body.

        Raises:
            LocalProtocolError: the piece is not bytes, no streamed response is under way, or the body becomes longer
                than declared.
        """
        return self._require_writer().write(data)

    def send_parts(self, data: Data) -> tuple[bytes, ...]:
        """Return the bytes of `send` in parts, so that a large piece is not copied; errors as for `send`."""
        return self._require_writer().write_parts(data)

    def count(self, size: int) -> None:
        """Count bytes of the body that are sent by other means than `send`.

        Raises:
            LocalProtocolError: no streamed response is under way, or the body becomes longer than declared.
        """
        self._require_writer().count(size)

    def finish(self, trailers: Fields = ()) -> bytes:
        """Return the bytes that end a streamed response.

        Only a chunked body can carry trailers; elsewhere they are left out.

        Raises:
            LocalProtocolError: the body is shorter than declared (only closing the connection can tell the peer so),
                a trailer is not allowed, or no streamed response is under way.
        """
        writer = self._require_writer()
        end = writer.end(trailers)
        if writer.is_short:
            self._response_state = advance_response(self._response_state, Input.BREAK)
            raise LocalProtocolError("the body is shorter than its Content-Length")
        self._response_state = advance_response(self._response_state, Input.END)
        return end

    def inform(self, status: int, fields: Fields = ()) -> bytes:
        """Return the bytes of an interim response; b"" for an HTTP/1.0 peer (RFC 9110 §15.2).

        Raises:
            LocalProtocolError: the status is not one from 100 to 199 other than 101, a field must not be sent, or the
                response itself has begun; TypeError: the status is no integer.
        """
        check_interim(status)
        outgoing = encode_fields(fields)
        self._response_state = advance_response(self._response_state, Input.INFORM)
        if self._require_head().version < HTTP_11:
            return b""
        return status_line(status) + outgoing.raw + b"\r\n"

    def switch(self, head: ResponseHead) -> tuple[bytes, bytes]:
        """Return the bytes of the response that ends HTTP on this connection, and those received beyond the request.

        The response is 101 to a request with Upgrade, or 2xx to CONNECT.

        Raises:
            LocalProtocolError: the peer did not ask for the switch, or its request is not complete: the rest of its
                body would be taken for the new protocol (RFC 9110 §7.8).
        """
        request = self._require_head()
        parts: UncheckedHead = head
        code, fields, reason = parts
        status = check_status(code)
        if status == 101:
            if request.upgrade is None:
                raise LocalProtocolError("the peer did not ask for an upgrade")
        elif request.method != "CONNECT" or not 200 <= status <= 299:
            raise LocalProtocolError(f"{status} does not switch protocols")
        raw = encode_fields(fields).raw
        line = encode_status_line(status, reason)
        after = advance_request(self._request_state, Input.SWITCH)
        self._response_state = advance_response(self._response_state, Input.SWITCH)
        self._request_state = after
        rest = self._buffer.take(len(self._buffer))
        connection = b"Connection: Upgrade\r\n" if status == 101 and b"onnection:" not in raw else b""
        return b"".join((line, raw, connection, b"\r\n")), rest

    def _require_head(self) -> RequestHead:
        if self._head is None:
            raise LocalProtocolError("there is no request to respond to")
        return self._head

    def _require_writer(self) -> BodyWriter:
        state = self._response_state
        if state is not ResponseState.BODY and state is not ResponseState.LAST_BODY:
            raise LocalProtocolError(f"no body can be sent: the response is {state.name}")
        return self._writer

    # From one exchange to the next

    def close_after(self) -> None:
        """Make this exchange the last one, unless its response is complete; a head that is still to be sent says so."""
        self._response_state = advance_response(self._response_state, Input.CLOSE)

    def start_next_exchange(self) -> bool:
        """Continue with the next request; return True if bytes of it, or the end of the stream, have arrived.

        Raises:
            LocalProtocolError: request or response are not complete, or this was the last exchange.
        """
        following = self.try_next_exchange()
        if following is NextExchange.NONE:
            advance_request(self._request_state, Input.NEXT)
            advance_response(self._response_state, Input.NEXT)
        return following is NextExchange.ARRIVED

    def try_next_exchange(self) -> NextExchange:
        """Continue with the next request where that is possible, and return what is known of it."""
        if self._request_state is not _REQUEST_DONE or self._response_state is not _RESPONSE_DONE:
            return NextExchange.NONE
        self._request_state = _REQUEST_IDLE
        self._response_state = _RESPONSE_IDLE
        self._head = None
        buffer = self._buffer
        has_arrived = self._has_ended or buffer.start < len(buffer.data)
        return NextExchange.ARRIVED if has_arrived else NextExchange.AWAITED

    # What is known

    @property
    def request_state(self) -> RequestState:
        """The state of the peer's request."""
        return self._request_state

    @property
    def response_state(self) -> ResponseState:
        """The state of our response."""
        return self._response_state

    @property
    def keeps_alive(self) -> bool:
        """True if another exchange may follow this one, as far as is known by now."""
        return self._response_state in PERSISTENT

    @property
    def response_framing(self) -> BodyFraming:
        """How the body of the streamed response is delimited."""
        return self._writer.framing

    @property
    def request_left(self) -> int | None:
        """Bytes of the request's body that no event has returned yet; None where its length is not known."""
        return self._reader.left

    @property
    def is_full(self) -> bool:
        """True if reading should pause. Heads and bodies that need more bytes have limits of their own."""
        waiting, limits = len(self._buffer), self._limits
        if waiting < limits.pipelined:
            return False
        if self._request_state is _REQUEST_IDLE:
            return waiting >= limits.head_ceiling
        return self._request_state is not _REQUEST_BODY or waiting >= limits.body_ceiling
