"""How much of anything a multipart body may have: names, numbers, and why these numbers."""

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT_MULTIPART_LIMITS", "MultipartLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipartLimits:
    """Bounds on one multipart body, all on what has accumulated; 413 beyond each (sizes in bytes)."""

    parts: int = 1000
    """How many parts. The largest forms have some hundred fields; PHP and Django stop at 1000."""
    part_headers: int = 32
    """How many fields a part's head has. RFC 7578 knows three."""
    part_header_size: int = 8190
    """All fields of one part's head, as large as one field of a request may be: there is little but a file
    name.
    """
    part_size: int | None = None
    """The content of one part. None: only `size` bounds it."""
    size: int | None = None
    """The whole body. None: whoever feeds the decoder bounds it."""
    preamble: int = 4096
    """What comes before the first part. Mail put a sentence there; HTTP clients put nothing."""
    epilogue: int = 4096
    """What comes after the last part."""


DEFAULT_MULTIPART_LIMITS: Final = MultipartLimits()
