"""Multipart bodies (RFC 2046, RFC 7578) without I/O: bytes to events, and parts to bytes.

The decoder is `MultipartDecoder`, the encoder `MultipartEncoder`. A part that is multipart itself goes
through a decoder of its own. Whatever is wrong with a body raises `MultipartError`, with status 400 or 413.
"""

from typing import TYPE_CHECKING, Final

from muntin.http_core import _door

if TYPE_CHECKING:
    from muntin.http_core.multipart.boundary import boundary_of, is_boundary, make_boundary
    from muntin.http_core.multipart.charset import decode_text, find_charset
    from muntin.http_core.multipart.decoder import MultipartDecoder
    from muntin.http_core.multipart.encoder import MultipartEncoder
    from muntin.http_core.multipart.errors import MultipartError
    from muntin.http_core.multipart.events import (
        NEED_DATA,
        Finished,
        MultipartEvent,
        PartBegin,
        PartData,
        PartEnd,
    )
    from muntin.http_core.multipart.limits import DEFAULT_MULTIPART_LIMITS, MultipartLimits
    from muntin.http_core.multipart.transfer import (
        Base64Encoder,
        QuotedPrintableEncoder,
        TransferDecoder,
        make_transfer_decoder,
    )

_HOMES: Final = {
    "muntin.http_core.multipart.boundary": "boundary_of is_boundary make_boundary",
    "muntin.http_core.multipart.charset": "decode_text find_charset",
    "muntin.http_core.multipart.decoder": "MultipartDecoder",
    "muntin.http_core.multipart.encoder": "MultipartEncoder",
    "muntin.http_core.multipart.errors": "MultipartError",
    "muntin.http_core.multipart.events": "NEED_DATA Finished MultipartEvent PartBegin PartData PartEnd",
    "muntin.http_core.multipart.limits": "DEFAULT_MULTIPART_LIMITS MultipartLimits",
    "muntin.http_core.multipart.transfer": "Base64Encoder QuotedPrintableEncoder TransferDecoder make_transfer_decoder",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = _door.open_door(__name__, _HOMES)

__all__ = [
    "DEFAULT_MULTIPART_LIMITS",
    "NEED_DATA",
    "Base64Encoder",
    "Finished",
    "MultipartDecoder",
    "MultipartEncoder",
    "MultipartError",
    "MultipartEvent",
    "MultipartLimits",
    "PartBegin",
    "PartData",
    "PartEnd",
    "QuotedPrintableEncoder",
    "TransferDecoder",
    "boundary_of",
    "decode_text",
    "find_charset",
    "is_boundary",
    "make_boundary",
    "make_transfer_decoder",
]
