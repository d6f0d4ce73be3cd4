"""Bodies other than bytes: text, files, async iterators, and types that a program registers.

A payload knows its fields and how to write itself; it writes to anything with an awaitable `write`. It does not know
responses.
"""

import asyncio
import os
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from io import BytesIO, IOBase, StringIO, TextIOBase
from json import dumps as json_dumps
from typing import IO, Any, Final, Protocol, TextIO

from multidict import CIMultiDict

from muntin.http_core import headers as families
from muntin.http_core.headers.media import parse_media_type
from muntin.runner.exchange import CHUNK_SIZE
from muntin.web.response.headers import CheckedHeaders, LooseHeaders

__all__ = [
    "AsyncIterablePayload",
    "BytesPayload",
    "FilePayload",
    "JsonPayload",
    "Payload",
    "PayloadFactory",
    "PayloadWriter",
    "StringPayload",
    "TextFilePayload",
    "get_payload",
    "register_payload",
]

_OCTET_STREAM: Final = "application/octet-stream"


class PayloadWriter(Protocol):
    """Where a payload writes itself to."""

    def write(self, data: bytes, /) -> Awaitable[None]: ...


class Payload:
    """A body, or a part of one, with the fields that describe it.

    Args:
        value: what it is made of.
        headers: its fields; Content-Type is added.
        content_type: None for the usual one of its kind, or the one of `filename`.
        filename: for Content-Disposition and the type.
        encoding: the charset of text.
    """

    default_content_type = _OCTET_STREAM

    def __init__(
        self,
        value: Any,
        headers: LooseHeaders | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        self._value = value
        self._encoding = encoding
        self._filename = filename
        self._is_consumed = False
        self._headers: CIMultiDict[str] = CheckedHeaders(headers or ())
        if content_type is None and filename is not None and "Content-Type" not in self._headers:
            from muntin.static import guess_media_type  # noqa: PLC0415 - few bodies are files

            content_type = guess_media_type(filename)
        if content_type is not None or "Content-Type" not in self._headers:
            self._headers["Content-Type"] = content_type or self.default_content_type

    @property
    def headers(self) -> CIMultiDict[str]:
        """The fields that describe it."""
        return self._headers

    @property
    def content_type(self) -> str:
        """Its Content-Type."""
        return self._headers["Content-Type"]

    @property
    def encoding(self) -> str | None:
        """The charset of text; None for none."""
        if self._encoding is not None:
            return self._encoding
        media = parse_media_type(self.content_type)
        return None if media is None else media.charset

    @property
    def filename(self) -> str | None:
        """The name of the file, if it is one."""
        return self._filename

    @property
    def size(self) -> int | None:
        """Its length in bytes; None when that is not known beforehand."""
        return None

    @property
    def consumed(self) -> bool:
        """True if it was written and cannot be written again."""
        return self._is_consumed

    @property
    def autoclose(self) -> bool:
        """True if there is nothing to close."""
        return True

    def set_content_disposition(
        self, disptype: str, quote_fields: bool = True, charset: str = "utf-8", **params: str
    ) -> None:
        """Set Content-Disposition.

        Args:
            disptype: ``form-data``, ``attachment`` …
            quote_fields: whether values that some recipients misread stand there in a safe form as well; there is none
                for ``form-data`` (RFC 7578 §4.2).
            charset: UTF-8, which is all that RFC 8187 leaves to senders.
            params: `name`, `filename` …

        Raises:
            ValueError: a control character, or another charset.
        """
        if charset.lower().replace("_", "-") not in ("utf-8", "utf8"):
            raise ValueError(f"values are sent in UTF-8 (RFC 8187), not in {charset}")
        write = (
            families.disposition.format_disposition
            if quote_fields
            else families.disposition.format_raw_disposition
        )
        self._headers["Content-Disposition"] = write(disptype, **params)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        """Return it as text.

        Raises:
            TypeError: it cannot be read without waiting.
        """
        raise TypeError(f"the text of a {type(self).__name__} is not known beforehand")

    async def as_bytes(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return all of it."""
        sink = _Sink()
        await self.write(sink)
        return bytes(sink.data)

    async def write(self, writer: PayloadWriter) -> None:
        """Write all of it."""
        async for piece in self.pieces():
            await writer.write(piece)

    async def write_with_length(self, writer: PayloadWriter, content_length: int | None) -> None:
        """Write no more than `content_length` bytes of it; all for None."""
        left = content_length
        async for piece in self.pieces():
            piece = piece[:left]
            await writer.write(piece)
            if left is not None and (left := left - len(piece)) <= 0:
                break

    async def pieces(self) -> AsyncIterator[bytes]:
        """Iterate over its pieces."""
        if isinstance(self._value, (bytes, bytearray)):
            yield bytes(self._value)
        else:
            raise TypeError(f"{type(self).__name__} has no pieces() of its own")

    async def close(self) -> None:
        """Close what it holds open; may be called again."""


class _Sink:
    """Collects what is written."""

    def __init__(self) -> None:
        self.data = bytearray()

    async def write(self, data: bytes) -> None:
        self.data += data


class BytesPayload(Payload):
    """Bytes."""

    def __init__(self, value: bytes | bytearray | memoryview, **kwargs: Any) -> None:
        super().__init__(bytes(value), **kwargs)

    @property
    def size(self) -> int:
        return len(self._value)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self._value).decode(encoding, errors)

    async def pieces(self) -> AsyncIterator[bytes]:
        yield self._value


class StringPayload(BytesPayload):
    """Text, in UTF-8 or in the encoding that is asked for."""

    def __init__(
        self,
        value: str,
        *,
        headers: LooseHeaders | None = None,
        content_type: str | None = None,
        filename: str | None = None,
        encoding: str | None = None,
    ) -> None:
        declared = content_type or CIMultiDict(headers or ()).get("Content-Type")
        if encoding is None:
            media = None if declared is None else parse_media_type(declared)
            encoding = (media and media.charset) or "utf-8"
        if declared is None and filename is None:
            content_type = f"text/plain; charset={encoding}"
        super().__init__(
            value.encode(encoding),
            headers=headers,
            content_type=content_type,
            filename=filename,
            encoding=encoding,
        )

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return bytes(self._value).decode(self._encoding or encoding, errors)


class JsonPayload(BytesPayload):
    """A value as JSON."""

    default_content_type = "application/json"

    def __init__(
        self,
        value: Any,
        encoding: str = "utf-8",
        content_type: str | None = None,
        dumps: Callable[[Any], str] = json_dumps,
        headers: LooseHeaders | None = None,
    ) -> None:
        super().__init__(
            dumps(value).encode(encoding), headers=headers, content_type=content_type, encoding=encoding
        )


class FilePayload(Payload):
    """An open file, from where it stands to its end. It is read in an executor, and closed when it was written."""

    def __init__(self, value: IO[Any], *, disposition: str = "attachment", **kwargs: Any) -> None:
        name = getattr(value, "name", None)
        if kwargs.get("filename") is None and isinstance(name, str) and name and name[0] != "<":
            kwargs["filename"] = os.path.basename(name)
        super().__init__(value, **kwargs)
        if self._filename is not None and "Content-Disposition" not in self._headers:
            self.set_content_disposition(disposition, filename=self._filename)

    @property
    def size(self) -> int | None:
        try:
            here = self._value.tell()
            end = self._value.seek(0, os.SEEK_END)
            self._value.seek(here)
        except (OSError, ValueError, AttributeError):
            return None
        return max(int(end) - int(here), 0)

    @property
    def autoclose(self) -> bool:
        return False

    async def pieces(self) -> AsyncIterator[bytes]:
        # To read from memory needs no other thread.
        is_near = isinstance(self._value, (BytesIO, StringIO))
        loop = asyncio.get_running_loop()
        while True:
            read = self._value.read
            piece = read(CHUNK_SIZE) if is_near else await loop.run_in_executor(None, read, CHUNK_SIZE)
            if not piece:
                break
            yield self._encode(piece)
        self._is_consumed = True

    def _encode(self, piece: Any) -> bytes:
        return bytes(piece)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._rest().decode(encoding, errors)

    def _rest(self) -> bytes:
        """Return the part that is not read yet, without moving on."""
        here = self._value.tell()
        rest = self._encode(self._value.read())
        self._value.seek(here)
        return rest

    async def close(self) -> None:
        self._value.close()


class TextFilePayload(FilePayload):
    """A file that was opened as text: it is encoded again, in UTF-8 if no encoding is asked for."""

    default_content_type = "text/plain"

    def __init__(self, value: TextIO, *, encoding: str | None = None, **kwargs: Any) -> None:
        self._charset = encoding or "utf-8"
        super().__init__(value, encoding=encoding, **kwargs)
        media = parse_media_type(self.content_type)
        is_declared = kwargs.get("content_type") is not None or "Content-Type" in (
            kwargs.get("headers") or ()
        )
        if media is not None and media.type == "text" and not is_declared:
            self._headers["Content-Type"] = f"{media.essence}; charset={self._charset}"

    @property
    def size(self) -> int | None:
        # Opened as text, a file changes its line ends when it is read: its size says nothing.
        return len(self._rest()) if isinstance(self._value, StringIO) else None

    def _encode(self, piece: Any) -> bytes:
        return str(piece).encode(self._charset)

    def decode(self, encoding: str = "utf-8", errors: str = "strict") -> str:
        return self._rest().decode(self._charset, errors)


class AsyncIterablePayload(Payload):
    """An async iterable of bytes. A generator is closed in the end, whether it was written or not."""

    def __init__(self, value: AsyncIterable[bytes], **kwargs: Any) -> None:
        super().__init__(value, **kwargs)
        self._iterator = value.__aiter__()

    async def pieces(self) -> AsyncIterator[bytes]:
        async for piece in self._iterator:
            yield piece
        self._is_consumed = True

    @property
    def autoclose(self) -> bool:
        return False

    async def close(self) -> None:
        close = getattr(self._iterator, "aclose", None)
        if close is not None:
            await close()


# The registry ----------------------------------------------------------------------------------------------

PayloadFactory = Callable[..., Payload]
"""Makes a payload of a value, with the keyword arguments of `Payload`."""

_FACTORIES: list[tuple[type, PayloadFactory]] = [
    (bytes, BytesPayload),
    (bytearray, BytesPayload),
    (memoryview, BytesPayload),
    (str, StringPayload),
    (TextIOBase, TextFilePayload),
    (IOBase, FilePayload),
    (AsyncIterable, AsyncIterablePayload),
]


def register_payload(kind: type, factory: PayloadFactory) -> None:
    """Register a factory that makes payloads of a type; it goes before those that were there.

    Args:
        kind: the type; its subclasses as well.
        factory: takes the value, and the keyword arguments of `Payload`.
    """
    _FACTORIES.insert(0, (kind, factory))


def get_payload(data: Any, **kwargs: Any) -> Payload:
    """Return a payload for a value; a payload is returned as it is.

    Args:
        data: bytes, text, an open file, an async iterable of bytes, or of a registered type.
        kwargs: what else the payload takes: `headers`, `content_type`, `filename`, `encoding`.

    Raises:
        TypeError: no factory is registered for its type.
    """
    if isinstance(data, Payload):
        return data
    for kind, factory in _FACTORIES:
        if isinstance(data, kind):
            return factory(data, **kwargs)
    raise TypeError(f"a body cannot be made of {type(data).__name__}")
