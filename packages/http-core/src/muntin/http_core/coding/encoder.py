"""Applying a coding to one body, piece by piece.

Knows levels. Does not know which bodies are worth it, nor what the client accepts.
"""

import zlib

from muntin.http_core.coding.registry import find_codec

__all__ = ["ContentEncoder", "encode_content"]


class ContentEncoder:
    """Encodes one body.

    Args:
        coding: one of `available_codings`.
        level: from fast to small: 1 to 9 for gzip and deflate, 0 to 11 for br, 1 to 19 for zstd; None for a
            level that suits content made on the fly.
        strategy: one of zlib's (`zlib.Z_FILTERED` …), for gzip and deflate; the other codings have none.

    Raises:
        ValueError: the coding is unknown or not installed, or it has no such level or strategy.
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
        """Take content and give what is ready, which may be nothing."""
        return self._stream.encode(data)

    def flush(self) -> bytes:
        """Give all that the peer needs to decode what was taken so far; each call costs some of the
        compression.
        """
        return self._stream.flush()

    def finish(self) -> bytes:
        """Give the rest; nothing can be encoded after it."""
        return self._stream.finish()


def encode_content(
    data: bytes, coding: str, level: int | None = None, *, strategy: int = zlib.Z_DEFAULT_STRATEGY
) -> bytes:
    """Give a whole body encoded.

    Raises:
        ValueError: see `ContentEncoder`.
    """
    encoder = ContentEncoder(coding, level, strategy=strategy)
    return encoder.encode(data) + encoder.finish()
