"""`Response`: a head with a body that is known before it is sent.

Usually it is a status, a type and bytes, and goes out in one write.
"""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Executor
from typing import Any, ClassVar, Final, Protocol

from muntin.http_core import forbids_body
from muntin.http_core import headers as families
from muntin.runner import Exchange
from muntin.web.response.body import BodyData, BodyKind
from muntin.web.response.content_type import TEXT_PLAIN, format_content_type
from muntin.web.response.delivery import BodyWriter, Deliverable
from muntin.web.response.eager import Eager
from muntin.web.response.headers import LooseHeaders
from muntin.web.response.overriding import standard
from muntin.web.response.packet_mode import PacketMode
from muntin.web.response.payloads import Payload, get_payload
from muntin.web.response.preset import PLAIN_TEXT, preset_of_text, preset_of_type
from muntin.web.response.served_request import ServedRequest
from muntin.web.response.stream import StreamResponse

__all__ = ["COMPRESS_AT_ONCE", "Conditional", "Response"]

COMPRESS_AT_ONCE: Final = 4096
"""Up to this size (bytes) compressing takes less time than going to another thread."""


class Conditional(Protocol):
    """A request that may have preconditions."""

    @property
    def method(self) -> str: ...

    def get_field(self, name: str) -> str | None:
        """Return all lines of a field as one list."""


