"""Undoing the codings of one body, piece by piece.

Knows how codings stack, and the bounds on what may come out. Does not know any coding.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from muntin.http_core.coding._codec import StreamDecoder
from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.limits import DEFAULT_DECODING_LIMITS, DecodingLimits
from muntin.http_core.coding.registry import find_codec

__all__ = ["ContentDecoder", "decode_content"]

# The libraries copy the input that they leave, for each piece of output: small slices keep that linear.
# Between two codings the pieces are small anyway.
_SLICE: Final = 16384


class _Identity:
    """No coding at all, within the same bounds."""

    def __init__(self, limits: DecodingLimits) -> None:
        self._chunk = limits.chunk

    def decode(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), self._chunk):
            yield data[at : at + self._chunk]

    def finish(self) -> None:
        """Nothing can be missing."""


class _Stage:
    """One coding, with a meter on it.

    Each of several has its own, and all compare their output with what came in as the body: what a coding in
    the middle blows up costs time, even when the last one shrinks it, and two modest ratios make an immodest
    one.
    """

    def __init__(self, stream: StreamDecoder, limits: DecodingLimits) -> None:
        self._stream = stream
        self._limits = limits
        self._taken = 0
        self._given = 0
        self.finish = stream.finish

    def decode(self, data: bytes, received: int) -> Iterator[bytes]:
        self._taken += len(data)
        for piece in self._stream.decode(data):
            self._given += len(piece)
            self._check_size(received)
            yield piece
        self._check_overhead()

    def _check_size(self, received: int) -> None:
        limits = self._limits
        if limits.output is not None and self._given > limits.output:
            raise ContentCodingError(413, "decoded content too large")
        if self._given > max(limits.ratio_floor, limits.ratio * received):
            raise ContentCodingError(413, "encoded content expands too much")

    def _check_overhead(self) -> None:
        """Refuse input that goes on and says nothing: whoever bounds the output alone would read it for ever."""
        if self._taken > max(self._limits.overhead_floor, self._limits.overhead * self._given):
            raise ContentCodingError(413, "encoded content says too little")


class ContentDecoder:
    """Undoes the codings of one body.

    Args:
        codings: in the order in which they were applied, from `parse_content_encoding`; none is fine.
        limits: see `DecodingLimits`.

    Raises:
        ContentCodingError: 415, a coding is unknown or not installed, or there are too many.
        ValueError: the codings are one text in place of a sequence of them.
    """

    def __init__(self, codings: Sequence[str], limits: DecodingLimits = DEFAULT_DECODING_LIMITS) -> None:
        if isinstance(codings, str):
            raise ValueError(f"codings are a sequence, such as [{codings!r}], not one text")
        if len(codings) > limits.codings:
            raise ContentCodingError(415, "too many content codings")
        streams = [_make_stream(coding, limits) for coding in reversed(codings)]
        self._stages = [_Stage(stream, limits) for stream in streams or [_Identity(limits)]]
        self._received = 0
        self._fault: tuple[int, str] | None = None

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Give what the next bytes of the body say, in pieces of at most `DecodingLimits.chunk` bytes.

        Nothing is decoded before a piece is asked for, so that the pace is the caller's. Exhaust the
        iterator before the next call.

        Raises:
            ContentCodingError: 400 corrupt, 413 beyond a limit. So it is for every later call.
        """
        if self._fault is not None:
            raise ContentCodingError(*self._fault)
        try:
            for at in range(0, len(data), _SLICE):
                fed = data[at : at + _SLICE]
                self._received += len(fed)
                yield from self._decode(fed, 0)
        except ContentCodingError as error:
            # Not the error itself: it keeps the frames that it goes through, and they us.
            self._fault = (error.status, error.reason)
            raise

    def _decode(self, data: bytes, depth: int) -> Iterator[bytes]:
        pieces = self._stages[depth].decode(data, self._received)
        if depth == len(self._stages) - 1:
            yield from pieces
            return
        for piece in pieces:
            yield from self._decode(piece, depth + 1)

    def finish(self) -> None:
        """Hold the body to be complete; an empty one is, in every coding.

        Raises:
            ContentCodingError: 400, it is cut off.
        """
        if self._fault is not None:
            raise ContentCodingError(*self._fault)
        for stage in self._stages:
            stage.finish()


def _make_stream(coding: str, limits: DecodingLimits) -> StreamDecoder:
    codec = find_codec(coding)
    if codec is None:
        raise ContentCodingError(415, "unknown content coding")
    return codec.make_decoder(limits)


def decode_content(
    data: bytes, codings: Sequence[str], limits: DecodingLimits = DEFAULT_DECODING_LIMITS
) -> bytes:
    """Give a whole body decoded.

    Raises:
        ContentCodingError: see `ContentDecoder`.
    """
    decoder = ContentDecoder(codings, limits)
    content = b"".join(decoder.decode(data))
    decoder.finish()
    return content
