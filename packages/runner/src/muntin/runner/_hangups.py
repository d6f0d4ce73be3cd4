"""Peers that hang up while nothing is read from them.

A loop notices the end of a peer by reading. It notices nothing while reading is paused, because the peer has sent more
than was consumed, or after the peer has ended its side. The system knows: at each tick of the clock, one call to
poll(2) asks about all such connections. Without poll (Windows), the next read or write shows that the peer is gone.
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
# The peer has ended its side; only Linux distinguishes that from the end of both (poll(2)).
_ENDED: Final = getattr(select, "POLLRDHUP", 0)


class Hangup(Enum):
    """The ways in which a peer hangs up."""

    ENDED = "it sends nothing more; bytes that it has sent before may wait to be read"
    RESET = "the connection is broken: nothing of it can be read or written"


def needs_poll(connection: Http1Connection) -> bool:
    """Return True if the loop would not notice that the peer of a connection hangs up."""
    transport = connection.transport
    if transport.is_closing():
        return False
    if connection.phase is Phase.UPGRADED:
        # Its protocol decides whether it is read from.
        return not transport.is_reading()
    return not connection.is_reading or (connection.phase is Phase.HANDLING and connection.engine.has_ended)


def find_hangups(connections: Iterable[Http1Connection]) -> Iterator[tuple[Http1Connection, Hangup]]:
    """Iterate over the connections whose peers have hung up, with the way in which they did."""
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
        # poll() reports errors without being asked to. POLLHUP, the end of both sides, is not an error: a Unix socket
        # reports it for a peer that has closed, and what that peer has sent can still be read.
        broken = events & (select.POLLERR | select.POLLNVAL)
        yield asked[descriptor], Hangup.RESET if broken else Hangup.ENDED


def _descriptor(transport: asyncio.Transport) -> int:
    sock = transport.get_extra_info("socket")
    return -1 if sock is None else int(sock.fileno())
