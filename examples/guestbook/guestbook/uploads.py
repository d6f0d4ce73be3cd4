"""Images that visitors leave: known by their content, and kept under names of our own."""

import re
import secrets
from dataclasses import dataclass
from typing import Self

MAX_IMAGE_MEBIBYTES = 2
MAX_IMAGE_BYTES = MAX_IMAGE_MEBIBYTES * 1024 * 1024

# What a file begins with, by its format's specification. Its name, and the type that the visitor claims, say nothing.
SIGNATURES = {
    "image/png": re.compile(rb"\x89PNG\r\n\x1a\n"),
    "image/jpeg": re.compile(rb"\xff\xd8\xff"),
    "image/gif": re.compile(rb"GIF8[79]a"),
    "image/webp": re.compile(rb"RIFF.{4}WEBPVP8[ LX]", re.DOTALL),
}
SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "image/gif": ".gif", "image/webp": ".webp"}


class UnknownImageError(ValueError):
    """The content is not an image of a type that we take."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image: the name we gave it, its media type, its bytes."""

    name: str
    media_type: str
    content: bytes

    @classmethod
    def from_content(cls, content: bytes) -> Self:
        """Find the type by the content and make a new name; raise UnknownImageError."""
        for media_type, signature in SIGNATURES.items():
            if signature.match(content):
                return cls(secrets.token_hex(16) + SUFFIXES[media_type], media_type, content)
        raise UnknownImageError
