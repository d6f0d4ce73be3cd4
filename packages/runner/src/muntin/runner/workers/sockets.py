"""Opening listening sockets without an event loop, before there are processes that share them."""

import os
import socket
import stat
import sys
from contextlib import suppress

from muntin.runner._socket_file import SocketFile, SocketPath, is_abstract

__all__ = ["SocketFile", "bind_tcp", "bind_unix"]


def bind_tcp(
    host: str | None,
    port: int,
    *,
    backlog: int,
    reuse_address: bool | None = None,
    reuse_port: bool | None = None,
) -> list[socket.socket]:
    """Listen at all addresses of a host.

    Args:
        host: a name or address; None for all interfaces.
        port: the port; 0 for any free one.
        backlog: connections that may wait to be accepted.
        reuse_address, reuse_port: as for `loop.create_server`.

    Raises:
        OSError: an address cannot be had; nothing is left open then.
    """
    found = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    if reuse_address is None:
        reuse_address = os.name == "posix" and sys.platform != "cygwin"
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(found):
            try:
                sock = socket.socket(family, kind, protocol)
            except OSError:
                continue  # the system knows the address family by name only
            sockets.append(sock)
            if reuse_address:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                # Else it would take the IPv4 address of the same port as well.
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                sock.bind(address)
            except OSError as error:
                raise OSError(error.errno, f"cannot listen at {address!r}: {error.strerror}") from error
            sock.listen(backlog)
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    if not sockets:
        raise OSError(f"no address of {host!r} can be listened at")
    return sockets


def bind_unix(path: SocketPath, *, backlog: int) -> socket.socket:
    """Listen at a Unix socket; one that an earlier process left there is replaced.

    Args:
        path: where the socket file is made; whoever closes the socket removes it (`SocketFile`). With a NUL in
            front it is a name without a file.
        backlog: connections that may wait to be accepted.

    Raises:
        OSError: the path cannot be had.
    """
    with suppress(FileNotFoundError):
        if not is_abstract(path) and stat.S_ISSOCK(os.stat(path).st_mode):
            os.remove(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        sock.bind(os.fspath(path))
        sock.listen(backlog)
    except OSError as error:
        sock.close()
        why = error.strerror or error  # a path that is too long has no number
        raise OSError(error.errno, f"cannot listen at {os.fsdecode(path)!r}: {why}") from error
    return sock
