"""The body of a request for its readers: content codings are decoded, and errors become HTTP exceptions."""

from collections.abc import Iterator, Sequence

from muntin.http_core import ProtocolError, RemoteProtocolError, coding
from muntin.runner import Exchange
from muntin.web.response.exceptions import HTTPException, PayloadAccessError, exception_of

__all__ = ["DecodedBody"]


class DecodedBody:
    """Pieces of a body, decoded; a `ByteSource`.

    Args:
        exchange: whose body.
        max_size: what a 413 states as the limit (bytes).
        decodes: whether content codings are decoded.

    Raises:
        HTTPUnsupportedMediaType: it is in a content coding that is not known here.
    """

    __slots__ = ("_decoder", "_exchange", "_max_received", "_max_size", "_pieces", "received")

    def __init__(self, exchange: Exchange, max_size: int, *, decodes: bool = True) -> None:
        self._exchange = exchange
        self._max_size = max_size
        self._decoder: coding.decoder.ContentDecoder | None = None
        self._pieces: Iterator[bytes] = iter(())
        self._max_received: int | None = None
        self.received = 0
        """Bytes that have arrived, before decoding."""
        encoding = b", ".join(exchange.head.get_all(b"content-encoding"))
        if encoding and decodes:
            try:
                codings = coding.content_encoding.parse_content_encoding(encoding.decode("latin-1"))
            except ProtocolError as error:
                raise self._refusal(error) from None
            if codings:
                # The size is limited by the reader, which knows its purpose; the ratio is limited here.
                self._decoder = coding.decoder.ContentDecoder(codings, coding.limits.DecodingLimits())

    def _refusal(self, error: ProtocolError) -> HTTPException:
        return exception_of(error, self._max_size)

    @property
    def is_coded(self) -> bool:
        return self._decoder is not None

    def limit_received(self, size: int) -> None:
        """Refuse an encoded body if more than `size` further bytes of it arrive; 0 for any size.

        For readers of whole bodies: they limit the decoded size, but a coding can take any number of bytes and return
        nothing.
        """
        self._max_received = self.received + size if size else None

    def take_chunk_ends(self) -> Sequence[int]:
        # Their places in the decoded bytes are not known.
        return () if self._decoder is not None else self._exchange.body.take_chunk_ends()

    @property
    def at_eof(self) -> bool:
        # A decoder may hold back bytes until it is finished.
        return self._decoder is None and self._exchange.body.at_eof

    def receive_nowait(self) -> bytes:
        try:
            if self._decoder is None:
                return self._count(self._exchange.body.receive_nowait())
            piece = next(self._pieces, b"")
            while not piece and (data := self._count_encoded(self._exchange.body.receive_nowait())):
                self._pieces = self._decoder.decode(data)
                piece = next(self._pieces, b"")
        except ProtocolError as error:
            raise self._refusal(error) from None
        return piece

    async def receive(self) -> bytes:
        try:
            if self._decoder is None:
                return self._count(await self._receive_raw())
            while not (piece := next(self._pieces, b"")):
                data = self._count_encoded(await self._receive_raw())
                if not data:
                    self._decoder.finish()
                    return b""
                self._pieces = self._decoder.decode(data)
        except ProtocolError as error:
            raise self._refusal(error) from None
        return piece

    async def _receive_raw(self) -> bytes:
        exchange = self._exchange
        body = exchange.body
        if exchange.is_finished and not body.is_complete:
            raise PayloadAccessError("the response was sent before the body of the request was read")
        return await body.receive()

    def _count(self, data: bytes) -> bytes:
        self.received += len(data)
        return data

    def _count_encoded(self, data: bytes) -> bytes:
        self.received += len(data)
        if self._max_received is not None and self.received > self._max_received:
            raise RemoteProtocolError(413, "encoded content too large")
        return data
