"""How much decoding may cost: names, numbers, and why these numbers."""

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT_DECODING_LIMITS", "DecodingLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DecodingLimits:
    """Bounds on decoding one body (sizes in bytes); each holds for every coding of several."""

    codings: int = 3
    """How many codings one on top of the other; 415 beyond. One is usual, and two are a mistake of a proxy.
    """
    output: int | None = None
    """All that comes out; 413 beyond. None: whoever takes the pieces bounds it."""
    ratio: int = 1032
    """How many times larger than the input the output may be; 413 beyond. No deflate reaches more: what
    does is made of other codings, or of several, and is made to do so."""
    ratio_floor: int = 1 << 20
    """Output up to which the ratio does not matter: few bytes can well say a megabyte of the same."""
    overhead: int = 32
    """How many times larger than the output the input may be; 413 beyond. A coding that is flushed after every
    byte takes about eight bytes for each, and three of them eleven; what takes more says nothing for as long as
    it likes."""
    overhead_floor: int = 1 << 18
    """Input up to which that does not matter: zstd holds up to 128 KiB back, until a block is complete."""
    chunk: int = 65536
    """The largest piece that is given at once; with it, the memory that decoding takes."""
    members: int = 1000
    """How many gzip members or zstd frames in a row; 413 beyond. They cost time and need not hold anything.
    """
    window: int = 8 << 20
    """How far back zstd may refer; 413 beyond. RFC 9659 §3 asks for at least this, and for no more to be
    sent.
    """


DEFAULT_DECODING_LIMITS: Final = DecodingLimits()
