"""Content-Type as a response states it: type, subtype and charset (RFC 9110 §8.3)."""

import re
from functools import lru_cache
from typing import Final

from muntin.http_core.headers.media import MediaType, format_media_type, parse_media_type
from muntin.http_core.tokens import TOKEN

__all__ = ["OCTET_STREAM", "TEXT_PLAIN", "format_content_type", "read_media_type", "require_media_type"]

OCTET_STREAM: Final = "application/octet-stream"
TEXT_PLAIN: Final = "text/plain; charset=utf-8"
# What a program states is held to the grammar; what a peer sent is read as leniently as browsers do (RFC 9110 §8.3.1).
_PARAMETER: Final = rf'[ \t]*;[ \t]*{TOKEN}=(?:{TOKEN}|"(?:[\t !#-\[\]-~]|\\[\t -~])*")'
_MEDIA_TYPE: Final = re.compile(rf"({TOKEN})/({TOKEN})(?:{_PARAMETER})*")


def require_media_type(text: str) -> MediaType:
    """Parse a type and a subtype, with or without parameters.

    Raises:
        ValueError: it is something else.
    """
    match = _MEDIA_TYPE.fullmatch(text)
    media = parse_media_type(text)
    if match is None or media is None:
        raise ValueError(f"not a type and a subtype: {text!r}")
    # In the spelling that the program chose.
    return MediaType(match[1], match[2], media.parameters)


@lru_cache(64)
def read_media_type(field: str) -> MediaType:
    """Parse a Content-Type; what cannot be parsed is ``application/octet-stream``."""
    return parse_media_type(field) or MediaType("application", "octet-stream")


@lru_cache(64)
def format_content_type(content_type: str, charset: str | None) -> str:
    """Return the value of Content-Type.

    Args:
        content_type: type and subtype, with or without parameters.
        charset: the charset; None for none.

    Raises:
        ValueError: `content_type` is something else, or names a charset itself; or `charset` is no charset.
    """
    media = require_media_type(content_type)
    if media.charset is not None:
        raise ValueError("charset must not be in content_type: pass it as charset")
    if charset is None:
        return format_media_type(media)
    return format_media_type(MediaType(media.type, media.subtype, (*media.parameters, ("charset", charset))))
