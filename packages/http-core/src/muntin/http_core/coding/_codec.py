"""The interface of a coding: a streaming decoder and a streaming encoder.

A decoder returns pieces of bounded size, however small the input is from which they come. It does not count totals: its
caller does.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple, Protocol

from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.limits import DecodingLimits

__all__ = [
    "Codec",
    "StreamDecoder",
    "StreamEncoder",
    "corrupt",
    "excess_input",
    "too_many_members",
    "truncated",
]


class StreamDecoder(Protocol):
    """Decodes one coding."""

    def decode(self, data: bytes) -> Iterator[bytes]:
        """Iterate over the decoded data, in pieces; exhaust the iterator before the next call."""

    def finish(self) -> None:
        """Refuse input that is not complete."""


class StreamEncoder(Protocol):
    """Applies one coding."""

    def encode(self, data: bytes) -> bytes:
        """Encode content, and return the output that is ready, which may be empty."""

    def flush(self) -> bytes:
        """Return the output that the peer needs to decode all content so far."""

    def finish(self) -> bytes:
        """Return the rest of the output."""


class Codec(NamedTuple):
    """One coding."""

    make_decoder: Callable[[DecodingLimits], StreamDecoder]
    make_encoder: Callable[[int, int], StreamEncoder]
    """Takes a level, and a strategy of zlib (`zlib.Z_FILTERED` …), which other codings ignore."""
    levels: range
    """From the fastest to the one with the smallest output."""
    default_level: int


def corrupt() -> ContentCodingError:
    """Build the error for input that no encoder writes."""
    return ContentCodingError(400, "corrupt content coding")


def truncated() -> ContentCodingError:
    """Build the error for input that ends too early."""
    return ContentCodingError(400, "encoded content is cut off")


def excess_input() -> ContentCodingError:
    """Build the error for input behind the end."""
    return ContentCodingError(400, "encoded content continues after its end")


def too_many_members() -> ContentCodingError:
    """Build the error for too many members or frames."""
    return ContentCodingError(413, "too many members in encoded content")