class Response(StreamResponse):
    """A whole response.

    Args:
        body: bytes, or whatever `get_payload` takes: text, a file, an async iterator, a `MultipartWriter`.
        status: the status code.
        reason: the reason phrase; None for the registered one.
        text: the body as text; not together with `body`.
        headers: fields, as a mapping, a multidict or pairs.
        content_type: type and subtype; ``text/plain`` for text, ``application/octet-stream`` for bytes.
        charset: of the text; UTF-8 for None.
        zlib_executor_size: from this size on (bytes) the body is compressed in an executor.
        zlib_executor: that executor; None for the loop's own.

    Raises:
        ValueError: `text` and `body` together, Content-Type given twice, or a character that may not be there.
        TypeError: `text` is not a str.
    """

    _usual_packet_mode: ClassVar[PacketMode] = PacketMode.CORK
    _body: bytes | Payload | None = None
    _zlib_executor_size: int = COMPRESS_AT_ONCE
    _zlib_executor: Executor | None = None

    def __init__(
        self,
        *,
        body: Any = None,
        status: int = 200,
        reason: str | None = None,
        text: str | None = None,
        headers: LooseHeaders | None = None,
        content_type: str | None = None,
        charset: str | None = None,
        zlib_executor_size: int = COMPRESS_AT_ONCE,
        zlib_executor: Executor | None = None,
    ) -> None:
        # Not that of StreamResponse, which only gives its arguments names: this is half as many instructions.
        Deliverable.__init__(self, status, reason, headers)
        if zlib_executor_size != COMPRESS_AT_ONCE or zlib_executor is not None:
            self._zlib_executor_size = zlib_executor_size
            self._zlib_executor = zlib_executor
        if isinstance(text, str) and body is None and charset is None and headers is None:
            # What most handlers do, without a further call.
            self._preset = PLAIN_TEXT if content_type is None else preset_of_text(content_type)
            self._body = text.encode()
        elif body.__class__ is bytes and text is None and charset is None and headers is None:
            if content_type is not None:
                self._preset = preset_of_type(content_type, None)
            self._body = body
        elif text is not None:
            if body is not None:
                raise ValueError("body and text are not allowed together")
            self._set_text(text, content_type, charset)
        else:
            if content_type is not None or (charset is not None and headers is not None):
                self._set_type(content_type, charset)
            if body is not None:
                self.body = body

    def _set_text(self, text: str, content_type: str | None, charset: str | None) -> None:
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, not {type(text).__name__}")
        if self._field("Content-Type") is not None:
            if content_type is not None or charset is not None:
                raise ValueError("Content-Type among the headers excludes content_type and charset")
            self.text = text
        elif content_type is charset is None:
            self._set_content_type_field(TEXT_PLAIN)
            self._body = text.encode()
        else:
            self._set_type(content_type or "text/plain", charset or "utf-8")
            self._body = text.encode(charset or "utf-8")

    def _set_type(self, content_type: str | None, charset: str | None) -> None:
        if self._field("Content-Type") is not None:
            raise ValueError("Content-Type among the headers excludes content_type and charset")
        if content_type is not None:
            self._set_content_type_field(format_content_type(content_type, charset))

    # The body

    def _describe_body(self) -> BodyKind:
        return BodyKind.PIECES if isinstance(self._body, Payload) else BodyKind.BYTES

    @property
    def body(self) -> bytes | Payload | None:
        """The body: bytes, or what was made of something else. Assigning takes all that the constructor does."""
        return self._body

    @body.setter
    def body(self, body: Any) -> None:
        if body is None or body.__class__ is bytes:
            self._body = body
        elif isinstance(body, str):
            self.text = body
        elif isinstance(body, (bytes, bytearray, memoryview)):
            self._body = bytes(body)
        else:
            self._body = payload = get_payload(body)
            self._ask(held=(*self._options.held, payload))
            for name, value in payload.headers.items():
                if self._field("Content-Type") is None or name.lower() != "content-type":
                    self.headers.setdefault(name, value)

    @property
    def text(self) -> str | None:
        """The body as text; None without one. Assigning keeps type and charset, which are plain text by default.

        Raises:
            TypeError: something else than a str is assigned, or the body cannot be read beforehand.
        """
        body = self._body
        if isinstance(body, Payload):
            return body.decode()
        return None if body is None else body.decode(self.charset or "utf-8")

    @text.setter
    def text(self, text: str) -> None:
        if not isinstance(text, str):
            raise TypeError(f"text must be a str, not {type(text).__name__}")
        if self._field("Content-Type") is None:
            self._set_content_type_field(TEXT_PLAIN)
        elif self.charset is None and self.content_type != "application/octet-stream":
            self.charset = "utf-8"
        self._body = text.encode(self.charset or "utf-8")

    @property
    def content_length(self) -> int | None:
        """The length of the body in bytes, which follows from the body; None for unknown."""
        declared = super().content_length
        if declared is not None:
            return declared
        options = self._options
        return None if options.compression is not None or options.in_pieces else self._size()

    @content_length.setter
    def content_length(self, value: int | None) -> None:
        raise RuntimeError("the length of a Response is that of its body")

    def _size(self) -> int | None:
        """Return the length of the body before any coding."""
        body = self._body
        return body.size if isinstance(body, Payload) else len(body or b"")

    def _is_empty(self) -> bool:
        return super()._is_empty() or self._size() == 0

    def make_conditional(self, request: Conditional) -> None:
        """Become 304 or 412, without the body, if the request's preconditions want that (RFC 9110 §13).

        They are compared with `etag` and `last_modified`, which have to be set before. Other statuses than 2xx stay.
        """
        if not 200 <= self._status < 300:
            return
        modified = self.last_modified
        found = families.conditions.evaluate_preconditions(
            request.method,
            if_match=request.get_field("If-Match"),
            if_unmodified_since=request.get_field("If-Unmodified-Since"),
            if_none_match=request.get_field("If-None-Match"),
            if_modified_since=request.get_field("If-Modified-Since"),
            etag=self.etag,
            last_modified=None if modified is None else modified.timestamp(),
        )
        if found is families.conditions.Precondition.NOT_MODIFIED:
            self.set_status(304)
            self.body = None
        elif found is families.conditions.Precondition.PRECONDITION_FAILED:
            self.set_status(412)
            self.text = "412: Precondition Failed"

    # What delivery asks for

    def _put_defaults(self) -> None:
        super()._put_defaults()
        length = self.content_length
        if length is not None and not forbids_body(self._status):
            self.headers.setdefault("Content-Length", str(length))

    def _takes_long_to_encode(self) -> bool:
        return (self._size() or 0) > self._zlib_executor_size

    async def _complete_head(self, request: ServedRequest) -> None:
        is_declared = self._headers is not None and "Content-Length" in self._headers
        await super()._complete_head(request)
        if self._headers is not None and not is_declared:
            # What signals were shown may have changed since, by the signals themselves or by compression.
            self._headers.pop("Content-Length", None)
        if not isinstance(self._body, Payload):
            self._encoded = await self._encode(self._body or b"")

    async def _encode(self, body: bytes) -> bytes:
        compression, coding = self._options.compression, self._coding
        if compression is None or coding is None:
            return body
        if not self._takes_long_to_encode():
            return compression.encode(body, coding)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._zlib_executor, compression.encode, body, coding)

    def _start(self, exchange: Exchange) -> BodyWriter:
        if self._encoded is not None:
            length: int | None = len(self._encoded)
        elif self._coding is None:
            length = self._size()
        else:
            length = None
        if length is not None and not self._options.in_pieces and not forbids_body(self._status):
            self.headers.setdefault("Content-Length", str(length))
        return super()._start(exchange)

    @standard
    def write_eof(self, data: BodyData = b"") -> Coroutine[Any, Any, None]:
        """Send what is left of the body, and end it.

        Raises:
            ValueError: there is data: all of the body was given before.
            RuntimeError, LocalProtocolError, ConnectionResetError: as for a `StreamResponse`.
        """
        if data:
            raise ValueError("a Response has its body already: a StreamResponse is written to")
        payload = self._body
        if self.finished or not isinstance(payload, Payload):
            return super().write_eof(self._encoded or b"")
        has_body = self._require_writer().method != "HEAD" and not forbids_body(self._status)
        return Eager(lambda: self._write_payload(payload, has_body=has_body))

    async def _write_payload(self, payload: Payload, *, has_body: bool) -> None:
        try:
            if has_body:
                await payload.write(self)
        finally:
            await payload.close()
        await super().write_eof()
