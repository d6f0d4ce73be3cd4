"""Multipart bodies, part by part, without holding more than a piece of one.

`MultipartReader` returns readers of the parts in the order in which they come; a part that was not read is skipped. The
grammar is in `muntin.http_core.multipart`.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Final

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict

from muntin.http_core import ProtocolError
from muntin.http_core.headers.disposition import Disposition, parse_disposition
from muntin.http_core.headers.media import MediaType, parse_media_type
from muntin.http_core.multipart.boundary import boundary_of
from muntin.http_core.multipart.charset import decode_text
from muntin.http_core.multipart.decoder import MultipartDecoder
from muntin.http_core.multipart.errors import MultipartError
from muntin.http_core.multipart.events import (
    NEED_DATA,
    Finished,
    MultipartEvent,
    PartBegin,
    PartData,
    PartEnd,
)
from muntin.http_core.multipart.limits import MultipartLimits
from muntin.web.content import StreamReader
from muntin.web.multipart._part_content import PartDecoder
from muntin.web.multipart.forms import FormField, parse_urlencoded
from muntin.web.response.exceptions import HTTPRequestEntityTooLarge, JSONPayloadError, exception_of

__all__ = ["BodyPartReader", "MultipartReader"]

# The most levels of multipart inside multipart: mail has three.
_MAX_NESTING: Final = 4
_MAX_PARTS: Final = 1000
_CHUNK: Final = 8192


class MultipartReader:
    """Reads the parts of a multipart body, once.

    Args:
        headers: of the body: Content-Type names the boundary.
        content: the body.
        client_max_size: the largest part that is read whole (bytes); 0 for any size.
        client_max_fields: the most parts that there may be.
        nesting: how many multipart bodies are around this one.

    Raises:
        HTTPBadRequest: the Content-Type is no multipart one, or names no boundary; or nested too deeply.
    """

    def __init__(
        self,
        headers: Mapping[str, str],
        content: StreamReader,
        *,
        client_max_size: int = 0,
        client_max_fields: int = _MAX_PARTS,
        nesting: int = 0,
    ) -> None:
        self.headers = CIMultiDictProxy(CIMultiDict(headers))
        self._content = content
        self._client_max_size = client_max_size
        self._client_max_fields = client_max_fields
        self._nesting = nesting
        self._part: BodyPartReader | MultipartReader | None = None
        self._is_ended = False
        try:
            if nesting > _MAX_NESTING:
                raise MultipartError(400, "multipart nested too deeply")
            boundary = boundary_of(self.headers.get("Content-Type", ""))
        except ProtocolError as error:
            raise exception_of(error, client_max_size) from None
        self._decoder = MultipartDecoder(boundary, MultipartLimits(parts=client_max_fields))

    def at_eof(self) -> bool:
        """Return whether the last part was returned."""
        return self._is_ended

    async def next(self) -> "BodyPartReader | MultipartReader | None":
        """Return a reader of the next part, for a multipart one a `MultipartReader`; None after the last.

        Raises:
            HTTPException: the body is malformed, or has too many parts.
            ConnectionResetError: the peer is gone.
        """
        if self._part is not None:
            await self._part.release()
            self._part = None
        while not self._is_ended:
            event = await self.next_event()
            if isinstance(event, PartBegin):
                self._part = self._open(event)
                return self._part
            self._is_ended = isinstance(event, Finished)
        return None

    async def fetch_next_part(self) -> "BodyPartReader | MultipartReader | None":
        """The same, by its other name."""
        return await self.next()

    async def release(self) -> None:
        """Read what is left, and drop it."""
        while await self.next() is not None:
            pass

    async def next_event(self) -> MultipartEvent:
        """Return the decoder's next event, and feed it as needed; for the readers of parts.

        Raises:
            HTTPException, ConnectionResetError: as `next`.
        """
        try:
            while (event := self._decoder.next_event()) is NEED_DATA:
                self._decoder.receive(await self._content.readany())
        except ProtocolError as error:
            raise exception_of(error, self._client_max_size) from None
        return event

    def _open(self, head: PartBegin) -> "BodyPartReader | MultipartReader":
        headers = CIMultiDictProxy(CIMultiDict(head.headers))
        part = BodyPartReader(headers, _PartSource(self), client_max_size=self._client_max_size)
        media = head.media_type
        if media is None or media.type != "multipart":
            return part
        return MultipartReader(
            headers,
            part.content,
            client_max_size=self._client_max_size,
            client_max_fields=self._client_max_fields,
            nesting=self._nesting + 1,
        )

    def __aiter__(self) -> AsyncIterator["BodyPartReader | MultipartReader"]:
        return self

    async def __anext__(self) -> "BodyPartReader | MultipartReader":
        part = await self.next()
        if part is None:
            raise StopAsyncIteration
        return part


class _PartSource:
    """The content of one part, piece by piece; a `ByteSource`."""

    is_coded = False
    """The reader of the part decodes its own codings."""

    def __init__(self, reader: MultipartReader) -> None:
        self._reader = reader
        self.at_eof = False
        self.received = 0

    def take_chunk_ends(self) -> tuple[int, ...]:
        return ()

    def receive_nowait(self) -> bytes:
        return b""

    async def receive(self) -> bytes:
        if self.at_eof:
            return b""
        event = await self._reader.next_event()
        if isinstance(event, PartData):
            self.received += len(event.data)
            return event.data
        self.at_eof = isinstance(event, PartEnd)
        return b""


class BodyPartReader:
    """Reads one part.

    Args:
        headers: its fields.
        source: returns its content.
        client_max_size: the largest content that is read whole (bytes); 0 for any size.
    """

    chunk_size = _CHUNK

    def __init__(
        self, headers: CIMultiDictProxy[str], source: _PartSource, *, client_max_size: int = 0
    ) -> None:
        self.headers = headers
        self._client_max_size = client_max_size
        self.content = StreamReader(source)
        """The content as it was sent, as a stream."""

    @property
    def _disposition(self) -> Disposition | None:
        return parse_disposition(self.headers.get("Content-Disposition", ""))

    @property
    def name(self) -> str | None:
        """The name of the form's field."""
        disposition = self._disposition
        return None if disposition is None else disposition.name

    @property
    def filename(self) -> str | None:
        """The file's name exactly as the client sent it: never open a file by it."""
        disposition = self._disposition
        return None if disposition is None else disposition.filename

    @property
    def media_type(self) -> MediaType | None:
        """The parsed Content-Type; None if it is missing or malformed."""
        return parse_media_type(self.headers.get("Content-Type", ""))

    def at_eof(self) -> bool:
        """Return whether all was read."""
        return self.content.at_eof()

    async def read(self, *, decode: bool = False) -> bytearray:
        """Read all that is left of the part.

        Args:
            decode: decode Content-Transfer-Encoding and Content-Encoding.

        Raises:
            HTTPRequestEntityTooLarge: it is larger than the request's `client_max_size`.
            HTTPException, ConnectionResetError: as `MultipartReader.next`.
        """
        data = bytearray()
        while piece := await self.content.readany():
            data += piece
            if 0 < self._client_max_size < len(data):
                raise HTTPRequestEntityTooLarge(self._client_max_size, len(data))
        return bytearray(self.decode(bytes(data))) if decode else data

    async def read_chunk(self, size: int = _CHUNK) -> bytes:
        """Read at most `size` bytes; b"" at the end."""
        return await self.content.read(size)

    async def readline(self) -> bytes:
        """Read the next line; b"" at the end."""
        return await self.content.readline()

    async def release(self) -> None:
        """Read what is left, and drop it."""
        while await self.content.readany():
            pass

    async def next(self) -> bytearray | None:
        """Read all that is left of the part; None if nothing is left."""
        data = await self.read()
        return data or None

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over its pieces, as they arrive."""
        return self.content.iter_any()

    def decode(self, data: bytes) -> bytes:
        """Decode Content-Transfer-Encoding and Content-Encoding of the whole content.

        Raises:
            HTTPException: it is malformed, or too large.
        """
        return b"".join(self.decode_iter(data))

    def decode_iter(self, data: bytes) -> Iterator[bytes]:
        """The same, piece by piece."""
        try:
            decoder = PartDecoder(self.headers, self._client_max_size or None)
            yield decoder.decode(bytes(data))
            yield decoder.finish()
        except ProtocolError as error:
            raise exception_of(error, self._client_max_size) from None

    def get_charset(self, default: str) -> str:
        """Return the charset of its Content-Type, or the default."""
        media = self.media_type
        return (media and media.charset) or default

    async def text(self, *, encoding: str | None = None) -> str:
        """Read the whole part as text.

        Args:
            encoding: the charset; None for the one that it names, or else UTF-8.

        Raises:
            HTTPException, ConnectionResetError: as `read`; it is not in its charset.
        """
        data = await self.read(decode=True)
        try:
            return decode_text(bytes(data), encoding or self.get_charset("utf-8"))
        except ProtocolError as error:
            raise exception_of(error, self._client_max_size) from None

    async def json(self, *, encoding: str | None = None, loads: Callable[[str], Any] = json.loads) -> Any:
        """Read the whole part and parse it as JSON; None for an empty part.

        Raises:
            JSONPayloadError: it is no JSON.
            HTTPException, ConnectionResetError: as `text`.
        """
        text = await self.text(encoding=encoding)
        try:
            return loads(text) if text else None
        except json.JSONDecodeError as error:
            raise JSONPayloadError(error.msg, error.pos) from error
        except RecursionError:
            raise JSONPayloadError("nested too deeply", 0) from None

    async def form(self, *, encoding: str | None = None) -> list[tuple[str, FormField]]:
        """Read the pairs of an urlencoded part.

        Raises:
            HTTPException, ConnectionResetError: as `text`.
        """
        data = bytes(await self.read(decode=True))
        try:
            fields: MultiDict[FormField] = parse_urlencoded(
                data, encoding or self.get_charset("utf-8"), _MAX_PARTS
            )
        except ProtocolError as error:
            raise exception_of(error, self._client_max_size) from None
        return list(fields.items())
