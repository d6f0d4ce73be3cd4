"""Multipart bodies (RFC 2046, RFC 7578) without I/O: bytes to events, and parts to bytes.

The decoder is `decoder.MultipartDecoder`, the encoder `encoder.MultipartEncoder`. A part that is multipart itself
needs a decoder of its own. Whatever is wrong with a body raises `errors.MultipartError`, with status 400 or 413.

Each module is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from muntin.http_core import _door

if TYPE_CHECKING:
    from muntin.http_core.multipart import (
        boundary,
        charset,
        decoder,
        encoder,
        errors,
        events,
        limits,
        transfer,
    )

__all__ = [
    "boundary",
    "charset",
    "decoder",
    "encoder",
    "errors",
    "events",
    "limits",
    "transfer",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = _door.load_when_used(__name__, __all__)
