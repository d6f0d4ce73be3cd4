"""Forms: the results of `Request.post`.

`FormReader` takes the bytes of a multipart form and returns its fields; files stay in memory while they are small in
total, and are written to disk otherwise.
"""

import io
from dataclasses import dataclass
from typing import IO, Final
from urllib.parse import parse_qsl

from multidict import CIMultiDict, CIMultiDictProxy, MultiDict

from muntin.http_core import RemoteProtocolError
from muntin.http_core.headers.filenames import sanitize_filename
from muntin.http_core.multipart.charset import decode_text, find_charset
from muntin.http_core.multipart.decoder import MultipartDecoder
from muntin.http_core.multipart.errors import MultipartError
from muntin.http_core.multipart.events import PartBegin, PartData, PartEnd
from muntin.http_core.multipart.limits import MultipartLimits
from muntin.web.multipart._part_content import PartDecoder
from muntin.web.multipart._spool import Spool

__all__ = ["FILES_IN_MEMORY", "FileField", "FormField", "FormReader", "parse_urlencoded"]

FILES_IN_MEMORY: Final = 1 << 20
"""The most bytes of a request's files, in total, that stay in memory."""
# Bytes that are written to disk at once: enough to be worth a call in another thread.
_SPOOL_WRITE: Final = 262144


@dataclass(frozen=True, slots=True)
class FileField:
    """A file that a form has sent."""

    name: str
    """The name of the form's field."""
    filename: str
    """The file's name exactly as the client sent it, paths and all; empty when no file was chosen."""
    file: IO[bytes]
    """The content, open for reading."""
    content_type: str
    """The media type that the client claims."""
    headers: CIMultiDictProxy[str]
    """The fields of the part."""

    @property
    def safe_filename(self) -> str | None:
        """The file's name without anything that could lead elsewhere; None when nothing is left of it."""
        return sanitize_filename(self.filename)


FormField = str | bytes | FileField
"""Text, a file, or bytes that have a type but no file name."""


def parse_urlencoded(data: bytes, charset: str, max_fields: int) -> MultiDict[FormField]:
    """Parse an ``application/x-www-form-urlencoded`` body.

    Raises:
        RemoteProtocolError: 400, it is not in its charset; 413, more than `max_fields`; 415, unknown charset.
    """
    known = find_charset(charset)
    if known is None:
        raise RemoteProtocolError(415, "unknown charset")
    if data.count(b"&") >= max_fields:
        raise RemoteProtocolError(413, "too many form fields")
    try:
        text = data.strip(b" \t\r\n").decode(known)
        return MultiDict(parse_qsl(text, keep_blank_values=True, encoding=known, errors="strict"))
    except UnicodeDecodeError:
        raise RemoteProtocolError(400, "a form field is not in its charset") from None


class _Field:
    """A field that is being received."""

    def __init__(self, head: PartBegin, max_size: int | None) -> None:
        disposition = head.disposition
        if disposition is None and head.get("content-disposition") is not None:
            raise MultipartError(400, "malformed Content-Disposition of a part")
        name = None if disposition is None else disposition.name
        if disposition is None or name is None:
            raise MultipartError(400, "a part of a form has no name")
        self.name = name
        self.filename = disposition.filename
        self.media_type = head.media_type
        self.headers = CIMultiDictProxy(CIMultiDict(head.headers))
        self.decoder = PartDecoder(self.headers, max_size)
        self.data = bytearray()
        """The decoded bytes that are still in memory."""
        self.begin: int | None = None
        """Its offset in the spool; None while it is in memory."""


class FormReader:
    """Reads one multipart form.

    Args:
        boundary: from the Content-Type.
        max_size: the largest size of the form, as sent and also decoded (bytes); 0 for any size.
        max_fields: the most fields that it may have.
    """

    def __init__(self, boundary: str, max_size: int, max_fields: int) -> None:
        self._max_size = max_size or None
        self._decoder = MultipartDecoder(boundary, MultipartLimits(parts=max_fields, size=self._max_size))
        self._form: MultiDict[FormField] = MultiDict()
        self._charset = "utf-8"
        self._field: _Field | None = None
        self._decoded = 0
        self._in_memory = 0
        """Bytes of files in memory."""
        self._spool: Spool | None = None

    async def feed(self, data: bytes) -> None:
        """Take the next bytes; b"" for the end.

        Raises:
            RemoteProtocolError: 400, 413 or 415.
            HTTPServiceUnavailable: there are too many uploads at once.
        """
        self._decoder.receive(data)
        for event in self._decoder.events():
            match event:
                case PartBegin():
                    self._field = _Field(event, self._max_size)
                case PartData(data=piece) if self._field is not None:
                    await self._add(self._field, self._field.decoder.decode(piece))
                case PartEnd() if self._field is not None:
                    await self._add(self._field, self._field.decoder.finish())
                    self._form.add(self._field.name, await self._finish(self._field))
                    self._field = None

    def result(self) -> MultiDict[FormField]:
        """Return the form, after all was fed."""
        return self._form

    def discard(self) -> None:
        """Close the files: the form will not be used."""
        if self._spool is not None:
            self._spool.close()

    async def _add(self, field: _Field, data: bytes) -> None:
        self._decoded += len(data)
        if self._max_size is not None and self._decoded > self._max_size:
            raise MultipartError(413, "decoded form too large")
        field.data += data
        if field.filename is None:
            return
        if field.begin is None:
            self._in_memory += len(data)
            if self._in_memory <= FILES_IN_MEMORY:
                return
            self._in_memory -= len(field.data)
            field.begin = self._open_spool().size
        if len(field.data) >= _SPOOL_WRITE:
            await self._write_out(field)

    def _open_spool(self) -> Spool:
        if self._spool is None:
            self._spool = Spool()
        return self._spool

    async def _write_out(self, field: _Field) -> None:
        data = bytes(field.data)
        field.data.clear()
        await self._open_spool().write(data)

    async def _finish(self, field: _Field) -> FormField:
        if field.filename is not None:
            return await self._finish_file(field, field.filename)
        media = field.media_type
        if media is not None and media.type != "text":
            return bytes(field.data)
        text = decode_text(bytes(field.data), (media and media.charset) or self._charset)
        if field.name == "_charset_":
            # RFC 7578 §4.6: the charset of the fields that do not name theirs.
            self._charset = text
        return text

    async def _finish_file(self, field: _Field, filename: str) -> FileField:
        file: IO[bytes]
        if field.begin is None:
            file = io.BytesIO(field.data)
        else:
            await self._write_out(field)
            spool = self._open_spool()
            file = spool.open_window(field.begin, spool.size - field.begin)
        content_type = "application/octet-stream" if field.media_type is None else field.media_type.essence
        return FileField(field.name, filename, file, content_type, field.headers)
