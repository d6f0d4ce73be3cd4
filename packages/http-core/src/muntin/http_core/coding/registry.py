"""The codings that exist, and those of them that can be used here (RFC 9110 §8.4.1).

gzip and deflate can always be used; br and zstd only where the extras `brotli` and `zstd` are installed. Their modules
are imported when they are first needed.
"""

from functools import cache
from importlib import import_module
from typing import Final

from muntin.http_core.coding._codec import Codec

__all__ = ["available_codings", "canonical_coding", "find_codec", "is_available"]

# Each coding with the module and the name of its codec; the best first, which a server prefers among equals.
_CODECS: Final = {
    "zstd": ("_zstd", "ZSTD"),
    "br": ("_brotli", "BR"),
    "gzip": ("_zlib", "GZIP"),
    "deflate": ("_zlib", "DEFLATE"),
}
# RFC 9110 §8.4.1.3: a recipient treats it as gzip.
_ALIASES: Final = {"x-gzip": "gzip"}


def canonical_coding(name: str) -> str:
    """Return the name of a coding in lower case; the old name ``x-gzip`` becomes ``gzip``."""
    name = name.lower()
    return _ALIASES.get(name, name)


def is_available(coding: str) -> bool:
    """Return True if content can be decoded from and encoded in a coding here."""
    return find_codec(coding) is not None


def available_codings() -> tuple[str, ...]:
    """Return the codings that can be used here, the best first."""
    return tuple(coding for coding in _CODECS if is_available(coding))


def find_codec(coding: str) -> Codec | None:
    """Return the codec of a coding, or None if it is unknown or not installed."""
    coding = canonical_coding(coding)
    return _load_codec(coding) if coding in _CODECS else None


@cache
def _load_codec(coding: str) -> Codec | None:
    module, name = _CODECS[coding]
    try:
        codec: Codec = getattr(import_module(f"muntin.http_core.coding.{module}"), name)
    except ImportError:
        return None
    return codec
