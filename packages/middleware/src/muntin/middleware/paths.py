"""Slash normalisation: the paths that a client may have meant.

It works on text only: a router decides whether a candidate has a resource, and a middleware how to respond.
"""

import re
from collections.abc import Iterator

__all__ = ["normalize_candidates", "to_same_origin"]

_SLASHES = re.compile(r"//+")
# Browsers read a backslash in an http(s) reference as a slash (WHATWG URL, "relative slash state").
_LEADING = re.compile(r"[/\\]+")


def to_same_origin(path: str) -> str:
    """Return a path as a reference that cannot lead to another host.

    A reference that begins with two slashes names an authority (RFC 3986 §4.2), so one slash is left of them;
    backslashes are percent-encoded.

    >>> to_same_origin("//evil.example/x")
    '/evil.example/x'
    """
    return _LEADING.sub("/", "/" + path, count=1).replace("\\", "%5C")


def normalize_candidates(
    path: str, *, append_slash: bool = True, remove_slash: bool = False, merge_slashes: bool = True
) -> Iterator[str]:
    """Iterate over the other spellings of a path, the smallest change first, each safe as a reference.

    Args:
        path: the path of a request target, percent-encoded.
        append_slash: whether to try it with a slash at the end.
        remove_slash: whether to try it without one.
        merge_slashes: whether to try it with one slash for several.

    Raises:
        ValueError: a slash is to be appended as well as removed.

    >>> list(normalize_candidates("/a//b"))
    ['/a/b', '/a//b/', '/a/b/']
    """
    if append_slash and remove_slash:
        raise ValueError("append_slash and remove_slash exclude each other")
    merged = _SLASHES.sub("/", path) if merge_slashes else path
    spellings = [merged]
    for spelling in (path, merged):
        if append_slash and not spelling.endswith("/"):
            spellings.append(spelling + "/")
        if remove_slash and spelling.endswith("/") and len(spelling) > 1:
            spellings.append(spelling[:-1])
    for candidate in dict.fromkeys(to_same_origin(spelling) for spelling in spellings):
        if candidate != path:
            yield candidate
