"""Contents of small files, cached for a moment: the next request for one costs a `stat` instead of four calls.

The rules of the sandbox stay: a cached file was opened by them, and its content is used only if the path still leads to
that very file, unchanged. It is used no longer than the cached description of the file, for a second, because a write
through a memory map does not have to change the status of the file.
"""

import os
import time
from threading import Lock
from typing import Final, NamedTuple

from muntin.static._fingerprint import SETTLED_NS
from muntin.static._representation import Representation

__all__ = ["KEPT", "Content", "Contents"]

KEPT: Final = 16_777_216
"""The most bytes in the cache; more empty it. The scripts, styles and icons of a site fit, a photo album does not."""


class Content(NamedTuple):
    """All bytes of a file."""

    data: bytes
    chosen: Representation
    """The description that they were read for: a new look at the file makes another one, and the file is read again."""
    path: str
    identity: tuple[int, ...]
    status: os.stat_result


class Contents:
    """A cache of contents by the names that lead to their files."""

    __slots__ = ("_kept", "_lock", "_size")

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], Content] = {}
        self._size = 0
        self._lock = Lock()  # plans may be made in threads, and the size must stay correct

    @property
    def size(self) -> int:
        """The number of bytes in the cache."""
        return self._size

    def recall(self, chosen: Representation) -> Content | None:
        """Return the content that was cached for a description, if the file is still the one that was read.

        Raises:
            OSError: the file cannot be reached any more.
        """
        kept = self._kept.get(chosen.parts)
        if kept is None or kept.chosen is not chosen:
            return None
        return kept if _identify(os.stat(kept.path)) == kept.identity else None

    def keep(self, chosen: Representation, path: str, data: bytes, status: os.stat_result) -> None:
        """Cache the bytes of the file with this status, unless the file may be changing now."""
        if not chosen.describes(status) or len(data) != status.st_size:
            return
        if time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) < SETTLED_NS:
            return
        with self._lock:
            known = self._kept.pop(chosen.parts, None)
            self._size += len(data) - (0 if known is None else len(known.data))
            if self._size > KEPT:
                self._kept.clear()
                self._size = len(data)
            self._kept[chosen.parts] = Content(data, chosen, path, _identify(status), status)


def _identify(status: os.stat_result) -> tuple[int, ...]:
    # The time of the last change of status as well: a file whose permissions have changed has a new one.
    return status.st_ino, status.st_dev, status.st_size, status.st_mtime_ns, status.st_ctime_ns
