"""Content codings (RFC 9110 §8.4): gzip, deflate, br and zstd, both directions, streaming, within bounds.

`ContentDecoder` undoes the codings of a body, `ContentEncoder` applies one. Whatever is wrong with an
encoded body raises `ContentCodingError`, with status 400, 413 or 415.
"""

from muntin.http_core.coding.content_encoding import parse_content_encoding
from muntin.http_core.coding.decoder import ContentDecoder, decode_content
from muntin.http_core.coding.encoder import ContentEncoder, encode_content
from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.limits import DEFAULT_DECODING_LIMITS, DecodingLimits
from muntin.http_core.coding.registry import available_codings, is_available

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
