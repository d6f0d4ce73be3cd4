"""The coding br (RFC 7932), of the extra `brotli`."""

from collections.abc import Iterator
from typing import Final

import brotli  # type: ignore[import-untyped]  # it has no annotations, hence the annotated results below

from muntin.http_core.coding._codec import Codec, corrupt, cut_off, goes_on
from muntin.http_core.coding.limits import DecodingLimits

__all__ = ["BR", "BrotliDecoder", "BrotliEncoder"]

if not hasattr(brotli.Decompressor, "can_accept_more_data"):
    raise ImportError("brotli before 1.2 cannot bound its output")


class BrotliDecoder:
    """One brotli stream."""

    def __init__(self, limits: DecodingLimits) -> None:
        self._decompressor = brotli.Decompressor()
        self._chunk = limits.chunk
        self._is_begun = False

    def decode(self, data: bytes) -> Iterator[bytes]:
        self._is_begun = True
        if self._decompressor.is_finished():
            raise goes_on()
        while True:
            output = self._process(data)
            # The bound is where brotli stops to get more memory, so a little more may come.
            for at in range(0, len(output), self._chunk):
                yield output[at : at + self._chunk]
            # It may also give less than that, and has more, whatever `can_accept_more_data` says.
            if not output or self._decompressor.is_finished():
                return
            data = b""

    def _process(self, data: bytes) -> bytes:
        try:
            output: bytes = self._decompressor.process(data, output_buffer_limit=self._chunk)
        except brotli.error:
            raise corrupt() from None
        return output

    def finish(self) -> None:
        if self._is_begun and not self._decompressor.is_finished():
            raise cut_off()


class BrotliEncoder:
    """One brotli stream."""

    def __init__(self, level: int) -> None:
        self._compressor = brotli.Compressor(quality=level)

    def encode(self, data: bytes) -> bytes:
        output: bytes = self._compressor.process(data)
        return output

    def flush(self) -> bytes:
        output: bytes = self._compressor.flush()
        return output

    def finish(self) -> bytes:
        output: bytes = self._compressor.finish()
        return output


# Level 4 is about as fast as gzip's 6, and smaller; brotli's own choice, 11, is for files that are made once.
BR: Final = Codec(BrotliDecoder, lambda level, _: BrotliEncoder(level), range(12), 4)
