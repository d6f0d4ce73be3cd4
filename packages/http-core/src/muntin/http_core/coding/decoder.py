"""Decoding one body, piece by piece: how codings are stacked, and the bounds on their output.

The codings themselves are in modules of their own.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from muntin.http_core.coding._codec import StreamDecoder
from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.limits import DEFAULT_DECODING_LIMITS, DecodingLimits
from muntin.http_core.coding.registry import find_codec

__all__ = ["ContentDecoder", "decode_content"]

# For each piece of output, the libraries copy the input that they have not used: small slices keep that linear. Between
# two codings the pieces are small anyway.
_SLICE: Final = 16384


class _Identity:
    """No coding, within the same bounds."""

    def __init__(self, limits: DecodingLimits) -> None:
        self._chunk = limits.chunk

    def decode(self, data: bytes) -> Iterator[bytes]:
        for at in range(0, len(data), self._chunk):
            yield data[at : at + self._chunk]

    def finish(self) -> None:
        """Accept the end anywhere."""


class _Stage:
    """One coding of a body, with bounds on its output.

    All stages compare their output with the bytes of the body that were received, and not with their own input: output
    of a coding in the middle costs time even if the last coding makes it small again, and the ratios of two codings
    multiply.
    """

    def __init__(self, stream: StreamDecoder, limits: DecodingLimits) -> None:
        self._stream = stream
        self._limits = limits
        self._taken = 0
        self._returned = 0
        self.finish = stream.finish

    def decode(self, data: bytes, received: int) -> Iterator[bytes]:
        self._taken += len(data)
        for piece in self._stream.decode(data):
            self._returned += len(piece)
            self._check_size(received)
            yield piece
        self._check_overhead()

    def _check_size(self, received: int) -> None:
        limits = self._limits
        if limits.output is not None and self._returned > limits.output:
            raise ContentCodingError(413, "decoded content too large")
        if self._returned > max(limits.ratio_floor, limits.ratio * received):
            raise ContentCodingError(413, "encoded content expands too much")

    def _check_overhead(self) -> None:
        """Refuse input that continues without output: a reader that bounds the output alone would read it for ever."""
        if self._taken > max(self._limits.overhead_floor, self._limits.overhead * self._returned):
            raise ContentCodingError(413, "encoded content has too little output")


class ContentDecoder:
    """Decodes one body.

    Args:
        codings: in the order in which they were applied, from `parse_content_encoding`; may be empty.
        limits: see `DecodingLimits`.

    Raises:
        ContentCodingError: 415 if a coding is unknown or not installed, or there are too many.
        ValueError: the codings are one text in place of a sequence.
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
        """Iterate over the next decoded bytes of the body, in pieces of at most `DecodingLimits.chunk` bytes.

        Each piece is decoded when the iterator reaches it, so the caller sets the pace. Exhaust the iterator before the
        next call.

        Raises:
            ContentCodingError: 400 if the data is corrupt, 413 if it exceeds a limit. Every later call raises it, too.
        """
        if self._fault is not None:
            raise ContentCodingError(*self._fault)
        try:
            for at in range(0, len(data), _SLICE):
                piece = data[at : at + _SLICE]
                self._received += len(piece)
                yield from self._decode(piece, 0)
        except ContentCodingError as error:
            # The error itself is not kept: its traceback refers to frames, and those to this object.
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
        """Refuse a body that is not complete; an empty one is complete in every coding.

        Raises:
            ContentCodingError: 400 if the body is cut off.
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
    """Decode a whole body.

    Raises:
        ContentCodingError: as for `ContentDecoder`, its `decode` and its `finish`.
    """
    decoder = ContentDecoder(codings, limits)
    content = b"".join(decoder.decode(data))
    decoder.finish()
    return content
