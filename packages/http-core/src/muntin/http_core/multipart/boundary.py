"""The boundary between parts (RFC 2046 §5.1.1): its grammar, reading it from a Content-Type, and making one."""

import re
import secrets
from typing import Final

from muntin.http_core.headers.media import parse_media_type
from muntin.http_core.multipart.errors import MultipartError

__all__ = ["boundary_of", "is_boundary", "make_boundary"]

# boundary = 0*69<bchars> bcharsnospace
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


def is_boundary(text: str) -> bool:
    """Return True if a text may be a boundary: 1 to 70 characters of a small alphabet, the last of them no space."""
    return _BOUNDARY.fullmatch(text) is not None


def make_boundary() -> str:
    """Return a new boundary of 128 random bits, which no content has by chance, and which nobody can guess."""
    return secrets.token_hex(16)


def boundary_of(content_type: str) -> str:
    """Return the boundary that a Content-Type field declares.

    Raises:
        MultipartError: 400 if the field is malformed, its type is not multipart, or it has no valid boundary, or two.
    """
    media = parse_media_type(content_type)
    if media is None or media.type != "multipart":
        raise MultipartError(400, "not a multipart media type")
    boundary = media.parameter("boundary")
    if boundary is None:
        raise MultipartError(400, "multipart without a boundary that can be read")
    if not is_boundary(boundary):
        raise MultipartError(400, "malformed multipart boundary")
    return boundary
