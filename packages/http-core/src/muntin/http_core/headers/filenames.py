"""File names that a client chose, made harmless.

Knows what file systems make of a name. Does not touch any.
"""

import re
from typing import Final

__all__ = ["MAX_FILENAME", "sanitize_filename"]

MAX_FILENAME: Final = 255
"""How many bytes of UTF-8 a name may have: the most that ext4, XFS, APFS and NTFS all accept."""

# Controls, lone surrogates, and the marks that reverse the reading direction, so that `exe.gpj` looks like
# `jpg.exe`.
_INVISIBLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
# What Windows refuses in a name. The colon also opens alternate streams there.
_REFUSED: Final = re.compile(r'[<>:"|?*]')
# Reserved by Windows whatever follows the first dot; the superscript digits count as digits.
_DEVICE: Final = re.compile(
    r"(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9¹²³]|CONIN\$|CONOUT\$)[ ]*(?:\.|$)", re.IGNORECASE
)


def sanitize_filename(raw: str) -> str | None:
    """Give the harmless part of a file name, or None when nothing is left.

    It has no directories (of either slash), no invisible characters, no leading dot (hidden files, and
    ``..``), no trailing dot or space (Windows drops them), is not the name of a Windows device, and has at
    most `MAX_FILENAME` bytes. It says nothing about a file of that name being there already.
    """
    name = raw.replace("\\", "/").rpartition("/")[2]
    name = _REFUSED.sub("_", _INVISIBLE.sub("", name)).lstrip(" .").rstrip(" .")
    if _DEVICE.match(name):
        name = "_" + name
    return _shortened(name) or None


def _shortened(name: str) -> str:
    """Cut the stem, so that the extension still tells the kind of file."""
    if len(name.encode()) <= MAX_FILENAME:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode()
    # An "extension" of fifty bytes is none. And without a dot, all of the name stands in `extension`.
    if not dot or len(tail) > 50:
        stem, tail = name, b""
    return (stem.encode()[: MAX_FILENAME - len(tail)].decode(errors="ignore") + tail.decode()).rstrip(" .")
