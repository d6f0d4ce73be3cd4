"""The other end of one connection, as the transport knows it."""

import asyncio
import socket
import struct
import sys
from contextlib import suppress
from typing import Any, Final

if sys.platform == "linux":
    from fcntl import ioctl
    from termios import TIOCOUTQ

__all__ = ["TransportPeer", "count_delivered", "count_undelivered", "forget_unsent", "probe_when_silent"]

# Where `struct tcp_info` of Linux has `tcpi_bytes_acked`, eight bytes (linux/tcp.h; since 4.1).
_ACKED: Final = slice(120, 128)
# What a transport's queue holds before it asks for a pause (bytes), by asyncio's default.
_QUEUE: Final = 65536
_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)


def probe_when_silent(transport: asyncio.BaseTransport) -> None:
    """Let the system find out, by TCP keep-alive, whether the peer of a silent connection is still there."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in _INTERNET:
        # The peer may have gone already.
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def forget_unsent(transport: asyncio.BaseTransport) -> None:
    """Let the system, too, drop what it has to send once the transport is cut; it would keep some megabytes for a peer
    that takes nothing, long after we have closed."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in _INTERNET:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def count_delivered(transport: asyncio.Transport, resume_count: int) -> int:
    """Count the bytes that a peer has taken, or its system for it.

    Linux tells what was acknowledged over TCP, be it TLS or a file that the kernel sends. Elsewhere it is a guess:
    what left the transport's queue, and a queue for each time that it was empty enough again.

    Args:
        transport: the connection's.
        resume_count: how often that was.
    """
    sock = transport.get_extra_info("socket")
    if sys.platform == "linux" and sock is not None and sock.family in _INTERNET:
        with suppress(OSError):
            known: bytes = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKED.stop)
            if len(known) == _ACKED.stop:
                return int.from_bytes(known[_ACKED], sys.byteorder)
    return resume_count * _QUEUE - count_undelivered(transport)


def count_undelivered(transport: asyncio.Transport) -> int:
    """Count the bytes that were sent to a peer and that it has not taken.

    Those are what waits in the transport's queue, and on Linux what its system still holds: not acknowledged over TCP,
    not read from a Unix socket.
    """
    queued = transport.get_write_buffer_size()
    if sys.platform == "linux":
        sock = transport.get_extra_info("socket")
        # A transport that is gone has a descriptor no more.
        if sock is not None and (descriptor := sock.fileno()) >= 0:
            with suppress(OSError):
                queued += int.from_bytes(ioctl(descriptor, TIOCOUTQ, bytes(4)), sys.byteorder)
    return queued


class TransportPeer:
    """Addresses and TLS of a transport."""

    __slots__ = ("_address", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        """For who must write past the framing; what is written there appears on the wire as it is."""
        self._address: Any = None

    @property
    def address(self) -> Any:
        # It stays the same for all requests of a connection, and uvloop puts it together each time.
        if self._address is None:
            self._address = self.transport.get_extra_info("peername")
        return self._address

    @property
    def local_address(self) -> Any:
        return self.transport.get_extra_info("sockname")

    @property
    def is_secure(self) -> bool:
        return self.transport.get_extra_info("sslcontext") is not None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.transport.get_extra_info(name, default)
