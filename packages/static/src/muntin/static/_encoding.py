"""What a file's name says of its bytes: the media type, and the content codings that lie beside it ready-made.

Knows names, never contents. Does not know the file system: whether a sibling exists is asked elsewhere.
"""

import mimetypes
from functools import lru_cache
from typing import Final

from muntin.http_core.headers import negotiate_encoding

SIBLINGS: Final = {"br": ".br", "zstd": ".zst", "gzip": ".gz"}
"""Content codings (RFC 9110 §8.4.1) by the suffix of the sibling that holds them, the smallest result first."""

FALLBACK_TYPE: Final = "application/octet-stream"

# The types on which the web depends, pinned: the platform's table (`/etc/mime.types`, the Windows registry) may lack
# them or have them wrong, and a browser does not run a module that comes as text/plain.
_PINNED: Final = {
    ".avif": "image/avif",
    ".css": "text/css",
    ".csv": "text/csv",
    ".flac": "audio/flac",
    ".gif": "image/gif",
    ".gltf": "model/gltf+json",
    ".glb": "model/gltf-binary",
    ".htm": "text/html",
    ".html": "text/html",
    ".ico": "image/vnd.microsoft.icon",
    ".ics": "text/calendar",
    ".jpeg": "image/jpeg",
    ".jpg": "image/jpeg",
    ".js": "text/javascript",
    ".json": "application/json",
    ".jsonld": "application/ld+json",
    ".jxl": "image/jxl",
    ".m4a": "audio/mp4",
    ".map": "application/json",
    ".md": "text/markdown",
    ".mjs": "text/javascript",
    ".mp3": "audio/mpeg",
    ".mp4": "video/mp4",
    ".ogg": "audio/ogg",
    ".opus": "audio/ogg",
    ".otf": "font/otf",
    ".pdf": "application/pdf",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".toml": "application/toml",
    ".ttf": "font/ttf",
    ".txt": "text/plain",
    ".wasm": "application/wasm",
    ".weba": "audio/webm",
    ".webm": "video/webm",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff": "font/woff",
    ".woff2": "font/woff2",
    ".xhtml": "application/xhtml+xml",
    ".xml": "application/xml",
    ".yaml": "application/yaml",
    ".yml": "application/yaml",
    ".zip": "application/zip",
    # Files whose own bytes are compressed. They are sent as they are: with a Content-Encoding the recipient
    # would save something else than what was asked for.
    ".br": FALLBACK_TYPE,
    ".bz2": "application/x-bzip2",
    ".gz": "application/gzip",
    ".tgz": "application/gzip",
    ".xz": "application/x-xz",
    ".z": "application/x-compress",
    ".zst": "application/zstd",
}


def media_type_of(name: str) -> str:
    """Give the Content-Type for a file name; text is declared to be UTF-8.

    Extensions outside the built-in table are looked up with `mimetypes`, so that `mimetypes.add_type` extends it.
    """
    extension = suffix_of(name)
    guessed = _PINNED.get(extension) or mimetypes.guess_type(f"name{extension}")[0] or FALLBACK_TYPE
    return f"{guessed}; charset=utf-8" if guessed.startswith("text/") else guessed


def suffix_of(name: str) -> str:
    """Give the last extension, in lower case, with its dot; empty when there is none, as in `.profile`."""
    stem, dot, extension = name.rpartition(".")
    return f".{extension.lower()}" if dot and stem else ""


def siblings_of(name: str) -> dict[str, str]:
    """Give the names under which compressed forms of a file would lie, by coding; none for such a form itself."""
    if suffix_of(name) in _SUFFIXES:
        return {}
    return {coding: name + suffix for coding, suffix in SIBLINGS.items()}


_SUFFIXES: Final = frozenset(SIBLINGS.values())


@lru_cache(maxsize=256)  # all browsers together send a handful of values
def choose_coding(accepted: str, available: tuple[str, ...]) -> str:
    """Give the coding that an Accept-Encoding field likes best, or "" for the content as it is.

    `available` is in the server's order of preference, which decides between equals.
    """
    return negotiate_encoding(accepted, available) or ""
