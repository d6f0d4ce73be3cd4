"""Reading the body of a request: whole, as text, as JSON, as a form, or as a stream.

Limits are kept here, and the Content-Type decides how a body is parsed.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar

from multidict import MultiDict, MultiDictProxy

from muntin.http_core import FramingKind, ProtocolError, RemoteProtocolError, multipart
from muntin.runner import Exchange
from muntin.web.content import StreamReader
from muntin.web.request.body import DecodedBody
from muntin.web.request.fields import RequestFields
from muntin.web.response.exceptions import (
    HTTPRequestEntityTooLarge,
    JSONPayloadError,
    TextPayloadError,
    UnknownCharset,
    exception_of,
)
from muntin.web.response.json import DEFAULT_CODEC, JSONCodec

if TYPE_CHECKING:
    from muntin.web.multipart import MultipartReader
    from muntin.web.multipart.forms import FormField

__all__ = ["RequestReading"]


class RequestReading(RequestFields):
    """A request whose body can be read; a base of `Request`."""

    __slots__ = ("_body", "_content", "_post", "_whole", "client_max_fields", "client_max_size", "exchange")

    POST_METHODS: ClassVar[frozenset[str]] = frozenset({"DELETE", "PATCH", "POST", "PUT", "TRACE"})
    """The methods whose forms `post` reads."""

    _decodes: ClassVar[bool] = True
    """True if content codings are decoded."""
    exchange: Exchange
    """The request and its response, as the protocol below provides it."""
    client_max_size: int
    """The largest body that is read whole (bytes); 0 for any size."""
    client_max_fields: int
    """The most fields that a form may have."""
    _body: DecodedBody
    """The source of the stream; set when `content` is first used."""
    _content: StreamReader | None
    _whole: bytes | None
    _post: "MultiDictProxy[FormField] | None"

    # Before reading

    @property
    def body_exists(self) -> bool:
        """True if the request has a body."""
        return self._head.framing.kind is not FramingKind.NONE

    @property
    def can_read_body(self) -> bool:
        """True if a part of the body was not read yet."""
        return self.body_exists and not (
            self.exchange.body.at_eof if self._content is None else self._content.at_eof()
        )

    @property
    def has_body(self) -> bool:
        """The same, by its older name."""
        return self.can_read_body

    @property
    def _is_read(self) -> bool:
        return bool(self._whole) or (self._content is not None and self._content.total_bytes > 0)

    # As a stream

    @property
    def content(self) -> StreamReader:
        """The body as a stream, whatever its size, its content codings decoded unless the server was told not to.

        Raises:
            HTTPUnsupportedMediaType: it is in a content coding that is not known here.
        """
        content = self._content
        if content is None:
            self._body = DecodedBody(self.exchange, self.client_max_size, decodes=self._decodes)
            content = self._content = StreamReader(self._body)
        return content

    async def release(self) -> None:
        """Read what is left, and drop it."""
        content = self.content
        while not content.at_eof() and await content.readany():
            pass

    # Whole

    async def read(self) -> bytes:
        """Read the whole body; later calls return the same bytes.

        Raises:
            HTTPRequestEntityTooLarge: it is larger than `client_max_size`, as it was sent or decoded.
            HTTPBadRequest: it is broken.
            HTTPUnsupportedMediaType: it is in a content coding that is not known here.
            ConnectionResetError: the peer is gone.
        """
        whole = self._read_now()
        if whole is None:
            whole = self._whole = await self._read_pieces()
        return whole

    def _read_now(self) -> bytes | None:
        """Return the whole body if it has arrived, as small ones do with their head; else None."""
        whole = self._whole
        if whole is not None:
            return whole
        kind, declared = self._head.framing
        if kind is FramingKind.NONE:
            whole = self._whole = b""
            return whole
        limit = self.client_max_size
        if 0 < limit < declared:
            # Refused before 100 (Continue), so that the peer does not send it in vain.
            raise HTTPRequestEntityTooLarge(limit, declared)
        body = self.exchange.body
        if (
            self._content is None
            and body.is_complete
            and not (self._decodes and self._head.get_all(b"content-encoding"))
        ):
            pieces = [body.receive_nowait()]
            while not body.at_eof:
                pieces.append(body.receive_nowait())
            whole = pieces[0] if len(pieces) == 1 else b"".join(pieces)
            if 0 < limit < len(whole):
                raise HTTPRequestEntityTooLarge(limit, len(whole))
            self._whole = whole
        return whole

    async def _read_pieces(self) -> bytes:
        limit = self.client_max_size
        content = self.content
        self._body.limit_received(limit)
        pieces: list[bytes] = []
        size = 0
        while piece := await content.readany():
            size += len(piece)
            if 0 < limit < size:
                raise HTTPRequestEntityTooLarge(limit, size)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def text(self) -> str:
        """Read the whole body as text, in the charset of its Content-Type, or else in UTF-8.

        Raises:
            UnknownCharset: the charset is not known here; a LookupError, and HTTPUnsupportedMediaType when it is not
                caught.
            TextPayloadError: it is not in its charset; a UnicodeDecodeError, and HTTPBadRequest when it is not caught.
            HTTPException, ConnectionResetError: as `read`.
        """
        data = self._read_now()
        return self._decode(await self.read() if data is None else data)

    def _decode(self, data: bytes) -> str:
        media = self.media_type
        # Most types have no parameters at all.
        charset = media.charset if media.parameters else None
        known = "utf-8" if charset is None else multipart.charset.find_charset(charset)
        if known is None:
            raise UnknownCharset(text="415: unknown charset")
        try:
            return data.decode(known)
        except UnicodeDecodeError as error:
            raise TextPayloadError(error) from None

    async def json(self, *, loads: Callable[[str], Any] | None = None) -> Any:
        """Read the whole body and parse it as JSON.

        Args:
            loads: decodes it; None for the application's decoder.

        Raises:
            JSONPayloadError: it is no JSON; a json.JSONDecodeError, and HTTPBadRequest when it is not caught. Other
                exceptions of `loads` are passed on.
            HTTPException, ConnectionResetError: as `text`.
        """
        # Not by read() and text(): most bodies are small, and each call costs time.
        data = self._read_now()
        text = self._decode(await self.read() if data is None else data)
        if loads is None:
            return self._codec().decode(text)
        try:
            return loads(text)
        except json.JSONDecodeError as error:
            raise JSONPayloadError(error.msg, error.pos) from error

    def _codec(self) -> JSONCodec:
        return DEFAULT_CODEC

    # As a form

    async def post(self) -> "MultiDictProxy[FormField]":
        """Read the body as a form; empty for another type of body, or another method.

        Text is text, a file a `FileField`; bytes are what has a type of its own but no file name.

        Raises:
            HTTPRequestEntityTooLarge: larger than `client_max_size`, or more than `client_max_fields`.
            HTTPBadRequest: malformed, or of a type that is malformed.
            HTTPException, ConnectionResetError: as `text`.
        """
        form = self._post
        if form is None:
            try:
                form = self._post = MultiDictProxy(await self._read_form())
            except ProtocolError as error:
                raise exception_of(error, self.client_max_size) from None
        return form

    async def _read_form(self) -> "MultiDict[FormField]":
        if self.method not in self.POST_METHODS:
            return MultiDict()
        if self.body_exists:
            # It may be a form, which must not be taken for an empty one.
            self._check_type()
        essence = self.content_type
        if essence == "multipart/form-data":
            return await self._read_multipart_form()
        if essence == "application/x-www-form-urlencoded":
            from muntin.web.multipart.forms import parse_urlencoded  # noqa: PLC0415 - few requests bring a form

            return parse_urlencoded(await self.read(), self.charset or "utf-8", self.client_max_fields)
        return MultiDict()

    def _check_type(self) -> None:
        if self._has_malformed_type:
            raise RemoteProtocolError(400, "malformed Content-Type")

    async def _read_multipart_form(self) -> "MultiDict[FormField]":
        from muntin.web.multipart.forms import FormReader  # noqa: PLC0415 - few requests bring a form

        boundary = multipart.boundary.boundary_of(self.headers.get("Content-Type", ""))
        reader = FormReader(boundary, self.client_max_size, self.client_max_fields)
        try:
            if self._whole is not None:
                await reader.feed(self._whole)
            else:
                content = self.content
                self._body.limit_received(self.client_max_size)
                while piece := await content.readany():
                    await reader.feed(piece)
            await reader.feed(b"")
        except BaseException:
            reader.discard()
            raise
        return reader.result()

    async def multipart(self) -> "MultipartReader":
        """Return a reader of the parts of a multipart body, which may have any size.

        Raises:
            HTTPBadRequest: its Content-Type is no multipart one, or names no boundary.
        """
        from muntin.web.multipart import MultipartReader  # noqa: PLC0415 - few requests bring one

        try:
            self._check_type()
        except ProtocolError as error:
            raise exception_of(error, self.client_max_size) from None
        return MultipartReader(
            self.headers,
            self.content,
            client_max_size=self.client_max_size,
            client_max_fields=self.client_max_fields,
        )
