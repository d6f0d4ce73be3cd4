"""The peer of one connection: addresses, TLS, and how much of what was sent it has received."""

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
_ACKED: Final = 120
_ACKED_END: Final = 128
# Bytes that a transport queues before it calls pause_writing(), by asyncio's default.
_QUEUE: Final = 65536
_INTERNET: Final = (socket.AF_INET, socket.AF_INET6)


def probe_when_silent(transport: asyncio.BaseTransport) -> None:
    """Enable TCP keep-alive, by which the system notices that the peer of a silent connection has vanished."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in _INTERNET:
        # The peer may have gone already.
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)


def forget_unsent(transport: asyncio.BaseTransport) -> None:
    """Make the system drop unsent bytes when the transport is aborted. Otherwise it would keep some megabytes, long
    after we closed, for a peer that receives nothing."""
    sock = transport.get_extra_info("socket")
    if sock is not None and sock.family in _INTERNET:
        with suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def count_delivered(transport: asyncio.Transport, resume_count: int) -> int:
    """Return the number of bytes that a peer, or its system, has received.

    Linux reports what was acknowledged over TCP, for TLS and for files that the kernel sends as well. On other systems
    this is an estimate: one full queue for each time that writing resumed, less what is queued now.

    Args:
        transport: the transport of the connection.
        resume_count: how often writing has resumed.
    """
    sock = transport.get_extra_info("socket")
    if sys.platform == "linux" and sock is not None and sock.family in _INTERNET:
        with suppress(OSError):
            known: bytes = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _ACKED_END)
            if len(known) == _ACKED_END:
                return int.from_bytes(known[_ACKED:_ACKED_END], sys.byteorder)
    return resume_count * _QUEUE - count_undelivered(transport)


def count_undelivered(transport: asyncio.Transport) -> int:
    """Return the number of bytes that were sent to a peer and that it has not received.

    They are queued in the transport, and on Linux also in the system: not acknowledged over TCP, or not read from a
    Unix socket.
    """
    queued = transport.get_write_buffer_size()
    if sys.platform == "linux":
        sock = transport.get_extra_info("socket")
        # A closed transport has no descriptor any more.
        if sock is not None and (descriptor := sock.fileno()) >= 0:
            with suppress(OSError):
                queued += int.from_bytes(ioctl(descriptor, TIOCOUTQ, bytes(4)), sys.byteorder)
    return queued


class TransportPeer:
    """Addresses and TLS of a transport."""

    __slots__ = ("_address", "transport")

    def __init__(self, transport: asyncio.Transport) -> None:
        self.transport = transport
        """For code that must write past the framing; what is written there appears on the wire unchanged."""
        self._address: Any = None

    @property
    def address(self) -> Any:
        # It is the same for all requests of a connection, and uvloop builds it anew for each call.
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
