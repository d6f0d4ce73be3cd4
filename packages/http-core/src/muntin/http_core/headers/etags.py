"""Entity tags (RFC 9110 §8.8.3), the lists of them in If-Match and If-None-Match (§13.1), and the two comparisons."""

import re
from collections.abc import Iterable
from typing import Final, NamedTuple

__all__ = [
    "ANY",
    "MAX_ETAGS",
    "ETag",
    "format_etag",
    "format_etags",
    "is_strong_match",
    "is_weak_match",
    "parse_etag",
    "parse_etags",
]


class ETag(NamedTuple):
    """An entity tag."""

    value: str
    """The opaque text, without its quotes."""
    is_weak: bool = False
    """True if representations with this tag are only equivalent, and not equal byte for byte."""


ANY: Final = ETag("*")
"""The ``*`` of If-Match and If-None-Match. So no representation may have the tag ``"*"``."""

MAX_ETAGS: Final = 128
"""The number of tags that a list may have. A cache rarely holds more than five variants."""

_ETAGC: Final = r"[\x21\x23-\x7e\x80-\xff]*"
_VALUE: Final = re.compile(_ETAGC)
_TAG: Final = re.compile(rf'(W/)?"({_ETAGC})"')
_SEPARATOR: Final = re.compile(r"[ \t]*+(?:,[ \t,]*+|$)")


def parse_etag(text: str) -> ETag | None:
    """Parse the entity tag of an ETag or If-Range field; return None if it is malformed."""
    match = _TAG.fullmatch(text)
    return _from_match(match) if match else None


def format_etag(tag: ETag) -> str:
    """Format a tag.

    Raises:
        ValueError: the value has a character that a tag must not have, or is ``*``.
    """
    if tag.value == ANY.value or not _VALUE.fullmatch(tag.value):
        raise ValueError(f"not the value of an entity tag: {tag.value!r}")
    return f'W/"{tag.value}"' if tag.is_weak else f'"{tag.value}"'


def parse_etags(text: str, *, limit: int = MAX_ETAGS) -> tuple[ETag, ...] | None:
    """Parse an If-Match or If-None-Match field into its tags; ``*`` is ``(ANY,)``.

    Return None if the list is malformed or empty, or has more than `limit` tags.
    """
    if text == "*":
        return (ANY,)
    tags: list[ETag] = []
    position = len(text) - len(text.lstrip(" \t,"))
    while position < len(text):
        match = _TAG.match(text, position)
        tag = _from_match(match) if match else None
        if match is None or tag is None or len(tags) == limit:
            return None
        tags.append(tag)
        separator = _SEPARATOR.match(text, match.end())
        if separator is None:
            return None
        position = separator.end()
    return tuple(tags) or None


def format_etags(tags: Iterable[ETag]) -> str:
    """Format a list of tags; ``(ANY,)`` is ``*``.

    Raises:
        ValueError: the list is empty, or a tag is invalid (see `format_etag`).
    """
    listed = tuple(tags)
    if not listed:
        raise ValueError("a list of entity tags has at least one")
    return "*" if listed == (ANY,) else ", ".join(map(format_etag, listed))


def is_strong_match(one: ETag, other: ETag) -> bool:
    """Return True if two tags stand for the same bytes (RFC 9110 §8.8.3.2)."""
    return not one.is_weak and not other.is_weak and one.value == other.value


def is_weak_match(one: ETag, other: ETag) -> bool:
    """Return True if two tags stand for equivalent representations (RFC 9110 §8.8.3.2)."""
    return one.value == other.value


def _from_match(match: re.Match[str]) -> ETag | None:
    """Return the tag; None for a quoted star: it is valid, but it would equal ANY, and `format_etag` never sends it."""
    value = match[2]
    return None if value == ANY.value else ETag(value, match[1] is not None)
