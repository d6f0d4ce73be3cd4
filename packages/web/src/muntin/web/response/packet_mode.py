"""How the system cuts a stream into packets.

It knows the two socket options for that. Most responses are one write, which needs neither of them.
"""

import socket
from enum import Enum
from typing import Final

from muntin.runner import Peer

__all__ = ["PacketMode"]

_CORK: Final[int | None] = getattr(socket, "TCP_CORK", getattr(socket, "TCP_NOPUSH", None))


class PacketMode(Enum):
    """One of three modes: the two options exclude each other."""

    NODELAY = "nodelay"
    """Everything is sent at once."""
    CORK = "cork"
    """Only full packets are sent, until another mode lets the rest go."""
    NAGLE = "nagle"
    """A small packet waits while another one is under way."""

    def apply(self, peer: Peer) -> None:
        """Set the options on the peer's socket, if it has one with such options."""
        sock = peer.get_extra_info("socket")
        if sock is None or sock.family not in (socket.AF_INET, socket.AF_INET6):
            return
        # First off, then on: some systems refuse both at once.
        nodelay, cork = self is PacketMode.NODELAY, self is PacketMode.CORK
        options = [(socket.TCP_NODELAY, nodelay)]
        if _CORK is not None:
            options.append((_CORK, cork))
        for option, value in sorted(options, key=lambda pair: pair[1]):
            sock.setsockopt(socket.IPPROTO_TCP, option, int(value))
