"""The place that a URL path means: names below the root, or none.

Paths follow the grammar of RFC 3986 §3.3; some names have a second meaning in a family of file systems. The result
depends on the text alone, never on the file system, so it cannot show what exists outside the root.
"""

import os
import re
from enum import Enum
from typing import Final, NamedTuple
from urllib.parse import unquote_to_bytes

__all__ = [
    "NAME_LIMIT",
    "NATIVE",
    "NO_FILE",
    "PATH_LIMIT",
    "Flavour",
    "Place",
    "is_name",
    "locate",
    "locate_name",
]

PATH_LIMIT = 4096
"""Longest path looked at, in characters: `PATH_MAX` of Linux, and more than any file system below can hold."""

NAME_LIMIT = 255
"""Longest name: bytes on POSIX (`NAME_MAX`), UTF-16 units on Windows."""


NO_FILE: Final = "/%2F"
"""A path that no file has, in any directory."""


class Flavour(Enum):
    """A family of file systems, by the names that mean something other than a plain file there."""

    POSIX = "posix"
    WINDOWS = "windows"


NATIVE = Flavour.WINDOWS if os.name == "nt" else Flavour.POSIX


class Place(NamedTuple):
    """A place below the root: the names that lead there, and whether the path means a directory."""

    parts: tuple[str, ...]
    is_folder: bool


# A percent sign that does not begin an octet. Such a path has no meaning (RFC 3986 §2.1), and servers that guessed
# one disagreed with the proxies in front of them.
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")

# Names that Windows opens as devices whatever the directory and the extension are, superscript digits included.
_DEVICE = re.compile(
    r"(?:CON|PRN|AUX|NUL|CLOCK\$|CONIN\$|CONOUT\$|(?:COM|LPT)[0-9¹²³])[ ]*(?:[.:].*)?\Z",
    re.IGNORECASE | re.DOTALL,
)

# A name that Windows makes up for a longer one: it opens the same file, past every rule that there is for that name.
_SHORT = re.compile(r"(?=[^.]{3,8}(?:\.|\Z))[^.~]+~[0-9]+(?:\.[^.]{0,3})?\Z")

# `:` also covers drive letters and alternate data streams; the rest is what Win32 forbids or treats as a pattern.
_WINDOWS_RESERVED = re.compile(r'[\x00-\x1f<>:"|?*]')


def locate(path: str, *, flavour: Flavour = NATIVE) -> Place | None:
    """Return the place that a URL path means, or None for a path that no file may have.

    `path` is relative to the root, still percent-encoded, with or without one leading slash; it is decoded here,
    once and segment by segment, so that an encoded slash can never become a separator. Octets that are not
    UTF-8 become surrogate escapes: file names may be any bytes on POSIX.

    Refused are empty and dot segments, broken escapes, slashes and backslashes inside a segment, NUL, names that are
    too long, and on Windows also drive letters, streams, short names, device names and trailing dots or spaces.
    """
    if len(path) > PATH_LIMIT:
        return None
    if "%" not in path:
        return _place(path.removeprefix("/").split("/"), flavour)
    if _BROKEN_ESCAPE.search(path) is not None:
        return None
    segments = path.removeprefix("/").split("/")
    decoded = [unquote_to_bytes(segment).decode("utf-8", "surrogateescape") for segment in segments]
    return _place(decoded, flavour)


def locate_name(name: str, *, flavour: Flavour = NATIVE) -> Place | None:
    """Return the place of a relative file name, by the rules of `locate`; nothing in it is decoded."""
    if len(name) > PATH_LIMIT:
        return None
    return _place(name.removeprefix("/").split("/"), flavour)


def _place(segments: list[str], flavour: Flavour) -> Place | None:
    is_folder = segments[-1] == ""
    if is_folder:
        segments.pop()
    for segment in segments:
        if not is_name(segment, flavour=flavour):
            return None
    return Place(tuple(segments), is_folder)


def is_name(segment: str, *, flavour: Flavour = NATIVE) -> bool:
    """Return whether a decoded segment can be the name of one file or directory, and nothing else."""
    if segment in _NOT_NAMES or "/" in segment or "\\" in segment or "\0" in segment:
        return False
    return _HAS_PLAIN_MEANING[flavour](segment)


_NOT_NAMES = frozenset(("", ".", ".."))


def _is_plain_on_posix(name: str) -> bool:
    if name.isascii():
        return len(name) <= NAME_LIMIT
    try:
        return len(name.encode("utf-8", "surrogateescape")) <= NAME_LIMIT
    except UnicodeEncodeError:  # a surrogate that stands for no octet
        return False


def _is_plain_on_windows(name: str) -> bool:
    if name[-1] in ". " or _WINDOWS_RESERVED.search(name) is not None:
        return False
    if _DEVICE.match(name) is not None or _SHORT.match(name) is not None:
        return False
    try:
        return len(name.encode("utf-16-le")) <= 2 * NAME_LIMIT
    except UnicodeEncodeError:  # any surrogate: NTFS names are text
        return False


_HAS_PLAIN_MEANING = {Flavour.POSIX: _is_plain_on_posix, Flavour.WINDOWS: _is_plain_on_windows}
