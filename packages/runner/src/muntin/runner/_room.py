"""Deciding whether a process has room for one more connection, and how a peer without room is refused.

Two things bound it: the cap on the number of connections, and the descriptors that the process may have. A system uses
the lowest free number for a new descriptor, so the number of an accepted socket shows how many are in use: by other
servers in the process, open files and database connections as well.
"""

import sys
from enum import Enum, auto
from math import inf
from typing import Final

if sys.platform != "win32":
    import resource

__all__ = ["REFUSED_AT_ONCE", "RESERVE", "Room", "Verdict"]

RESERVE: Final = 64
"""The least number of descriptors that connections never use: a dozen are the process's own, and handlers open files,
databases and upstream connections."""
_RESERVED_PART: Final = 8
"""An eighth of many descriptors is reserved: more connections have more handlers, which open more files."""
REFUSED_AT_ONCE: Final = 64
"""Connections above the cap that get a 503 at a time. Further ones are cut, because refused connections linger and must
not fill the process."""


class Verdict(Enum):
    """The decision about a connection that was just accepted."""

    SERVE = auto()
    REFUSE = auto()
    """It gets 503 and is closed."""
    CUT = auto()


class Room:
    """Decides whether one more connection is served.

    Args:
        connections: how many are allowed at a time; None for as many as the descriptors allow.
    """

    __slots__ = ("_connections",)

    def __init__(self, connections: int | None) -> None:
        self._connections = connections

    def judge(self, count: int, descriptor: int) -> Verdict:
        """Decide about one connection.

        Args:
            count: the number of connections, including this one and those in their TLS handshake.
            descriptor: the number of its descriptor; negative if unknown.
        """
        excess = 0 if self._connections is None else count - self._connections
        refused, cut = _divide_descriptors()
        if excess > REFUSED_AT_ONCE or descriptor >= cut:
            return Verdict.CUT
        return Verdict.REFUSE if excess > 0 or descriptor >= refused else Verdict.SERVE


def _divide_descriptors() -> tuple[float, float]:
    """Return the first descriptor whose peer is refused, and the first whose peer is cut. The reserve begins there."""
    if sys.platform == "win32":
        return inf, inf
    # Read each time, because an operator may raise the limit of a running process (prlimit).
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return inf, inf
    # If even the least reserve were more than half of all descriptors, half of them are reserved.
    cut = most - min(max(RESERVE, most // _RESERVED_PART), most // 2)
    return cut - min(REFUSED_AT_ONCE, cut // _RESERVED_PART), cut
