"""The names of the compressed forms of a file, and the choice among them by Accept-Encoding.

Nothing is opened here: whether a sibling exists is checked elsewhere.
"""

from functools import lru_cache
from typing import Final

from muntin.http_core.headers.accept import negotiate_encoding
from muntin.static._media_types import suffix_of

__all__ = ["SIBLINGS", "choose_coding", "siblings_of"]

SIBLINGS: Final = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""Content codings (RFC 9110 §8.4.1) by the suffix of the sibling that holds them, the smallest result first."""


def siblings_of(name: str) -> dict[str, str]:
    """Return the names of the compressed forms of a file, by coding; none for such a form itself."""
    if suffix_of(name) in _SUFFIXES:
        return {}
    return {coding: name + suffix for coding, suffix in SIBLINGS.items()}


_SUFFIXES: Final = frozenset(SIBLINGS.values())


@lru_cache(maxsize=256)  # all browsers together send a handful of values
def choose_coding(accepted: str, available: tuple[str, ...]) -> str:
    """Return the coding that an Accept-Encoding field prefers, or "" for the content as it is.

    `available` is in the server's order of preference, which decides between equals.
    """
    return negotiate_encoding(accepted, available) or ""
