"""Sites: the addresses, paths, pipes and sockets at which a runner listens."""

import asyncio
import os
import socket
import warnings
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from ssl import SSLContext
from typing import Any, Protocol

from muntin.runner._acceptor import Acceptor
from muntin.runner._binding import (
    AddressInfo,
    bind_addresses,
    bind_unix,
    check_mode,
    list_hosts,
    listen_error,
    spell_host,
)
from muntin.runner._server import Server
from muntin.runner._socket_file import SocketFile, SocketPath

__all__ = [
    "BACKLOG",
    "BaseSite",
    "Listener",
    "NamedPipeSite",
    "SiteRunner",
    "SockSite",
    "SocketPath",
    "TCPSite",
    "UnixSite",
    "check_mode",
    "format_socket",
]

BACKLOG = 128
"""Connections that may wait to be accepted; 128 was the bound of Linux itself for a long time."""


# The longest and the shortest time-out for TLS that a loop accepts (seconds).
_DAY = 86400.0
_INSTANT = 0.001


class SiteRunner(Protocol):
    """The part of a runner that a site needs."""

    shutdown_timeout: float
    """How long handlers may take to end (seconds)."""

    @property
    def server(self) -> Server | None:
        """The server, once the runner is set up."""

    def register(self, site: "BaseSite") -> None:
        """Add a site that starts."""

    def unregister(self, site: "BaseSite") -> None:
        """Remove a site that stopped."""


class Listener(Protocol):
    """The object that accepts connections for a site: an `Acceptor`, or a server of the loop."""

    def close(self) -> None:
        """Stop accepting."""


class BaseSite(ABC):
    """A listening socket of a runner.

    Args:
        runner: a runner that is set up.
        ssl_context: for TLS.
        backlog: connections that may wait to be accepted.
        shutdown_timeout: deprecated; it sets that of the runner.

    Raises:
        RuntimeError: the runner is not set up.
        TypeError: `ssl_context` is not an `ssl.SSLContext`.
    """

    def __init__(
        self,
        runner: SiteRunner,
        *,
        ssl_context: SSLContext | None = None,
        backlog: int = BACKLOG,
        shutdown_timeout: float | None = None,
    ) -> None:
        if runner.server is None:
            raise RuntimeError("call the runner's setup() before making a site")
        if ssl_context is not None and not isinstance(ssl_context, SSLContext):
            raise TypeError(f"ssl_context is an ssl.SSLContext, not {ssl_context!r}")
        if shutdown_timeout is not None:
            warnings.warn(
                "the shutdown_timeout of a site is that of its runner: pass it to the runner",
                DeprecationWarning,
                stacklevel=3,
            )
            runner.shutdown_timeout = shutdown_timeout
        self._runner = runner
        self._ssl_context = ssl_context
        self._backlog = backlog
        self._listener: Listener | None = None

    @property
    @abstractmethod
    def name(self) -> str:
        """The site as a URL."""

    @abstractmethod
    async def listen(self, server: Server) -> Listener | None:
        """Open the socket."""

    @property
    def sockets(self) -> list[socket.socket]:
        """The listening sockets; none before `start`."""
        return list(getattr(self._listener, "sockets", ()))

    async def start(self) -> None:
        """Listen.

        Raises:
            RuntimeError: the site listens already, or its runner was cleaned up.
            OSError: the address is not available.
        """
        server = self._runner.server
        if server is None:
            raise RuntimeError("the runner was cleaned up")
        self._runner.register(self)
        try:
            self._listener = await self.listen(server)
        except BaseException:
            self._runner.unregister(self)
            raise

    async def stop(self) -> None:
        """Stop listening. Open connections stay open, and connections in the backlog are served."""
        self._runner.unregister(self)
        listener, self._listener = self._listener, None
        if isinstance(listener, Acceptor) and self._runner.server is not None:
            listener.drain_and_close()
        elif listener is not None:
            # Not wait_closed(): on newer Pythons that waits for the connections as well.
            listener.close()

    def accept(self, server: Server, sockets: Sequence[socket.socket]) -> Acceptor:
        """Accept connections at sockets that listen already; for subclasses that open sockets in their own way."""
        acceptor = Acceptor(server, sockets, self._describe_tls(server))
        acceptor.start()
        return acceptor

    def _describe_tls(self, server: Server) -> dict[str, Any]:
        """Return the arguments of the loop's methods that concern TLS; none without TLS."""
        if self._ssl_context is None:
            return {}
        timeouts = server.timeouts
        return {
            "ssl": self._ssl_context,
            "ssl_handshake_timeout": min(max(timeouts.handshake, _INSTANT), _DAY),
            # The loop would limit the time for all that is left to send; a connection limits its pace instead.
            "ssl_shutdown_timeout": _DAY if timeouts.write_rate else None,
        }

    def _scheme(self, plain: str) -> str:
        return plain if self._ssl_context is None else plain + "s"


