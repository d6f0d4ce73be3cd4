"""The sandbox: opens what lies below one directory, and nothing that lies outside.

HTTP plays no part here. The guarantees, by platform:

* Linux, macOS, BSD (`os.open` takes `dir_fd` and `O_NOFOLLOW` exists): every component is opened relative to the
  descriptor of the one before, and no open follows a link. There is no moment between a check and an open: the
  descriptor that was checked is the one that is read. A link is resolved apart, and where it ends inside the root
  the resolved names are walked again in the same strict way, so a link that changes meanwhile ends in "missing".
* Elsewhere (Windows): the resolved path must lie inside the resolved root, and what was then opened must be the
  very file (volume and index) that this path still names afterwards. A process that swaps directories *inside the root*
  during those microseconds, and swaps them back in time, could win; a client, which only sends requests, cannot.

With `follow_symlinks` links are the kernel's business, wherever they lead; names such as `..` never get here anyway.
Nothing is kept between calls, neither descriptors nor the resolved root: a root that is replaced as a whole, or a
`current` link that is turned to the next release, is seen by the next request.
"""

import errno
import os
from collections.abc import Callable
from stat import S_ISDIR, S_ISREG
from types import TracebackType
from typing import NamedTuple, Self

from muntin.static.errors import RootError

__all__ = ["CAN_WALK", "NO_DESCRIPTOR", "Opened", "Sandbox", "open_trusted"]

NO_DESCRIPTOR = -1
"""Stands for a directory that exists, where the platform cannot open one."""


class Opened(NamedTuple):
    """An open file or directory, owned by the receiver; as a context manager it is closed at the end."""

    descriptor: int
    status: os.stat_result

    def close(self) -> None:
        """Close the descriptor; call it once only."""
        if self.descriptor >= 0:
            os.close(self.descriptor)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


# O_NONBLOCK: opening a fifo must not wait for a writer. O_NOCTTY: nor may a terminal become ours.
_FILE = os.O_RDONLY
for _name in ("O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY", "O_BINARY", "O_NOINHERIT"):
    _FILE |= getattr(os, _name, 0)
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
# O_PATH needs no permission to read the directory, only to pass through, as for any other lookup.
_FOLDER = getattr(os, "O_PATH", os.O_RDONLY) | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_CLOEXEC", 0)

CAN_WALK = os.open in os.supports_dir_fd and _NO_FOLLOW != 0
"""True if this platform can open relative to a directory without following links."""

# The errno of an open without following, for a link: Linux and macOS ELOOP, or ENOTDIR where a directory was wanted;
# FreeBSD EMLINK; NetBSD EFTYPE.
_PERHAPS_LINK = frozenset({errno.ELOOP, errno.ENOTDIR, errno.EMLINK, getattr(errno, "EFTYPE", errno.ELOOP)})


class Sandbox:
    """Opens files and directories below `directory`.

    Raises:
        RootError: `directory` does not exist or is no directory.
    """

    __slots__ = ("_below", "_open", "directory", "follow_symlinks")

    def __init__(
        self,
        directory: str | os.PathLike[str],
        *,
        follow_symlinks: bool = False,
        can_walk: bool = CAN_WALK,
    ) -> None:
        self.directory = os.path.abspath(directory)
        self._below = os.path.join(self.directory, "")
        self.follow_symlinks = follow_symlinks
        if not os.path.isdir(self.directory):
            exists = os.path.lexists(self.directory)
            raise RootError(os.fspath(directory), "it is not a directory" if exists else "it does not exist")
        self._open: Callable[[tuple[str, ...]], int]
        if follow_symlinks:
            self._open = self._open_following
        else:
            self._open = self._open_walking if can_walk else self._open_comparing

    def open(self, parts: tuple[str, ...]) -> Opened | None:
        """Open the regular file or directory that `parts` lead to; None for a socket, fifo or device.

        `parts` must have passed `locate`; no parts mean the root itself.

        Raises:
            OSError: as the operating system says; `FileNotFoundError` also for what lies outside.
        """
        descriptor = self._open(parts)
        return _inspect(descriptor, self.path_of(parts) if descriptor == NO_DESCRIPTOR else "")

    # The same rules count for siblings of a file.
    open_sibling = open

    def path_of(self, parts: tuple[str, ...]) -> str:
        """Return the absolute path of a place: for logs and for servers that send files by name."""
        return self._below + os.sep.join(parts) if parts else self.directory

    def resolve(self, parts: tuple[str, ...]) -> tuple[str, ...] | None:
        """Return the names that lead to the same place without links, or None if it lies outside the root."""
        root = os.path.realpath(self.directory)
        real = os.path.realpath(self.path_of(parts))
        if real == root:
            return ()
        # With the separator: "/srv/static-private" is a sibling of "/srv/static", not inside of it.
        prefix = root if root.endswith(os.sep) else root + os.sep
        return tuple(real[len(prefix) :].split(os.sep)) if real.startswith(prefix) else None

    def _open_following(self, parts: tuple[str, ...]) -> int:
        return os.open(self.path_of(parts), _FILE)

    def _open_walking(self, parts: tuple[str, ...]) -> int:
        try:
            return self._walk(parts)
        except OSError as error:
            if error.errno not in _PERHAPS_LINK:
                raise
        resolved = self.resolve(parts)
        if resolved is None or resolved == parts:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/".join(parts))
        return self._walk(resolved)

    def _walk(self, parts: tuple[str, ...]) -> int:
        # The root itself may be a link: the operator chose it. No link below it is followed.
        if not parts:
            return os.open(self.directory, _FILE)
        first = self._below + parts[0]
        if len(parts) == 1:
            return os.open(first, _FILE | _NO_FOLLOW)
        folder = os.open(first, _FOLDER | _NO_FOLLOW)
        try:
            for name in parts[1:-1]:
                deeper = os.open(name, _FOLDER | _NO_FOLLOW, dir_fd=folder)
                os.close(folder)
                folder = deeper
            return os.open(parts[-1], _FILE | _NO_FOLLOW, dir_fd=folder)
        finally:
            os.close(folder)

    def _open_comparing(self, parts: tuple[str, ...]) -> int:
        resolved = self.resolve(parts)
        if resolved is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/".join(parts))
        path = self.path_of(resolved)
        if os.path.isdir(path):
            return NO_DESCRIPTOR  # Windows opens no directories; nothing is read from this one but its names
        descriptor = os.open(path, _FILE)
        try:
            # Both questions after the open: the path still resolves to itself, and names what we hold.
            if self.resolve(resolved) == resolved and os.path.samestat(os.fstat(descriptor), os.lstat(path)):
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), "/".join(parts))


def open_trusted(path: str) -> Opened | None:
    """Open the regular file or directory at a path of the application's own; None for a socket, fifo or device.

    Raises:
        OSError: as the operating system says.
    """
    if not CAN_WALK and os.path.isdir(path):
        return _inspect(NO_DESCRIPTOR, path)
    return _inspect(os.open(path, _FILE), path)


def _inspect(descriptor: int, path: str) -> Opened | None:
    try:
        status = os.stat(path) if descriptor == NO_DESCRIPTOR else os.fstat(descriptor)
    except OSError:
        if descriptor != NO_DESCRIPTOR:
            os.close(descriptor)
        raise
    opened = Opened(descriptor, status)
    if S_ISREG(status.st_mode) or S_ISDIR(status.st_mode):
        return opened
    opened.close()
    return None
