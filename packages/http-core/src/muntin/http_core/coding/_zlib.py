"""The codings gzip (RFC 1952) and deflate (RFC 1950, and 1951 without its wrapper).

For each piece of output and for each member, zlib copies the input that it has not used. So a caller passes small
slices of input.
"""

import zlib
from collections.abc import Iterator
from functools import partial
from typing import Final

from muntin.http_core.coding._codec import Codec, corrupt, excess_input, too_many_members, truncated
from muntin.http_core.coding.limits import DecodingLimits

__all__ = ["DEFLATE", "GZIP", "DeflateDecoder", "GzipDecoder"]

_GZIP: Final = 16 + zlib.MAX_WBITS
_WRAPPED: Final = zlib.MAX_WBITS
_RAW: Final = -zlib.MAX_WBITS


class _Inflater:
    """One zlib stream, whose output comes in pieces."""

    def __init__(self, wbits: int, chunk: int) -> None:
        self._inflate = zlib.decompressobj(wbits)
        self._chunk = chunk

    @property
    def is_finished(self) -> bool:
        return self._inflate.eof

    @property
    def rest(self) -> bytes:
        """The data behind the end, of the last call."""
        return self._inflate.unused_data

    def inflate(self, data: bytes) -> Iterator[bytes]:
        while True:
            try:
                piece = self._inflate.decompress(data, self._chunk)
            except zlib.error:
                raise corrupt() from None
            if piece:
                yield piece
            data = self._inflate.unconsumed_tail
            # After a full piece, zlib may still hold output, even if it has taken all input.
            if self._inflate.eof or (not data and len(piece) < self._chunk):
                return


class GzipDecoder:
    """Gzip, of one member or of several in a row (RFC 1952 §2.2)."""

    def __init__(self, limits: DecodingLimits) -> None:
        self._limits = limits
        self._member: _Inflater | None = None
        self._members = 0

    def decode(self, data: bytes) -> Iterator[bytes]:
        while data:
            member = self._member or self._begin_member()
            yield from member.inflate(data)
            if not member.is_finished:
                return
            data = member.rest
            self._member = None

    def _begin_member(self) -> _Inflater:
        self._members += 1
        if self._members > self._limits.members:
            raise too_many_members()
        self._member = _Inflater(_GZIP, self._limits.chunk)
        return self._member

    def finish(self) -> None:
        if self._member is not None:
            raise truncated()


class DeflateDecoder:
    """Deflate, with the zlib wrapper that RFC 9110 §8.4.1.2 demands, or without it, as some clients send it."""

    def __init__(self, limits: DecodingLimits) -> None:
        self._limits = limits
        self._begin = b""
        self._stream: _Inflater | None = None

    def decode(self, data: bytes) -> Iterator[bytes]:
        if self._stream is None:
            data = self._begin + data
            if len(data) < 2:
                self._begin = data
                return
            wbits = _WRAPPED if _is_wrapped(data) else _RAW
            self._stream = _Inflater(wbits, self._limits.chunk)
        if data and self._stream.is_finished:
            raise excess_input()
        yield from self._stream.inflate(data)
        if self._stream.rest:
            raise excess_input()

    def finish(self) -> None:
        if self._begin if self._stream is None else not self._stream.is_finished:
            raise truncated()


def _is_wrapped(data: bytes) -> bool:
    """Return True if the data begins with the wrapper of RFC 1950 §2.2: method 8, and a check of both bytes."""
    return data[0] & 0x0F == 8 and (data[0] << 8 | data[1]) % 31 == 0


class _Deflater:
    def __init__(self, wbits: int, level: int, strategy: int) -> None:
        self._deflate = zlib.compressobj(level, zlib.DEFLATED, wbits, strategy=strategy)

    def encode(self, data: bytes) -> bytes:
        return self._deflate.compress(data)

    def flush(self) -> bytes:
        return self._deflate.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        return self._deflate.flush()


# Level 6 is zlib's own default; 9 takes up to four times as long and saves one part in a hundred.
GZIP: Final = Codec(GzipDecoder, partial(_Deflater, _GZIP), range(1, 10), 6)
DEFLATE: Final = Codec(DeflateDecoder, partial(_Deflater, _WRAPPED), range(1, 10), 6)
