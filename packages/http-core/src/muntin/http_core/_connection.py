"""One HTTP/1.1 connection, seen from the server, without any I/O.

Bytes go in through `receive`, events come out of `next_event`; what is to be sent is asked of the other methods, which
give bytes. The connection knows the rules and the order of things (`_states`), not sockets, clocks or tasks.

```python
from muntin.http_core import RequestHead, ResponseHead, ServerConnection

connection = ServerConnection()
connection.receive(b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n")
head = connection.next_event()
assert isinstance(head, RequestHead) and head.target == "/"
answer, body = connection.respond(ResponseHead(200, [("Content-Type", "text/plain")]), b"hello")
assert answer.endswith(b"Content-Length: 5\r\n\r\n") and body == b"hello"
connection.start_next_exchange()
```
"""

from muntin.http_core._events import (
    HTTP_11,
    NO_BODY,
    BodyFraming,
    Fields,
    FramingKind,
    Rejected,
    RequestHead,
    ResponseHead,
)
from muntin.http_core._framing import frame_response
from muntin.http_core._limits import DEFAULT_LIMITS, Limits
from muntin.http_core._request import RequestSide
from muntin.http_core._response_body import Whole, measure_body
from muntin.http_core._serialize import (
    FieldBlock,
    encode_fields,
    encode_framing,
    encode_ordinary,
    encode_reason,
    encode_status_line,
    read_lines,
    require_bytes,
)
from muntin.http_core._states import (
    Input,
    RequestState,
    ResponseState,
    advance_request,
    advance_response,
)
from muntin.http_core._writer import BodyWriter
from muntin.http_core.errors import LocalProtocolError
from muntin.http_core.status import check_final, check_status, status_line

__all__ = ["ServerConnection"]

# The steps that every exchange takes, looked up in the tables once.
_REQUEST_IDLE = RequestState.IDLE
_REQUEST_BODY = advance_request(RequestState.IDLE, Input.HEAD)
_REQUEST_DONE = advance_request(RequestState.IDLE, Input.HEAD_ALONE)
_RESPONSE_IDLE = ResponseState.IDLE
_RESPONSE_DONE = advance_response(ResponseState.IDLE, Input.WHOLE)
_RESPONSE_LAST = advance_response(ResponseState.IDLE, Input.WHOLE_LAST)


