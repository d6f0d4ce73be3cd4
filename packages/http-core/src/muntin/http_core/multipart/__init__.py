"""Multipart bodies (RFC 2046, RFC 7578) without I/O: bytes to events, and parts to bytes.

The decoder is `decoder.MultipartDecoder`, the encoder `encoder.MultipartEncoder`. A part that is multipart itself
needs a decoder of its own. Any fault of a body raises `errors.MultipartError`, with status 400 or 413.

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
    from muntin.http_core.multipart.boundary import *  # noqa: F403
    from muntin.http_core.multipart.charset import *  # noqa: F403
    from muntin.http_core.multipart.decoder import *  # noqa: F403
    from muntin.http_core.multipart.encoder import *  # noqa: F403
    from muntin.http_core.multipart.errors import *  # noqa: F403
    from muntin.http_core.multipart.events import *  # noqa: F403
    from muntin.http_core.multipart.limits import *  # noqa: F403
    from muntin.http_core.multipart.transfer import *  # noqa: F403

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
