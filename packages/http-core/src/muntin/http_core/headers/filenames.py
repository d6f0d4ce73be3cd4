"""File names that a client chose, made harmless for any file system."""

import re
from typing import Final

__all__ = ["MAX_FILENAME", "sanitize_filename"]

MAX_FILENAME: Final = 255
"""The longest name, in bytes of UTF-8: ext4, XFS, APFS and NTFS all accept this."""

# Controls, lone surrogates, and marks of the writing direction, by which `exe.gpj` is displayed as `jpg.exe`.
_INVISIBLE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
# Characters that Windows refuses in a name. There, a colon also opens an alternate stream.
_REFUSED: Final = re.compile(r'[<>:"|?*]')
# Names that Windows reserves, whatever follows the first dot. Superscript digits count as digits.
_DEVICE: Final = re.compile(
    r"(?:CON|PRN|AUX|NUL|(?:COM|LPT)[0-9¹²³]|CONIN\$|CONOUT\$)[ ]*(?:\.|$)", re.IGNORECASE
)


def sanitize_filename(raw: str) -> str | None:
    """Return the harmless part of a file name, or None if nothing is left.

    It has no directories (of either slash), no invisible characters, no dot in front (hidden files, and ``..``), no dot
    or space at the end (Windows drops them), is not the name of a Windows device, and has at most `MAX_FILENAME` bytes.
    A file of that name may exist already.
    """
    name = raw.replace("\\", "/").rpartition("/")[2]
    name = _REFUSED.sub("_", _INVISIBLE.sub("", name)).lstrip(" .").rstrip(" .")
    if _DEVICE.match(name):
        name = "_" + name
    return _shorten(name) or None


def _shorten(name: str) -> str:
    """Cut the stem, and keep the extension, which shows the kind of file."""
    if len(name.encode()) <= MAX_FILENAME:
        return name
    stem, dot, extension = name.rpartition(".")
    tail = (dot + extension).encode()
    # More than fifty bytes are no extension. And without a dot, `extension` is the whole name.
    if not dot or len(tail) > 50:
        stem, tail = name, b""
    return (stem.encode()[: MAX_FILENAME - len(tail)].decode(errors="ignore") + tail.decode()).rstrip(" .")
