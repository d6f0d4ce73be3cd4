"""The coding zstd (RFC 8878, RFC 9659), of the extra `zstd`.

The library cannot bound the output of one call, and four bytes of input can mean 128 kB. So frames are split here into
blocks, which RFC 8878 §3.1.1.2 bounds, and the library decodes one block at a time. This also shows where frames end.
"""

from collections.abc import Callable, Iterator
from enum import Enum, auto
from typing import ClassVar, Final

import zstandard

from muntin.http_core.coding._codec import Codec, corrupt, too_many_members, truncated
from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.limits import DecodingLimits

__all__ = ["ZSTD", "ZstdDecoder", "ZstdEncoder"]

_MAGIC: Final = b"\x28\xb5\x2f\xfd"
_SKIPPABLE: Final = b"\x2a\x4d\x18"  # after a byte from 0x50 to 0x5f
_MAX_BLOCK: Final = 128 << 10
_RLE, _RESERVED = 1, 3
# By two bits of the frame header descriptor (RFC 8878 §3.1.1.1.1).
_DICTIONARY_ID_SIZES: Final = (0, 1, 2, 4)
_CONTENT_SIZE_SIZES: Final = (0, 2, 4, 8)


class _Next(Enum):
    """The element that comes next."""

    FRAME = auto()
    BLOCK = auto()
    CHECKSUM = auto()


class ZstdDecoder:
    """Zstandard, of one frame or of several in a row, skippable ones among them."""

    def __init__(self, limits: DecodingLimits) -> None:
        self._limits = limits
        self._library = zstandard.ZstdDecompressor(max_window_size=limits.window)
        self._frame = self._library.decompressobj()
        self._frames = 0
        self._next = _Next.FRAME
        self._has_checksum = False
        self._buffer = bytearray()
        self._to_skip = 0

    def decode(self, data: bytes) -> Iterator[bytes]:
        self._buffer += data
        while (element := self._take()) is not None:
            try:
                output = self._frame.decompress(element) if element else b""
            except zstandard.ZstdError:
                raise corrupt() from None
            for at in range(0, len(output), self._limits.chunk):
                yield output[at : at + self._limits.chunk]

    def finish(self) -> None:
        if self._buffer or self._to_skip or self._next is not _Next.FRAME:
            raise truncated()

    def _take(self) -> bytes | None:
        """Remove and return the next element of the buffer, for the library; None until it is complete."""
        if self._to_skip:
            skipped = min(self._to_skip, len(self._buffer))
            del self._buffer[:skipped]
            self._to_skip -= skipped
            if self._to_skip:
                return None
        return self._TAKE[self._next](self)

    def _cut(self, size: int) -> bytes | None:
        if len(self._buffer) < size:
            return None
        element = bytes(self._buffer[:size])
        del self._buffer[:size]
        return element

    def _take_frame_header(self) -> bytes | None:
        if len(self._buffer) < 5:
            return None
        if self._buffer[1:4] == _SKIPPABLE and self._buffer[0] >> 4 == 5:
            return self._take_skippable_header()
        if not self._buffer.startswith(_MAGIC):
            raise corrupt()
        descriptor = self._buffer[4]
        is_single_segment = bool(descriptor & 0x20)
        # A single segment has no window: it may refer to all of itself. Its length is then always stated.
        begin = 5 + (not is_single_segment) + _DICTIONARY_ID_SIZES[descriptor & 3]
        size = begin + (_CONTENT_SIZE_SIZES[descriptor >> 6] or is_single_segment)
        header = self._cut(size)
        if header is not None:
            self._begin_frame()
            self._frame = self._library.decompressobj()
            window = _content_size(header[begin:]) if is_single_segment else _window_size(header[5])
            if window > self._limits.window:
                raise ContentCodingError(413, "the window of encoded content is too large")
            self._has_checksum = bool(descriptor & 4)
            self._next = _Next.BLOCK
        return header

    def _take_skippable_header(self) -> bytes | None:
        header = self._cut(8)
        if header is None:
            return None
        self._begin_frame()
        self._to_skip = int.from_bytes(header[4:], "little")
        return b""

    def _begin_frame(self) -> None:
        self._frames += 1
        if self._frames > self._limits.members:
            raise too_many_members()

    def _take_block(self) -> bytes | None:
        if len(self._buffer) < 3:
            return None
        header = int.from_bytes(self._buffer[:3], "little")
        is_last, kind, size = header & 1, header >> 1 & 3, header >> 3
        if kind == _RESERVED or size > _MAX_BLOCK:
            raise corrupt()
        block = self._cut(3 + (1 if kind == _RLE else size))
        if block is not None and is_last:
            self._next = _Next.CHECKSUM if self._has_checksum else _Next.FRAME
        return block

    def _take_checksum(self) -> bytes | None:
        checksum = self._cut(4)
        if checksum is not None:
            self._next = _Next.FRAME
        return checksum

    _TAKE: ClassVar[dict[_Next, Callable[["ZstdDecoder"], bytes | None]]] = {
        _Next.FRAME: _take_frame_header,
        _Next.BLOCK: _take_block,
        _Next.CHECKSUM: _take_checksum,
    }


def _window_size(descriptor: int) -> int:
    """Return the size of the window (RFC 8878 §3.1.1.1.2)."""
    base = 1 << (10 + (descriptor >> 3))
    return base + base // 8 * (descriptor & 7)


def _content_size(field: bytes) -> int:
    """Return the size of the content (RFC 8878 §3.1.1.1.4): a field of two bytes counts from 256."""
    return int.from_bytes(field, "little") + (256 if len(field) == 2 else 0)


class ZstdEncoder:
    """One zstd frame."""

    def __init__(self, level: int) -> None:
        self._compressor = zstandard.ZstdCompressor(level=level).compressobj()

    def encode(self, data: bytes) -> bytes:
        return self._compressor.compress(data)

    def flush(self) -> bytes:
        return self._compressor.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)

    def finish(self) -> bytes:
        return self._compressor.flush()


# Level 3 is the library's own default. From level 20, the window is larger than RFC 9659 allows.
ZSTD: Final = Codec(ZstdDecoder, lambda level, _: ZstdEncoder(level), range(1, 20), 3)
