"""Content-Type as a response states it: type, subtype and charset (RFC 9110 §8.3)."""

import re
from functools import lru_cache
from typing import Final

from muntin.http_core.headers.media import MediaType, format_media_type, parse_media_type
from muntin.http_core.tokens import TOKEN

__all__ = ["OCTET_STREAM", "TEXT_PLAIN", "check_essence", "format_content_type", "read_media_type"]

OCTET_STREAM: Final = "application/octet-stream"
TEXT_PLAIN: Final = "text/plain; charset=utf-8"
_ESSENCE: Final = re.compile(f"{TOKEN}/{TOKEN}")


def check_essence(essence: str) -> None:
    """Check that a text is a type and a subtype, without parameters.

    Raises:
        ValueError: it is not.
    """
    if not _ESSENCE.fullmatch(essence):
        raise ValueError(f"not a type and a subtype: {essence!r}")


@lru_cache(64)
def read_media_type(field: str) -> MediaType:
    """Parse a Content-Type; what cannot be parsed is ``application/octet-stream``."""
    return parse_media_type(field) or MediaType("application", "octet-stream")


@lru_cache(64)
def format_content_type(essence: str, charset: str | None) -> str:
    """Return the value of Content-Type.

    Raises:
        ValueError: `essence` is not a type and a subtype, or `charset` no charset.
    """
    if ";" in essence:
        raise ValueError("charset must not be in content_type: pass it as charset")
    check_essence(essence)
    if charset is None:
        return essence
    return essence + format_media_type(MediaType("a", "b", (("charset", charset),)))[3:]
