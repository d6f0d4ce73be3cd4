"""Waiting for processes that ended: the workers, and orphans where this process adopts them.

A process whose parent is gone becomes a child of process 1, or of a nearer subreaper (prctl(2),
PR_SET_CHILD_SUBREAPER), and stays a zombie until that process has waited for it.
"""

import os
import sys
from collections.abc import Collection
from contextlib import suppress
from typing import Final

__all__ = ["adopts_orphans", "collect_ended", "reap_orphans"]

_PR_GET_CHILD_SUBREAPER: Final = 37


def adopts_orphans() -> bool:
    """Return True if processes without a parent become children of this one."""
    if os.getpid() == 1:
        return True
    if sys.platform == "linux":
        with suppress(ImportError, OSError, AttributeError):
            import ctypes  # noqa: PLC0415 - not every Python has it, and few programs ask

            is_reaper = ctypes.c_int(0)
            ctypes.CDLL(None).prctl(_PR_GET_CHILD_SUBREAPER, ctypes.byref(is_reaper), 0, 0, 0)
            return bool(is_reaper.value)
    return False


def collect_ended(pids: Collection[int]) -> dict[int, int | None]:
    """Return the wait status of each process that ended; None if other code has waited for it."""
    ended: dict[int, int | None] = {}
    for pid in pids:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            ended[pid] = None
        else:
            if found:
                ended[pid] = status
    return ended


def reap_orphans(known: Collection[int]) -> None:
    """Wait for all children that have ended, up to the first known one, which its owner waits for."""
    with suppress(ChildProcessError):
        while found := os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT):
            if found.si_pid in known:
                break
            os.waitpid(found.si_pid, os.WNOHANG)
