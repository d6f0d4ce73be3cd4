"""Where a program listens: hosts, paths and sockets as `run_app` takes them.

One process opens its sites itself. Many share sockets that are opened before there are processes.
"""

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from ssl import SSLContext

from muntin.runner import BaseSite, SockSite, TCPSite, UnixSite
from muntin.runner.sites import format_socket
from muntin.runner.workers.sockets import bind_tcp, bind_unix
from muntin.web.runners import AppRunner

__all__ = ["Hosts", "Listening", "ListeningError", "Paths", "Sockets", "describe_places"]

Hosts = str | Sequence[str] | None
Paths = str | Path | Sequence[str | Path] | None
Sockets = socket.socket | Iterable[socket.socket] | None


class ListeningError(OSError):
    """An address or path cannot be had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The places, and how they are opened."""

    host: Hosts
    port: int | None
    path: Paths
    sock: Sockets
    ssl_context: SSLContext | None
    backlog: int
    reuse_address: bool | None
    reuse_port: bool | None

    @property
    def hosts(self) -> list[str | None]:
        """The hosts, None for all interfaces: those too where no place is given."""
        if isinstance(self.host, str):
            return [self.host]
        if self.host:
            return list(self.host)
        return [None] if self.port is not None or (self.path is None and self.sock is None) else []

    @property
    def paths(self) -> list[str | Path]:
        """The paths of Unix sockets."""
        return [self.path] if isinstance(self.path, (str, Path)) else list(self.path or ())

    @property
    def sockets(self) -> list[socket.socket]:
        """The sockets that are bound already."""
        return [self.sock] if isinstance(self.sock, socket.socket) else list(self.sock or ())

    async def start_sites(self, runner: AppRunner) -> list[BaseSite]:
        """Listen at every place with a runner that is set up.

        Raises:
            ListeningError: one of them cannot be had.
        """
        tls, backlog = self.ssl_context, self.backlog
        reuse = {"reuse_address": self.reuse_address, "reuse_port": self.reuse_port}
        sites: list[BaseSite] = [
            *(
                TCPSite(runner, host, self.port, ssl_context=tls, backlog=backlog, **reuse)
                for host in self.hosts
            ),
            *(UnixSite(runner, path, ssl_context=tls, backlog=backlog) for path in self.paths),
            *(SockSite(runner, sock, ssl_context=tls, backlog=backlog) for sock in self.sockets),
        ]
        for site in sites:
            try:
                await site.start()
            except OSError as error:
                raise ListeningError(error.errno, str(error)) from error
        return sites

    @contextmanager
    def opened(self) -> Iterator["Listening"]:
        """Open every place; give them as sockets, which are closed at the end.

        Raises:
            ListeningError: one of them cannot be had.
        """
        port = self.port if self.port is not None else (8443 if self.ssl_context else 8080)
        with ExitStack() as stack:
            opened: list[socket.socket] = []
            try:
                for host in self.hosts:
                    found = bind_tcp(
                        host,
                        port,
                        backlog=self.backlog,
                        reuse_address=self.reuse_address,
                        reuse_port=self.reuse_port,
                    )
                    opened += [stack.enter_context(sock) for sock in found]
                for path in self.paths:
                    opened.append(stack.enter_context(bind_unix(path, backlog=self.backlog)))
                    stack.callback(_remove, path, os.stat(path).st_ino)
            except OSError as error:
                raise ListeningError(error.errno, str(error)) from error
            opened += [stack.enter_context(sock) for sock in self.sockets]
            yield replace(self, host=None, port=None, path=None, sock=opened)

    def close(self) -> None:
        """Close the sockets in this process."""
        for sock in self.sockets:
            sock.close()

    def describe(self) -> list[str]:
        """Give the sockets that are bound already as URLs."""
        scheme = "https" if self.ssl_context else "http"
        return [format_socket(sock, scheme) for sock in self.sockets]


def _remove(path: str | Path, inode: int) -> None:
    """Remove a socket file, unless it is another one by now."""
    with suppress(FileNotFoundError):
        if os.stat(path).st_ino == inode:
            os.remove(path)


def describe_places(names: Iterable[str], note: str = "") -> str:
    """Give the line that tells where an application is served; where it is everywhere, by a name to click on."""
    places = [name.replace("//0.0.0.0:", "//localhost:").replace("//[::]:", "//localhost:") for name in names]
    return f"Serving on {', '.join(dict.fromkeys(places))}{note} (press Ctrl-C to stop)"
