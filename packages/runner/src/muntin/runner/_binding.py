"""Opening listening sockets: TCP at the addresses of a host, Unix sockets at a path."""

import errno
import logging
import os
import socket
import stat
import sys
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Final

from muntin.runner._socket_file import SocketPath, is_abstract

__all__ = [
    "AddressInfo",
    "Hosts",
    "bind_addresses",
    "bind_tcp",
    "bind_unix",
    "check_mode",
    "has_listener",
    "list_hosts",
    "listen_error",
    "spell_host",
]

_LOGGER: Final = logging.getLogger("muntin.server")
_NOT_HERE: Final = frozenset((errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT))
"""This machine has no such address: usually ::1, in a container without IPv6."""

AddressInfo = tuple[int, int, int, str, Any]
"""One item of the result of `socket.getaddrinfo`."""
Hosts = str | Sequence[str] | None


def list_hosts(hosts: Hosts) -> list[str | None]:
    """Return the names and addresses to listen at; None among them stands for all interfaces."""
    return [hosts or None] if isinstance(hosts, str) or hosts is None else [host or None for host in hosts]


def spell_host(host: str | None) -> str | bytes | None:
    """Return a host as the system is asked for it: a name of ASCII letters as bytes.

    For text Python loads its codec of international names, which takes longer than the whole lookup.
    """
    return host.encode("ascii") if host is not None and host.isascii() else host


def bind_tcp(
    host: Hosts,
    port: int,
    *,
    backlog: int,
    reuse_address: bool | None = None,
    reuse_port: bool | None = None,
) -> list[socket.socket]:
    """Listen at all addresses of a host, or of several.

    Args:
        host: a name or address, or several; None for all interfaces.
        port: the port; 0 for any free one, of each address its own.
        backlog: connections that may wait to be accepted.
        reuse_address, reuse_port: as for `loop.create_server`.

    Raises:
        OSError: an address is not available, or a name is unknown; no socket is left open then. If the host has
            several addresses, one that this machine does not have is left out with a warning.
    """
    found: list[AddressInfo] = []
    for each in list_hosts(host):
        try:
            found += socket.getaddrinfo(
                spell_host(each), port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )
        except socket.gaierror as error:
            raise listen_error(repr(each), error) from error
    return bind_addresses(found, backlog=backlog, reuse_address=reuse_address, reuse_port=reuse_port)


def bind_addresses(
    found: Iterable[AddressInfo],
    *,
    backlog: int,
    reuse_address: bool | None = None,
    reuse_port: bool | None = None,
) -> list[socket.socket]:
    """Listen at addresses that were looked up already; see `bind_tcp`.

    Raises:
        OSError: no address is available, or one is in use; no socket is left open then.
    """
    sockets: list[socket.socket] = []
    missing: list[OSError] = []
    try:
        for info in dict.fromkeys(found):
            try:
                sockets.append(_bind_address(info, backlog, reuse_address, reuse_port))
            except OSError as error:
                if error.errno not in _NOT_HERE:
                    raise
                missing.append(error)
        if not sockets:
            raise missing[0] if missing else OSError("there is no address to listen at")
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    for each in missing:
        _LOGGER.warning("%s; the other addresses are served", each.strerror)
    return sockets


def _bind_address(
    info: AddressInfo, backlog: int, reuse_address: bool | None, reuse_port: bool | None
) -> socket.socket:
    family, kind, protocol, _, address = info
    if reuse_address is None:
        reuse_address = os.name == "posix" and sys.platform != "cygwin"
    try:
        sock = socket.socket(family, kind, protocol)
        try:
            if reuse_address:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if reuse_port:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                # Without this it would take the IPv4 address of the same port as well.
                sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sock.bind(address)
            sock.listen(backlog)
        except BaseException:
            sock.close()
            raise
    except OSError as error:
        host = f"[{address[0]}]" if family == socket.AF_INET6 else address[0]
        raise listen_error(f"{host}:{address[1]}", error) from error
    return sock


def bind_unix(
    path: SocketPath, *, backlog: int, mode: int | None = None, take_over: bool = False
) -> socket.socket:
    """Listen at a Unix socket; a socket file that an ended process left there is replaced.

    Args:
        path: where the socket file is made; the caller removes it after closing the socket (`SocketFile`). A path that
            begins with NUL is a name without a file.
        backlog: connections that may wait to be accepted.
        mode: the permissions of the file, such as 0o660; None for what the umask leaves. Clients need the
            permission to write.
        take_over: whether to replace the file of a socket at which another process listens; that process gets no more
            connections.

    Raises:
        OSError: the path is not available: another process listens there, or it is not a socket.
        ValueError: `mode` is out of range, or the name has no file.
        TypeError: `mode` is not a whole number.
    """
    check_mode(path, mode)
    try:
        if not is_abstract(path):
            _remove_stale(path, take_over=take_over)
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.bind(os.fspath(path))
            if mode is not None:
                # Nobody can connect before it listens.
                os.chmod(path, mode)
            sock.listen(backlog)
        except BaseException:
            sock.close()
            raise
    except OSError as error:
        raise listen_error(repr(os.fsdecode(path)), error) from error
    return sock


def check_mode(path: SocketPath, mode: object) -> None:
    """Check the permissions of a socket file.

    Raises:
        TypeError: `mode` is not a whole number.
        ValueError: `mode` is not within 0 to 0o777, or the name has no file.
    """
    if mode is None:
        return
    if not isinstance(mode, int) or isinstance(mode, bool):
        raise TypeError(f"the mode of a socket file is a number, such as 0o660, not {mode!r}")
    if not 0 <= mode <= 0o777:
        raise ValueError(f"the mode of a socket file is 0o000 to 0o777, not {mode:#o}")
    if is_abstract(path):
        raise ValueError("a Unix socket whose name begins with NUL has no file, so it has no mode")


def _remove_stale(path: SocketPath, *, take_over: bool) -> None:
    """Remove the file of a socket at which no process listens.

    Raises:
        OSError: a process listens there.
    """
    with suppress(FileNotFoundError):
        found = os.lstat(path)
        if not stat.S_ISSOCK(found.st_mode):
            return  # the file stays, and binding will fail
        if not take_over and has_listener(path):
            raise OSError(errno.EADDRINUSE, "somebody listens there already")
        # Another process may have replaced the same file meanwhile.
        if os.path.samestat(os.lstat(path), found):
            os.remove(path)


def has_listener(path: SocketPath) -> bool:
    """Return True if a process listens at the Unix socket of a path, found out by connecting.

    Raises:
        FileNotFoundError: there is no such file.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.setblocking(False)
        try:
            probe.connect(os.fspath(path))
        except ConnectionRefusedError:
            return False
        except FileNotFoundError:
            raise
        except OSError:
            # Its backlog is full, it has another type, or we have no permission: it is in use.
            return True
    return True


def listen_error(place: str, error: OSError) -> OSError:
    """Return an error whose message also names the place."""
    # The error of a path that is too long has no number; a look-up has numbers of its own.
    said = f"cannot listen at {place}: {error.strerror or error}"
    return OSError(said) if error.errno is None else OSError(error.errno, said)
