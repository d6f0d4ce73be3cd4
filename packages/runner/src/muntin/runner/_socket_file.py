"""The file that a listening Unix socket has, and leaves behind when it is closed."""

import os
from contextlib import suppress

__all__ = ["SocketFile", "SocketPath", "is_abstract"]

SocketPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


class SocketFile:
    """Such a file, just made.

    Args:
        path: where it is; nothing for a name without a file.
    """

    def __init__(self, path: SocketPath) -> None:
        self._path = path
        self._identity = _identify(path)
        self._process = os.getpid()

    def remove(self) -> None:
        """Remove it, unless somebody else has put another there: who takes over does that.

        A process that was forked and comes to its end by what it has inherited leaves the file to its parent.
        """
        is_ours = self._identity is not None and self._process == os.getpid()
        if is_ours and _identify(self._path) == self._identity:
            with suppress(FileNotFoundError):
                os.remove(self._path)
        self._identity = None


def is_abstract(path: SocketPath) -> bool:
    """Whether a path of a Unix socket is a name without a file, as Linux has them (unix(7))."""
    return os.fsdecode(path).startswith("\0")


def _identify(path: SocketPath) -> tuple[int, int] | None:
    if is_abstract(path):
        return None
    with suppress(FileNotFoundError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None
