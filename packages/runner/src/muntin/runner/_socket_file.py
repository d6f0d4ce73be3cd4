"""The file of a listening Unix socket, which stays behind when the socket is closed."""

import os
from contextlib import suppress

__all__ = ["SocketFile", "SocketPath", "is_abstract"]

SocketPath = str | bytes | os.PathLike[str] | os.PathLike[bytes]


class SocketFile:
    """The file of a Unix socket that was just bound.

    Args:
        path: the path of the socket; it may be a name without a file.
    """

    def __init__(self, path: SocketPath) -> None:
        self._path = path
        self._identity = _identify(path)
        self._process = os.getpid()

    def remove(self) -> None:
        """Remove the file, unless another process has replaced it.

        In a forked process this does nothing: the file belongs to the parent.
        """
        is_ours = self._identity is not None and self._process == os.getpid()
        if is_ours and _identify(self._path) == self._identity:
            with suppress(FileNotFoundError):
                os.remove(self._path)
        self._identity = None


def is_abstract(path: SocketPath) -> bool:
    """Return True if the path of a Unix socket is a name without a file, as Linux has them (unix(7))."""
    return os.fsdecode(path).startswith("\0")


def _identify(path: SocketPath) -> tuple[int, int] | None:
    if is_abstract(path):
        return None
    with suppress(FileNotFoundError):
        found = os.stat(path)
        return found.st_dev, found.st_ino
    return None
