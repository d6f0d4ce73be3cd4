"""How large a multipart body may be: names, numbers, and the reasons for these numbers."""

from dataclasses import dataclass
from typing import Final

__all__ = ["DEFAULT_MULTIPART_LIMITS", "MultipartLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MultipartLimits:
    """Bounds on one multipart body (sizes in bytes); 413 beyond each. All are checked while the body is read."""

    parts: int = 1000
    """The number of parts. The largest forms have some hundred fields; PHP and Django stop at 1000."""
    part_headers: int = 32
    """The number of fields in the head of a part. RFC 7578 has three."""
    part_header_size: int = 8190
    """All fields in the head of one part. They may be as large as one field of a request: most of it is a file name."""
    part_size: int | None = None
    """The content of one part. None: only `size` bounds it."""
    size: int | None = None
    """The whole body. None: the caller bounds it."""
    preamble: int = 4096
    """The bytes before the first part. Mail has a sentence there; HTTP clients send nothing."""
    epilogue: int = 4096
    """The bytes after the last part."""


DEFAULT_MULTIPART_LIMITS: Final = MultipartLimits()
