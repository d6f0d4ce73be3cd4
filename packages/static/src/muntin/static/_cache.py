"""The cache of a root: which files its paths led to a moment ago, and the bytes of the small ones.

A path goes the long way first: every component is opened by the rules of the sandbox, the compressed forms are looked
for, and a small file is read. From then on one `stat` of the file's path proves that the bytes may be sent again. What
it proves, and what it does not:

* The path leads to the file that the sandbox opened, and that file has not changed: device, inode, size and both times
  are those of the descriptor that the bytes were read from (`_identity`). A file that was replaced, truncated,
  rewritten, touched, made unreadable or given another name shows another identity, and so does an inode that was freed
  and used again; then, and when `stat` fails, the long way decides. Only a file that was at rest for two seconds before
  it was read gets into the cache, so its next change cannot carry the same times.
* It does not prove that the way to the file still has no link that leaves the root. If a directory is moved out of the
  root and a link to it put in its place, the same inode is reached through the link. (A hard link that already lies
  outside can be reached likewise.) That is harmless: what is sent are bytes that were read below the root, of a file
  that has not changed since; no byte of a file that only ever lay outside can be sent, because no such file was opened.
  The long way would refuse the path, and does so `reread_after` seconds later at the latest.
* It does not prove that nobody writes to the file through a memory map: such a write changes the times late. This, too,
  is seen after `reread_after` seconds. Network file systems may report a status that is some seconds old.

Looking for compressed forms that have appeared, have gone or are out of date is part of the long way.
"""

import os
from dataclasses import dataclass
from threading import Lock
from typing import Final

from muntin.static._content import Content
from muntin.static._identity import is_settled
from muntin.static._representation import Representation
from muntin.static._variants import Form, Variants

__all__ = ["FALLBACK", "CacheLimits", "FileCache"]

FALLBACK: Final = None
"""The key of the page that is sent for paths without a file: no path of a request is this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CacheLimits:
    """The bounds of a cache of files, in number, bytes and time.

    With 0 for `files` nothing is remembered; with 0 for `total_size` or `file_size`, no contents are.

    Raises:
        ValueError: a bound is negative.
    """

    files: int = 4096
    """The largest number of files to remember; the oldest makes room. Each takes about 3 KiB besides its content."""
    total_size: int = 16_777_216
    """The largest number of bytes of contents: the scripts, styles and icons of a site fit, a photo album does not."""
    file_size: int = 65_536
    """The size in bytes of the largest file whose content is kept. Larger ones are sent from the disk."""
    stat_after: float = 0.0
    """Seconds for which a kept content is sent without another look at the disk: so old may a response be."""
    reread_after: float = 1.0
    """Seconds after which a file is opened and read again, and its compressed forms are looked for."""

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} is 0 or more, not {getattr(self, name)!r}")


class FileCache:
    """The files that paths led to, with the contents of small ones. Threads may share it."""

    __slots__ = ("_files", "_lock", "_size", "limits")

    def __init__(self, limits: CacheLimits) -> None:
        self.limits: Final = limits
        self._files: dict[str | None, Variants] = {}
        self._size = 0
        self._lock = Lock()  # only writers take it: a dictionary is read in one step

    @property
    def size(self) -> int:
        """The number of bytes of the contents."""
        return self._size

    def paths(self) -> list[str | None]:
        """Return the keys, those that were stored first in front."""
        return list(self._files)

    def recall(self, key: str | None, now: float) -> Variants | None:
        """Return the forms of the file that a key led to, unless it is time to look again; `now` is monotonic."""
        known = self._files.get(key)
        if known is None or now - known.seen_at >= self.limits.reread_after:
            return None
        return known

    def store(self, key: str | None, variants: Variants) -> None:
        """Remember the forms of a file, in place of those that were stored before under this key."""
        with self._lock:
            self._drop(key)
            if not self.limits.files:
                return
            while len(self._files) >= self.limits.files:
                self._drop(next(iter(self._files)))
            self._files[key] = variants

    def forget(self, key: str | None) -> None:
        """Drop a file."""
        with self._lock:
            self._drop(key)

    def keep(
        self,
        key: str | None,
        form: Form,
        representation: Representation,
        path: str,
        opened: os.stat_result,
        data: bytes,
        now: float,
    ) -> None:
        """Keep the content of a form, if there is room for it and the file is at rest.

        Args:
            key: what led to the file.
            form: the form that is remembered under this key.
            representation: the description of `data`.
            path: where the file of the form is.
            opened: the status of the descriptor that `data` was read from.
            data: all bytes of the file.
            now: when the reading began, in seconds of the monotonic clock.
        """
        size = len(data)
        if size > min(self.limits.file_size, self.limits.total_size) or size != opened.st_size:
            return
        if not representation.describes(opened) or not is_settled(opened):
            return
        content = Content(path, opened, representation, data, now)
        with self._lock:
            variants = self._files.pop(key, None)
            if variants is None:
                return
            self._files[key] = variants  # the last one now, so that it does not make room for itself
            if variants.by_coding.get(form.coding) is not form:
                return
            if form.content is not None:
                self._size -= len(form.content.data)
            form.content = content
            self._size += size
            while self._size > self.limits.total_size:
                oldest = next(iter(self._files))
                if oldest == key:  # the forms of this one file are too much
                    form.content = None
                    self._size -= size
                    return
                self._drop(oldest)

    def _drop(self, key: str | None) -> None:
        variants = self._files.pop(key, None)
        if variants is not None:
            for form in variants.by_coding.values():
                if form.content is not None:
                    self._size -= len(form.content.data)
