"""Content codings (RFC 9110 §8.4): gzip, deflate, br and zstd, both directions, streaming, within bounds.

`ContentDecoder` undoes the codings of a body, `ContentEncoder` applies one. Whatever is wrong with an
encoded body raises `ContentCodingError`, with status 400, 413 or 415.
"""

from typing import TYPE_CHECKING, Final

from muntin.http_core import _door

if TYPE_CHECKING:
    from muntin.http_core.coding.content_encoding import parse_content_encoding
    from muntin.http_core.coding.decoder import ContentDecoder, decode_content
    from muntin.http_core.coding.encoder import ContentEncoder, encode_content
    from muntin.http_core.coding.errors import ContentCodingError
    from muntin.http_core.coding.limits import DEFAULT_DECODING_LIMITS, DecodingLimits
    from muntin.http_core.coding.registry import available_codings, is_available

_HOMES: Final = {
    "muntin.http_core.coding.content_encoding": "parse_content_encoding",
    "muntin.http_core.coding.decoder": "ContentDecoder decode_content",
    "muntin.http_core.coding.encoder": "ContentEncoder encode_content",
    "muntin.http_core.coding.errors": "ContentCodingError",
    "muntin.http_core.coding.limits": "DEFAULT_DECODING_LIMITS DecodingLimits",
    "muntin.http_core.coding.registry": "available_codings is_available",
}

if not TYPE_CHECKING:
    __getattr__, __dir__ = _door.open_door(__name__, _HOMES)

__all__ = [
    "DEFAULT_DECODING_LIMITS",
    "ContentCodingError",
    "ContentDecoder",
    "ContentEncoder",
    "DecodingLimits",
    "available_codings",
    "decode_content",
    "encode_content",
    "is_available",
    "parse_content_encoding",
]
