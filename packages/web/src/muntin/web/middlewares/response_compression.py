"""Response compression: the responses that are worth it, by type and size.

The response itself negotiates the coding, and changes its fields.
"""

from collections.abc import Collection
from typing import Final

from muntin.http_core.headers.cache_control import parse_cache_control
from muntin.http_core.headers.media import MediaType, parse_media_type
from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.middlewares._names import check_collection
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPException
from muntin.web.response.stream import StreamResponse
from muntin.web.response.whole import Response

__all__ = ["COMPRESSIBLE_TYPES", "compression_middleware"]

COMPRESSIBLE_TYPES: Final = frozenset(
    (
        "text/*",
        "application/javascript",
        "application/json",
        "application/wasm",
        "application/x-ndjson",
        "application/xml",
        "application/yaml",
        "font/otf",
        "font/ttf",
        "image/bmp",
        "image/x-icon",
        "*/*+json",
        "*/*+xml",
    )
)
"""Media types that become much smaller; pictures, films and archives are compressed already."""

_FIELDS_OF_BYTES: Final = (
    "Content-Encoding",
    "Content-Range",
    "Content-Digest",
    "Repr-Digest",
    "Digest",
    "Content-MD5",
)
"""Fields that describe the exact bytes (RFC 9110 §8.4, §14.4; RFC 9530, and what was before it)."""
_SMALLEST: Final = 1024
"""Bytes: a smaller body fits into one packet in any case."""


def compression_middleware(
    *, smallest: int = _SMALLEST, types: Collection[str] = COMPRESSIBLE_TYPES, level: int | None = None
) -> Middleware:
    """Make a middleware that compresses whole responses in the coding that the client prefers.

    Streams are not compressed, as their pieces may be small, nor are files, which may have compressed forms on the
    disk; their handlers may call `enable_compression`. A response that holds a secret beside
    text which an attacker chooses must not be compressed, as its size would reveal the secret; its handler prevents
    that by ``response.enable_compression(ContentCoding.identity)``, or by ``Cache-Control: no-transform``.

    Args:
        smallest: the smallest size that is compressed (bytes).
        types: media types, ``text/*`` for all of one kind, ``*/*+json`` for all with that suffix.
        level: from fast to small, in the range of the coding. None for one that suits dynamic responses.

    Raises:
        ValueError: a type is no media type.
    """
    chosen = frozenset(map(_check_type, check_collection("media types", types)))

    def consider(response: StreamResponse) -> None:
        if (
            isinstance(response, Response)
            and not response.prepared
            and not response.compression
            and ((response.content_length or 0) >= smallest or _stands_for_another(response))
            and not any(name in response.headers for name in _FIELDS_OF_BYTES)
            and _is_among(response.content_type, chosen)
            and not _forbids_transforming(response)
        ):
            response.enable_compression(level=level)

    @middleware
    async def compress(request: Request, handler: Handler) -> StreamResponse:
        try:
            response = await handler(request)
        except HTTPException as error:
            consider(error)
            raise
        consider(response)
        return response

    return compress


def _stands_for_another(response: StreamResponse) -> bool:
    """Return whether it is a 304, which has the Vary and the entity tag of the 200 (RFC 9110 §15.4.5)."""
    return response.status == 304 and any(name in response.headers for name in ("ETag", "Last-Modified"))


def _forbids_transforming(response: StreamResponse) -> bool:
    """Return whether Cache-Control forbids transforming the response (RFC 9111 §5.2.2.6)."""
    lines = response.headers.getall("Cache-Control", [])
    control = parse_cache_control(", ".join(lines)) if lines else None
    return control is not None and "no-transform" in control


def _check_type(text: str) -> str:
    media: MediaType | None = parse_media_type(text)
    if media is None or media.essence != text.lower():
        raise ValueError(f"not a media type: {text!r}")
    return media.essence


def _is_among(essence: str, types: frozenset[str]) -> bool:
    kind, _, subtype = essence.partition("/")
    suffix = subtype.rpartition("+")[2]
    return not types.isdisjoint((essence, f"{kind}/*", f"*/*+{suffix}"))