class TCPSite(BaseSite):
    """A site on a host and port.

    Args:
        host: a name or address, several of them, or None for all interfaces.
        port: the port; 0 for any free one, of each address its own; None for 8080 (8443 with TLS).
        reuse_address, reuse_port: as for `loop.create_server`.

    Raises:
        ValueError: `host` is an empty sequence.
    """

    def __init__(
        self,
        runner: SiteRunner,
        host: str | Sequence[str] | None = None,
        port: int | None = None,
        *,
        ssl_context: SSLContext | None = None,
        backlog: int = BACKLOG,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
        shutdown_timeout: float | None = None,
    ) -> None:
        super().__init__(runner, ssl_context=ssl_context, backlog=backlog, shutdown_timeout=shutdown_timeout)
        if host is not None and not isinstance(host, str) and not host:
            raise ValueError("a site needs a host: pass None for all interfaces")
        self._host = host
        if port is None:
            port = 8080 if ssl_context is None else 8443
        self._port = port
        self._reuse_address = reuse_address
        self._reuse_port = reuse_port

    @property
    def port(self) -> int:
        """The requested port; once started, the actual port of the first address."""
        sockets = self.sockets
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    @property
    def name(self) -> str:
        scheme = self._scheme("http")
        hosts = [self._host] if isinstance(self._host, str) or self._host is None else self._host
        if len(hosts) > 1 and self.sockets:
            return ", ".join(format_socket(sock, scheme) for sock in self.sockets)
        return ", ".join(f"{scheme}://{_format_host(host or '0.0.0.0')}:{self.port}" for host in hosts)

    async def listen(self, server: Server) -> Acceptor:
        found: list[AddressInfo] = []
        for host in list_hosts(self._host):
            found += await _look_up(host, self._port)
        sockets = bind_addresses(
            found, backlog=self._backlog, reuse_address=self._reuse_address, reuse_port=self._reuse_port
        )
        return self.accept(server, sockets)


async def _look_up(host: str | None, port: int) -> list[AddressInfo]:
    """Return the addresses of a host.

    Raises:
        OSError: the host is unknown.
    """
    name = spell_host(host)
    kind, passive = socket.SOCK_STREAM, socket.AI_PASSIVE
    with suppress(socket.gaierror):
        # An address needs no look-up, and so no thread.
        return [*socket.getaddrinfo(name, port, type=kind, flags=passive | socket.AI_NUMERICHOST)]
    try:
        return [*await asyncio.get_running_loop().getaddrinfo(name, port, type=kind, flags=passive)]
    except socket.gaierror as error:
        raise listen_error(repr(host), error) from error


