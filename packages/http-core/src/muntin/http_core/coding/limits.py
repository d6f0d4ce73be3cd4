"""How much decoding may cost: names, numbers, and the reasons for these numbers."""

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT_DECODING_LIMITS", "DecodingLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingLimits:
    """Bounds on decoding one body (sizes in bytes); each holds for every coding of several."""

    codings: int = 3
    """The number of codings that were applied one after the other; 415 beyond. One is usual, and two are a mistake of a
    proxy.
    """
    output: int | None = None
    """All decoded bytes together; 413 beyond. None: the caller counts them."""
    ratio: int = 1032
    """How many times larger than the input the output may be; 413 beyond. Deflate cannot reach more. Input of other
    codings, or of several, that does is made for an attack."""
    ratio_floor: int = 1 << 20
    """Output up to which the ratio is not checked: few bytes may well stand for a megabyte of equal bytes."""
    overhead: int = 32
    """How many times larger than the output the input may be; 413 beyond. A coding that is flushed after every byte
    takes about eight bytes for each, and three codings take eleven. Input that takes more could continue without any
    output for ever."""
    overhead_floor: int = 1 << 18
    """Input up to which the overhead is not checked: zstd returns nothing before a block of up to 128 KiB is whole."""
    chunk: int = 65536
    """The largest piece that is returned at once. It also bounds the memory that decoding takes."""
    members: int = 1000
    """The number of gzip members or zstd frames; 413 beyond. They cost time even if they are empty."""
    window: int = 8 << 20
    """How far back zstd may refer; 413 beyond. RFC 9659 §3 demands that a recipient accepts this, and that nobody sends
    more.
    """


DEFAULT_DECODING_LIMITS: Final = DecodingLimits()
