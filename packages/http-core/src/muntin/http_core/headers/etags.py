"""Entity tags (RFC 9110 §8.8.3) and the lists of them in If-Match and If-None-Match (§13.1).

Knows their grammar and the two comparisons. Does not know what a representation is, nor which condition
applies.
"""

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
    """Whether it promises only that representations with this tag mean the same."""


ANY: Final = ETag("*")
"""What ``*`` stands for in If-Match and If-None-Match. No representation may have the tag ``"*"`` for this
reason.
"""

MAX_ETAGS: Final = 128
"""How many tags a list may have: a cache rarely holds more than a handful of variants."""

_ETAGC: Final = r"[\x21\x23-\x7e\x80-\xff]*"
_VALUE: Final = re.compile(_ETAGC)
_TAG: Final = re.compile(rf'(W/)?"({_ETAGC})"')
_SEPARATOR: Final = re.compile(r"[ \t]*+(?:,[ \t,]*+|$)")


def parse_etag(text: str) -> ETag | None:
    """Give the entity tag in an ETag or If-Range field, or None when it is malformed."""
    match = _TAG.fullmatch(text)
    return _from_match(match) if match else None


def format_etag(tag: ETag) -> str:
    """Give a tag as a field shows it.

    Raises:
        ValueError: the value has a character that a tag may not have, or is ``*``.
    """
    if tag.value == ANY.value or not _VALUE.fullmatch(tag.value):
        raise ValueError(f"not the value of an entity tag: {tag.value!r}")
    return f'W/"{tag.value}"' if tag.is_weak else f'"{tag.value}"'


def parse_etags(text: str, *, limit: int = MAX_ETAGS) -> tuple[ETag, ...] | None:
    """Give the tags of an If-Match or If-None-Match field.

    Gives ``(ANY,)`` for ``*``, and None when the list is malformed, empty, or has more than `limit` tags.
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
    """Give a list of tags, or ``*`` for ``(ANY,)``.

    Raises:
        ValueError: the list is empty, or a tag has no form (see `format_etag`).
    """
    listed = tuple(tags)
    if not listed:
        raise ValueError("a list of entity tags has at least one")
    return "*" if listed == (ANY,) else ", ".join(map(format_etag, listed))


def is_strong_match(one: ETag, other: ETag) -> bool:
    """Tell whether two tags promise the same bytes (RFC 9110 §8.8.3.2)."""
    return not one.is_weak and not other.is_weak and one.value == other.value


def is_weak_match(one: ETag, other: ETag) -> bool:
    """Tell whether two tags promise the same meaning (RFC 9110 §8.8.3.2)."""
    return one.value == other.value


def _from_match(match: re.Match[str]) -> ETag | None:
    """A quoted star is legal, but could not be told from ANY. Nobody here can have sent it, so it is
    malformed.
    """
    value = match[2]
    return None if value == ANY.value else ETag(value, match[1] is not None)