class UnixSite(BaseSite):
    """A site on a Unix socket.

    Args:
        path: where the socket file is made, in place of one that an ended process left there; it is removed when the
            site stops, unless another process has replaced it. A path that begins with NUL is a name without a file.
        mode: the permissions of the file, such as 0o660; None for what the umask leaves. Clients need the
            permission to write.
        take_over: whether to replace the file of a socket at which another process listens; that process gets no more
            connections. Otherwise the site does not start.

    Raises:
        ValueError: `mode` is out of range, or the name has no file.
        TypeError: `mode` is not a whole number.
    """

    def __init__(
        self,
        runner: SiteRunner,
        path: SocketPath,
        *,
        ssl_context: SSLContext | None = None,
        backlog: int = BACKLOG,
        mode: int | None = None,
        take_over: bool = False,
        shutdown_timeout: float | None = None,
    ) -> None:
        super().__init__(runner, ssl_context=ssl_context, backlog=backlog, shutdown_timeout=shutdown_timeout)
        check_mode(path, mode)
        self._path = os.fsdecode(path)
        self._mode = mode
        self._take_over = take_over
        self._file: SocketFile | None = None

    @property
    def name(self) -> str:
        return _format_path(self._path, self._scheme("http"))

    async def listen(self, server: Server) -> Acceptor:
        sock = bind_unix(self._path, backlog=self._backlog, mode=self._mode, take_over=self._take_over)
        self._file = SocketFile(self._path)
        return self.accept(server, [sock])

    async def stop(self) -> None:
        try:
            await super().stop()
        finally:
            if self._file is not None:
                self._file.remove()


class NamedPipeSite(BaseSite):
    """A site on a Windows named pipe.

    Args:
        path: the name of the pipe.

    Raises:
        RuntimeError: the loop cannot serve pipes; only the proactor loop of Windows can.
    """

    def __init__(self, runner: SiteRunner, path: str, *, shutdown_timeout: float | None = None) -> None:
        super().__init__(runner, shutdown_timeout=shutdown_timeout)
        if not hasattr(asyncio.get_running_loop(), "start_serving_pipe"):
            raise RuntimeError("named pipes need the proactor event loop of Windows")
        self._path = path
        self._pipes: list[Any] = []

    @property
    def name(self) -> str:
        return self._path

    async def listen(self, server: Server) -> None:
        loop: Any = asyncio.get_running_loop()
        self._pipes = await loop.start_serving_pipe(server, self._path)

    async def stop(self) -> None:
        await super().stop()
        for pipe in self._pipes:
            pipe.close()
        self._pipes.clear()


class SockSite(BaseSite):
    """A site on a socket that is bound already.

    Args:
        sock: a bound stream socket; it is closed when the site stops.

    Raises:
        ValueError: it is not a stream socket.
    """

    def __init__(
        self,
        runner: SiteRunner,
        sock: socket.socket,
        *,
        ssl_context: SSLContext | None = None,
        backlog: int = BACKLOG,
        shutdown_timeout: float | None = None,
    ) -> None:
        super().__init__(runner, ssl_context=ssl_context, backlog=backlog, shutdown_timeout=shutdown_timeout)
        if sock.type != socket.SOCK_STREAM:
            raise ValueError(f"a site listens at a stream socket, not at {sock!r}")
        self._sock = sock

    @property
    def name(self) -> str:
        return format_socket(self._sock, self._scheme("http"))

    async def listen(self, server: Server) -> Acceptor:
        try:
            self._sock.listen(self._backlog)
        except OSError as error:
            raise listen_error("the socket that was passed", error) from error
        return self.accept(server, [self._sock])


def format_socket(sock: socket.socket, scheme: str) -> str:
    """Return a bound socket as a URL."""
    address = sock.getsockname()
    if sock.family == getattr(socket, "AF_UNIX", None):
        return _format_path(address, scheme)
    return f"{scheme}://{_format_host(address[0])}:{address[1]}"


def _format_path(path: str | bytes, scheme: str) -> str:
    # Tools write a name without a file, which begins with NUL, with @.
    return f"{scheme}://unix:{os.fsdecode(path).replace(chr(0), '@', 1)}:"


def _format_host(host: str) -> str:
    return f"[{host}]" if ":" in host else host
