"""The identity of a file: what shows that a path still leads to the very file that was read, unchanged.

It is made of the device and the inode, the size, and the times of the last change of the content and of the status. A
program can set the time of the content back; it cannot set that of the status, which the kernel writes at every write,
at every `utime`, `chmod`, `rename` or `link` of the file. (Windows has no such time: there, a file that was rewritten
with the same length, and whose time was set back, looks unchanged.)
"""

import os
import time
from typing import Final

__all__ = ["SETTLED_NS", "Identity", "identify", "is_settled"]

Identity = tuple[int, int, int, int, int]
"""Inode, device, size (bytes), time of change of the content and of the status (nanoseconds)."""

SETTLED_NS: Final = 2_000_000_000
"""Nanoseconds that must have passed since a change before anything is kept that depends on the content.

Clocks of file systems tick: two writes within one tick show the same time. FAT has the coarsest tick, two seconds.
"""


def identify(status: os.stat_result) -> Identity:
    """Return the identity of a file with this status."""
    return status.st_ino, status.st_dev, status.st_size, status.st_mtime_ns, status.st_ctime_ns


def is_settled(status: os.stat_result) -> bool:
    """Return whether the next change of a file with this status will certainly show."""
    return time.time_ns() - max(status.st_mtime_ns, status.st_ctime_ns) > SETTLED_NS
