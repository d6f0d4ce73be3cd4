"""Encoding one body, piece by piece.

The caller decides which bodies to encode, and by which coding.
"""

import zlib

from muntin.http_core.coding.registry import find_codec

__all__ = ["ContentEncoder", "encode_content"]


class ContentEncoder:
    """Encodes one body.

    Args:
        coding: one of `available_codings`. level: from the fastest to the one with the smallest output: 1 to 9 for gzip
        and deflate, 0 to 11 for br, 1 to 19
            for zstd; None for a level that fits content which is encoded once for each response.
        strategy: a strategy of zlib (`zlib.Z_FILTERED` …) for gzip and deflate; the other codings have none.

    Raises:
        ValueError: the coding is unknown or not installed, or does not have the level or the strategy.
    """

    def __init__(
        self, coding: str, level: int | None = None, *, strategy: int = zlib.Z_DEFAULT_STRATEGY
    ) -> None:
        codec = find_codec(coding)
        if codec is None:
            raise ValueError(f"content coding {coding!r} is unknown or not installed")
        if level is not None and level not in codec.levels:
            lowest, highest = codec.levels[0], codec.levels[-1]
            raise ValueError(f"the levels of {coding} are {lowest} to {highest}, not {level!r}")
        self._stream = codec.make_encoder(codec.default_level if level is None else level, strategy)

    def encode(self, data: bytes) -> bytes:
        """Encode content, and return the output that is ready, which may be empty."""
        return self._stream.encode(data)

    def flush(self) -> bytes:
        """Return the output that the peer needs to decode all content so far; each call makes the output larger."""
        return self._stream.flush()

    def finish(self) -> bytes:
        """Return the rest of the output; nothing can be encoded after it."""
        return self._stream.finish()


def encode_content(
    data: bytes, coding: str, level: int | None = None, *, strategy: int = zlib.Z_DEFAULT_STRATEGY
) -> bytes:
    """Encode a whole body.

    Raises:
        ValueError: as for `ContentEncoder`.
    """
    encoder = ContentEncoder(coding, level, strategy=strategy)
    return encoder.encode(data) + encoder.finish()
