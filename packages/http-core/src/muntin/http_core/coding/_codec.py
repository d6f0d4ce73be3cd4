"""What a coding has to provide: a streaming decoder and a streaming encoder.

A decoder gives pieces of bounded size however little input makes them. It does not count totals: that is
for the one who drives it.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.limits import DecodingLimits

__all__ = ["Codec", "StreamDecoder", "StreamEncoder", "corrupt", "cut_off", "goes_on", "too_many_members"]


class StreamDecoder(Protocol):
    """Undoes one coding."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Give what the data says, in pieces; to be exhausted before the next call."""

    def finish(self) -> None:
        """Hold the input to be complete."""


class StreamEncoder(Protocol):
    """Applies one coding."""

    def encode(self, data: bytes) -> bytes:
        """Take content; give what is ready, which may be nothing."""

    def flush(self) -> bytes:
        """Give all that the peer needs to decode what was taken so far."""

    def finish(self) -> bytes:
        """Give the rest."""


class Codec(NamedTuple):
    """One coding."""

    make_decoder: Callable[[DecodingLimits], StreamDecoder]
    make_encoder: Callable[[int, int], StreamEncoder]
    """Takes a level, and a strategy of zlib's (`zlib.Z_FILTERED` …), which means nothing to codings that are not."""
    levels: range
    """From fast to small."""
    default_level: int


def corrupt() -> ContentCodingError:
    """Make the error for input that no encoder makes."""
    return ContentCodingError(400, "corrupt content coding")


def cut_off() -> ContentCodingError:
    """Make the error for input that ends too early."""
    return ContentCodingError(400, "encoded content is cut off")


def goes_on() -> ContentCodingError:
    """Make the error for input behind the end."""
    return ContentCodingError(400, "encoded content goes on after its end")


def too_many_members() -> ContentCodingError:
    """Make the error for an endless row of members or frames."""
    return ContentCodingError(413, "too many members in encoded content")
