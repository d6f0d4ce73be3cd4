"""Contents of small files: kept for a moment, so that asking for one again costs a `stat` instead of four calls.

Knows bytes and when they are still the file's. Does not know requests, nor who may have a file: what is kept was opened
by the rules, and what a path leads to now counts only if it is that very file, unchanged. Nothing is kept for longer
than a description of a file is believed, a second: who writes through a memory map need not change its status.
"""

import os
import time
from threading import Lock
from typing import Final, NamedTuple

from muntin.static._fingerprint import SETTLED_NS
from muntin.static._representation import Representation

__all__ = ["KEPT", "Content", "Contents"]

KEPT: Final = 16_777_216
"""Bytes of contents kept before all are forgotten: a site's scripts, styles and icons fit, a photo album does not."""


class Content(NamedTuple):
    """All bytes of a file."""

    data: bytes
    chosen: Representation
    """What they were read for: who looks at the file anew has another one, and reads it anew."""
    path: str
    identity: tuple[int, ...]
    status: os.stat_result


class Contents:
    """Keeps contents by the names that lead to their files."""

    __slots__ = ("_kept", "_lock", "_size")

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], Content] = {}
        self._size = 0
        self._lock = Lock()  # plans may be made in threads, and the size has to stay right

    @property
    def size(self) -> int:
        """Bytes that are kept."""
        return self._size

    def recall(self, chosen: Representation) -> Content | None:
        """Give the content that was kept for a description, if the file is still the one that was read.

        Raises:
            OSError: it cannot be reached any more.
        """
        kept = self._kept.get(chosen.parts)
        if kept is None or kept.chosen is not chosen:
            return None
        return kept if _identify(os.stat(kept.path)) == kept.identity else None

    def keep(self, chosen: Representation, path: str, data: bytes, status: os.stat_result) -> None:
        """Keep what was just read of the file with this status, unless it may be changing as we look."""
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
    # The time of the last change of status as well: a file that nobody may read any more has a new one.
    return status.st_ino, status.st_dev, status.st_size, status.st_mtime_ns, status.st_ctime_ns
