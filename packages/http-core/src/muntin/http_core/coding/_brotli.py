"""The coding br (RFC 7932), of the extra `brotli`."""

from collections.abc import Iterator
from typing import Final

import brotli  # type: ignore[import-untyped]  # it has no annotations, so the results below are annotated

from muntin.http_core.coding._codec import Codec, corrupt, excess_input, truncated
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
            raise excess_input()
        while True:
            output = self._process(data)
            # brotli stops to allocate memory at the bound, so the output may be a little larger.
            for at in range(0, len(output), self._chunk):
                yield output[at : at + self._chunk]
            # It may also return less than that and still hold more, whatever `can_accept_more_data` says.
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
            raise truncated()


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


# Level 4 is about as fast as gzip's 6, with smaller output. brotli's own default, 11, is for files that are encoded
# once.
BR: Final = Codec(BrotliDecoder, lambda level, _: BrotliEncoder(level), range(12), 4)
