"""The boundary between parts (RFC 2046 §5.1.1).

Knows what may be one, where a Content-Type says it, and how to make one. Does not look for it in a body.
"""

import re
import secrets
from typing import Final

from muntin.http_core.headers.media import parse_media_type
from muntin.http_core.multipart.errors import MultipartError

__all__ = ["boundary_of", "is_boundary", "make_boundary"]

# boundary = 0*69<bchars> bcharsnospace
_BOUNDARY: Final = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")


def is_boundary(text: str) -> bool:
    """Tell whether a text may part the parts: 1 to 70 characters of a small alphabet, the last not a space."""
    return _BOUNDARY.fullmatch(text) is not None


def make_boundary() -> str:
    """Give a boundary that nobody can guess: 128 random bits keep it out of any content, even a hostile
    one.
    """
    return secrets.token_hex(16)


def boundary_of(content_type: str) -> str:
    """Give the boundary that a Content-Type field declares.

    Raises:
        MultipartError: 400, the field is malformed, no multipart type, or declares no valid boundary, or two.
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
