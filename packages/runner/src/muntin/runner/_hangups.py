"""Peers that hang up while nothing is read from them.

A loop learns of the end of a peer by reading. Where reading is paused, since the peer has sent more than anybody takes,
or is over, since the peer has ended its side, a loop notices nothing more. The system does: it is asked at each tick of
the clock, about all such connections in one call. Where it cannot be asked (Windows), they are noticed when they are
read from or written to.
"""

import asyncio
import select
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Final

from muntin.runner._connection import Http1Connection
from muntin.runner._lifecycle import Phase

__all__ = ["Hangup", "find_hangups", "needs_poll"]

_CAN_POLL: Final = hasattr(select, "poll")
# The peer has ended its side; only Linux tells that apart from the end of both (poll(2)).
_ENDED: Final = getattr(select, "POLLRDHUP", 0)


class Hangup(Enum):
    """How a peer has hung up."""

    ENDED = "it sends no more; what it has sent before may wait to be read"
    RESET = "the connection is broken: nothing of it can be read or written"


def needs_poll(connection: Http1Connection) -> bool:
    """Whether the loop would not notice that the peer of a connection hangs up."""
    transport = connection.transport
    if transport.is_closing():
        return False
    if connection.phase is Phase.UPGRADED:
        # Whether it is read from is for the protocol that it speaks now.
        return not transport.is_reading()
    return not connection.is_reading or (connection.phase is Phase.HANDLING and connection.engine.has_ended)


def find_hangups(connections: Iterable[Http1Connection]) -> Iterator[tuple[Http1Connection, Hangup]]:
    """Find those of some connections whose peers have hung up, and how."""
    if not _CAN_POLL:
        return
    asked: dict[int, Http1Connection] = {}
    poll = select.poll()
    for connection in connections:
        descriptor = _descriptor(connection.transport)
        if descriptor >= 0:
            asked[descriptor] = connection
            poll.register(descriptor, _ENDED)
    for descriptor, events in poll.poll(0) if asked else ():
        # An error is told whether one asks for it or not. An end of both sides is no error: a Unix socket says so of a
        # peer that has closed, and what that has sent can still be read.
        broken = events & (select.POLLERR | select.POLLNVAL)
        yield asked[descriptor], Hangup.RESET if broken else Hangup.ENDED


def _descriptor(transport: asyncio.Transport) -> int:
    sock = transport.get_extra_info("socket")
    return -1 if sock is None else int(sock.fileno())
