"""Which codings there are, and which of them can be used here (RFC 9110 §8.4.1).

gzip and deflate always can. br and zstd can where the extras `brotli` and `zstd` are installed; their
modules are not even imported before they are asked for.
"""

from functools import cache
from importlib import import_module
from typing import Final

from muntin.http_core.coding._codec import Codec

__all__ = ["available_codings", "canonical_coding", "find_codec", "is_available"]

# Each coding with the module and the name of its codec; the best first, as a server would choose between
# equals.
_CODECS: Final = {
    "zstd": ("_zstd", "ZSTD"),
    "br": ("_brotli", "BR"),
    "gzip": ("_zlib", "GZIP"),
    "deflate": ("_zlib", "DEFLATE"),
}
# RFC 9110 §8.4.1.3: a recipient treats it as gzip.
_ALIASES: Final = {"x-gzip": "gzip"}


def canonical_coding(name: str) -> str:
    """Give the name of a coding in lower case, without what is left of experimental times (``x-gzip``)."""
    name = name.lower()
    return _ALIASES.get(name, name)


def is_available(coding: str) -> bool:
    """Tell whether content can be decoded from and encoded in a coding here."""
    return find_codec(coding) is not None


def available_codings() -> tuple[str, ...]:
    """Give the codings that can be used here, the best first."""
    return tuple(coding for coding in _CODECS if is_available(coding))


def find_codec(coding: str) -> Codec | None:
    """Give the codec of a coding, or None when it is unknown or not installed."""
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