class ServerConnection(RequestSide):
    """The server's side of one connection: how it answers what its request side gives.

    Args:
        limits: how much the peer may send.
    """

    __slots__ = ("_response", "_writer")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        super().__init__(limits)
        self._response = ResponseState.IDLE
        self._writer: BodyWriter | None = None
        """Of the streamed answer, the last one there was."""

    @property
    def response_state(self) -> ResponseState:
        """Where we are in our answer."""
        return self._response

    def respond(self, head: ResponseHead, body: bytes = b"", date: bytes = b"") -> tuple[bytes, bytes]:
        """Give the bytes of a whole answer: its head, and its body as far as it is sent (not for HEAD, 204, 205, 304).

        Args:
            head: status and fields; Content-Length is added.
            body: all of the body.
            date: a Date line with its CRLF, sent where the fields have no Date (RFC 9110 §6.6.1).

        Raises:
            LocalProtocolError: the head holds what must not be sent, or it is not the time for an answer.
        """
        if self._head is None:
            raise LocalProtocolError("there is no request to answer")
        if body.__class__ is not bytes:
            body = require_bytes(body)
        return self._respond_whole(head, body, date)

    def announce(self, head: ResponseHead, length: int, date: bytes = b"") -> tuple[bytes, int]:
        """Give the head of a whole answer whose body goes out by other means, and how many bytes of it are to be sent.

        Args:
            head: status and fields; Content-Length is added.
            length: bytes of the body. For HEAD, 204, 205 and 304 none of them is to be sent.
            date: as for `respond`.

        Raises:
            LocalProtocolError: as `respond`.
        """
        if self._head is None:
            raise LocalProtocolError("there is no request to answer")
        if not isinstance(length, int) or length < 0:
            raise LocalProtocolError(f"{length!r} is no length of a body")
        block, left = self._respond_whole(head, range(length), date)
        return block, len(left)

    def _respond_whole(self, head: ResponseHead, body: Whole, date: bytes) -> tuple[bytes, Whole]:
        status, fields, reason = head
        raw = fields.raw if isinstance(fields, FieldBlock) else encode_ordinary(fields)
        declared = None
        closes = False
        if raw is None:
            outgoing = encode_fields(fields)
            raw, declared, closes = outgoing.raw, outgoing.content_length, outgoing.closes
            if outgoing.has_date:
                date = b""
        method = "" if self._head is None else self._head.method
        line = status_line(status) if reason is None else status_line(status, encode_reason(reason))
        length, body = measure_body(method, status, declared, body)
        length_line = b"" if length is None else b"Content-Length: %d\r\n" % length
        if self._response is not _RESPONSE_IDLE:
            advance_response(self._response, Input.WHOLE)
        if closes:
            self._last = True
        if self._request is _REQUEST_BODY:
            self._close_after_early_response()
        self._response = _RESPONSE_LAST if self._last else _RESPONSE_DONE
        return b"".join((line, raw, date, length_line, self._end_of_head())), body

    def start(self, head: ResponseHead, date: bytes = b"") -> bytes:
        """Give the bytes of the head of a streamed answer.

        Raises:
            LocalProtocolError: as `respond`.
        """
        request = self._require_head()
        check_final(head.status, request.method)
        outgoing = encode_fields(head.fields)
        framing = frame_response(request.method, request.version, head.status, outgoing.content_length)
        line = encode_status_line(head)
        self._response = advance_response(self._response, Input.HEAD)
        self._writer = BodyWriter(framing)
        if outgoing.closes or framing.kind is FramingKind.CLOSE:
            self._last = True
        if self._request is _REQUEST_BODY:
            self._close_after_early_response()
        return b"".join(
            (
                line,
                outgoing.raw,
                b"" if outgoing.has_date else date,
                encode_framing(framing, outgoing, head.status),
                self._end_of_head(),
            )
        )

    def send(self, data: bytes) -> bytes:
        """Give the bytes of a piece of the body; nothing for an empty one, or where the answer has no body.

        Raises:
            LocalProtocolError: it is not made of bytes, no streamed answer is under way, or it grows longer than
                declared.
        """
        return self._require_writer().write(data)

    def count(self, size: int) -> None:
        """Note that `size` bytes of the body are sent as they are, by other means than `send`.

        Raises:
            LocalProtocolError: the answer grows longer than declared.
        """
        self._require_writer().count(size)

    def _require_writer(self) -> BodyWriter:
        if self._writer is None or self._response is not ResponseState.BODY:
            raise LocalProtocolError(f"no body can be sent: the answer is {self._response.name}")
        return self._writer

    @property
    def response_framing(self) -> BodyFraming:
        """How the streamed answer under way is delimited."""
        return NO_BODY if self._writer is None else self._writer.framing

    def finish(self, trailers: Fields = ()) -> bytes:
        """Give the bytes that end a streamed answer.

        Trailers can be carried by a chunked answer only and are left out elsewhere.

        Raises:
            LocalProtocolError: the body is shorter than declared (only closing the connection can tell the peer so),
                a trailer is not allowed, or no streamed answer is under way.
        """
        writer = self._require_writer()
        end = writer.end(trailers)
        if writer.is_short:
            self._response = advance_response(self._response, Input.BREAK)
            self._last = True
            raise LocalProtocolError("the body is shorter than its Content-Length")
        self._response = advance_response(self._response, Input.END_LAST if self._last else Input.END)
        return end

    def inform(self, status: int, fields: Fields = ()) -> bytes:
        """Give the bytes of an interim answer; nothing for an HTTP/1.0 peer (RFC 9110 §15.2).

        Raises:
            LocalProtocolError: not a status from 100 to 199 other than 101, a field that must not be sent, or the
                answer itself has begun.
        """
        if not isinstance(status, int) or not 100 <= status <= 199 or status == 101:
            raise LocalProtocolError(f"{status!r} is not an interim answer")
        outgoing = encode_fields(fields)
        self._response = advance_response(self._response, Input.INFORM)
        if self._require_head().version < HTTP_11:
            return b""
        return status_line(status) + outgoing.raw + b"\r\n"

    def switch(self, head: ResponseHead) -> tuple[bytes, bytes]:
        """Give the bytes of the answer that ends HTTP on this connection, and those received beyond the request.

        That is 101 to a request with Upgrade, or 2xx to CONNECT.

        Raises:
            LocalProtocolError: the peer did not ask for it, or its request is not complete: the rest of its body
                would be taken for the new protocol (RFC 9110 §7.8).
        """
        request = self._require_head()
        check_status(head.status)
        if head.status == 101:
            if request.upgrade is None:
                raise LocalProtocolError("the peer did not ask for an upgrade")
        elif request.method != "CONNECT" or not 200 <= head.status <= 299:
            raise LocalProtocolError(f"{head.status} does not switch protocols")
        raw = encode_fields(head.fields).raw
        line = encode_status_line(head)
        after = advance_request(self._request, Input.SWITCH)
        self._response = advance_response(self._response, Input.SWITCH)
        self._request = after
        self._last = True
        rest = self._buffer.take(len(self._buffer))
        connection = b"Connection: Upgrade\r\n" if head.status == 101 and b"onnection:" not in raw else b""
        return b"".join((line, raw, connection, b"\r\n")), rest

    def close_after(self) -> None:
        """Let this exchange be the last; said in the head when that is still to be sent."""
        self._last = True

    def refuse(
        self, rejected: Rejected, body: bytes, date: bytes = b"", fields: Fields = ()
    ) -> tuple[bytes, bytes]:
        """Give the bytes of a whole answer in plain text to a request that was refused; the last on this connection.

        Args:
            rejected: what is answered.
            body: the text, in UTF-8.
            date: the line with the date.
            fields: what else the head says, such as Retry-After.

        Raises:
            LocalProtocolError: the answer has begun already.
        """
        lines = [("Content-Type", "text/plain; charset=utf-8"), *read_lines(fields)]
        body = require_bytes(body)
        if self._response is not _RESPONSE_IDLE:
            advance_response(self._response, Input.WHOLE_LAST)
        self._last = True
        return self._respond_whole(ResponseHead(rejected.status, lines), body, date)

    def start_next_exchange(self) -> bool:
        """Go on to the next request; tell whether anything of it is here, be it only the end of the stream.

        Raises:
            LocalProtocolError: request or answer are not complete, or this was the last exchange.
        """
        if self._request is not _REQUEST_DONE or self._response is not _RESPONSE_DONE:
            advance_request(self._request, Input.NEXT)
            advance_response(self._response, Input.NEXT)
        self._request = _REQUEST_IDLE
        self._response = _RESPONSE_IDLE
        self._head = None
        return self._ended or len(self._buffer) > 0

    def _close_after_early_response(self) -> None:
        # A peer that may hold its body back can send it or leave it out, once it is told the response. What comes next
        # could then be the body or another request, so nothing may come (RFC 9110 §10.1.1).
        if self._require_head().may_hold_body:
            self._last = True

    def _require_head(self) -> RequestHead:
        if self._head is None:
            raise LocalProtocolError("there is no request to answer")
        return self._head

    def _end_of_head(self) -> bytes:
        # RFC 9112 §9.6 and §9.3: say when the connection ends, and to an HTTP/1.0 peer that it does not.
        if self._last:
            return b"Connection: close\r\n\r\n"
        if self._head is not None and self._head.version is not HTTP_11:
            return b"Connection: keep-alive\r\n\r\n"
        return b"\r\n"
