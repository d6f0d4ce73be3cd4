"""Content codings (RFC 9110 §8.4): gzip, deflate, br and zstd, both directions, streaming, within bounds.

`decoder.ContentDecoder` decodes a body, `encoder.ContentEncoder` encodes one. Any fault of an encoded body raises
`errors.ContentCodingError`, with status 400, 413 or 415.

Each module is loaded when it is first used.
"""

from typing import TYPE_CHECKING

from muntin.http_core import _door

if TYPE_CHECKING:
    from muntin.http_core.coding import (
        content_encoding,
        decoder,
        encoder,
        errors,
        limits,
        registry,
    )
    from muntin.http_core.coding.content_encoding import *  # noqa: F403
    from muntin.http_core.coding.decoder import *  # noqa: F403
    from muntin.http_core.coding.encoder import *  # noqa: F403
    from muntin.http_core.coding.errors import *  # noqa: F403
    from muntin.http_core.coding.limits import *  # noqa: F403
    from muntin.http_core.coding.registry import *  # noqa: F403

__all__ = [
    "content_encoding",
    "decoder",
    "encoder",
    "errors",
    "limits",
    "registry",
]

if not TYPE_CHECKING:
    __getattr__, __dir__ = _door.load_when_used(__name__, __all__)
