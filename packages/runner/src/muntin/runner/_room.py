"""How much room a process has for one more connection, and what becomes of a peer for whom there is none.

Two things bound it: the cap on the number of connections, and the descriptors that the process may have. A system
takes the lowest number that is free for a new descriptor, so the number of an accepted socket says how many are in use,
whoever uses them: other servers in the process, files that handlers have open, connections to a database.
"""

import sys
from enum import Enum, auto
from math import inf
from typing import Final

if sys.platform != "win32":
    import resource

__all__ = ["REFUSED_AT_ONCE", "RESERVE", "Room", "Verdict"]

RESERVE: Final = 64
"""Descriptors that connections never take, at the least: a dozen are the process's own, and the handlers of those who
are connected open files, databases and upstream connections."""
_RESERVED_PART: Final = 8
"""Of many descriptors an eighth is left: more connections have more handlers, which open more files."""
REFUSED_AT_ONCE: Final = 64
"""Connections too many that are refused so at a time. Others are cut, or those that are refused would be what fills the
process."""


class Verdict(Enum):
    """What becomes of a connection that was just accepted."""

    SERVE = auto()
    REFUSE = auto()
    """It is answered 503, and closed."""
    CUT = auto()


class Room:
    """Judges whether one more connection fits.

    Args:
        connections: how many there may be at a time; None for as many as descriptors allow.
    """

    __slots__ = ("_connections",)

    def __init__(self, connections: int | None) -> None:
        self._connections = connections

    def judge(self, count: int, descriptor: int) -> Verdict:
        """Decide about one connection.

        Args:
            count: how many there are, with this one and those in their TLS handshake.
            descriptor: the number of its descriptor; negative where that is not known.
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
    # Asked each time, as an operator may raise the limit of a process that runs (prlimit).
    most, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if most == resource.RLIM_INFINITY:
        return inf, inf
    # Where even the least reserve is more than half of all, half of them is what there is to share.
    cut = most - min(max(RESERVE, most // _RESERVED_PART), most // 2)
    return cut - min(REFUSED_AT_ONCE, cut // _RESERVED_PART), cut
