"""Where a program listens: hosts, paths and sockets as `run_app` takes them.

One process opens its sites itself. Many share sockets that are opened before there are processes.
"""

import socket
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from os import PathLike
from ssl import SSLContext
from types import TracebackType
from typing import Any, Final, Self

from muntin.runner import BACKLOG, BaseSite, SockSite, TCPSite, UnixSite
from muntin.runner.sites import SocketPath, check_mode, format_socket
from muntin.web.serving.runners import AppRunner

__all__ = [
    "SERVING",
    "Hosts",
    "Listening",
    "ListeningError",
    "Paths",
    "Sockets",
    "Tls",
    "describe_places",
    "print_in_one_line",
]

SERVING: Final = "Serving on"

Hosts = str | Sequence[str] | None
Paths = SocketPath | Sequence[SocketPath] | None
Sockets = socket.socket | Iterable[socket.socket] | None
Tls = SSLContext | Callable[[], SSLContext] | None
"""A function is called in the process that serves."""


class ListeningError(OSError):
    """An address or path cannot be used; the text is one line for the operator."""

    def __init__(self, error: OSError) -> None:
        super().__init__(*error.args)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening:
    """The places, and how they are opened."""

    hosts: tuple[str | None, ...]
    """None for all interfaces."""
    port: int | None
    paths: tuple[SocketPath, ...]
    """Of Unix sockets."""
    mode: int | None
    """The permissions of the files at the paths; None for what the umask leaves."""
    take_over: bool
    """True to replace Unix sockets at which another process listens."""
    sockets: tuple[socket.socket, ...]
    """Those that are bound already."""
    tls: Tls
    backlog: int
    reuse_address: bool | None
    reuse_port: bool | None

    @classmethod
    def at(
        cls,
        *,
        host: Hosts = None,
        port: int | None = None,
        path: Paths = None,
        sock: Sockets = None,
        tls: Tls = None,
        backlog: int = BACKLOG,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
        mode: int | None = None,
        take_over: bool = False,
    ) -> Self:
        """Return the places as `run_app` takes them: all interfaces, where none is given.

        Raises:
            ValueError: all of them are empty lists; or `mode` or `take_over` without a path.
            TypeError: `mode` is no number.
        """
        hosts = _list_of(host, str)
        if host is None and (port is not None or (path is None and sock is None)):
            hosts = (None,)
        paths, sockets = _list_of(path, str, bytes, PathLike), _list_of(sock, socket.socket)
        if not (hosts or paths or sockets):
            raise ValueError("there is no place to listen at: give a host, a path or a socket")
        if not paths and (mode is not None or take_over):
            raise ValueError("mode and take_over are for the files of Unix sockets: give a path as well")
        for each in paths:
            check_mode(each, mode)
        return cls(
            hosts=hosts,
            port=port,
            paths=paths,
            sockets=sockets,
            tls=tls,
            backlog=backlog,
            reuse_address=reuse_address,
            reuse_port=reuse_port,
            mode=mode,
            take_over=take_over,
        )

    @property
    def _host(self) -> Any:
        """The hosts as a site takes them: None stands alone."""
        return self.hosts[0] if len(self.hosts) == 1 else self.hosts

    async def start_sites(self, runner: AppRunner) -> list[BaseSite]:
        """Listen at every place with a runner that is set up.

        Raises:
            ListeningError: one of them cannot be used.
        """
        tls = self.tls if isinstance(self.tls, SSLContext | None) else self.tls()
        backlog = self.backlog
        reuse = {"reuse_address": self.reuse_address, "reuse_port": self.reuse_port}
        sites: list[BaseSite] = []
        if self.hosts:
            # One site for all hosts: an address that the machine does not have is left out where there are others.
            sites.append(TCPSite(runner, self._host, self.port, ssl_context=tls, backlog=backlog, **reuse))
        sites += [
            *(
                UnixSite(
                    runner,
                    path,
                    ssl_context=tls,
                    backlog=backlog,
                    mode=self.mode,
                    take_over=self.take_over,
                )
                for path in self.paths
            ),
            *(SockSite(runner, sock, ssl_context=tls, backlog=backlog) for sock in self.sockets),
        ]
        for site in sites:
            try:
                await site.start()
            except OSError as error:
                raise ListeningError(error) from error
        return sites

    @contextmanager
    def opened(self) -> Iterator["Listening"]:
        """Open every place; yield the places as open sockets, which are closed at the end.

        Raises:
            ListeningError: one of them cannot be used.
        """
        from muntin.runner.workers import sockets  # noqa: PLC0415 - most programs are one process

        port = self.port if self.port is not None else (8443 if self.tls else 8080)
        with ExitStack() as stack:
            opened: list[socket.socket] = []
            try:
                if self.hosts:
                    found = sockets.bind_tcp(
                        self._host,
                        port,
                        backlog=self.backlog,
                        reuse_address=self.reuse_address,
                        reuse_port=self.reuse_port,
                    )
                    opened += [stack.enter_context(sock) for sock in found]
                for path in self.paths:
                    sock = sockets.bind_unix(
                        path, backlog=self.backlog, mode=self.mode, take_over=self.take_over
                    )
                    opened.append(stack.enter_context(sock))
                    stack.callback(sockets.SocketFile(path).remove)
                for sock in self.sockets:
                    # Here, so that a failure is reported once and not by each worker.
                    sock.listen(self.backlog)
                    opened.append(stack.enter_context(sock))
            except OSError as error:
                raise ListeningError(error) from error
            yield replace(
                self, hosts=(), port=None, paths=(), mode=None, take_over=False, sockets=tuple(opened)
            )

    def close(self) -> None:
        """Close the sockets in this process."""
        for sock in self.sockets:
            sock.close()

    def describe(self) -> list[str]:
        """Return the URLs of the sockets that are bound already."""
        scheme = "https" if self.tls else "http"
        return [format_socket(sock, scheme) for sock in self.sockets]


def print_in_one_line() -> None:
    """Let a `ListeningError` that nobody catches end the program with one line, in place of a traceback.

    A taken address is no fault of the program, and the reason should be plain at once in the log of a service.
    """
    previous = sys.excepthook

    def show(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if isinstance(error, ListeningError):
            print(f"error: {error}", file=sys.stderr)
        else:
            previous(kind, error, trace)

    sys.excepthook = show


def _list_of(given: Any, *kinds: type) -> tuple[Any, ...]:
    """Return one thing of these kinds, or a collection of them, as a tuple."""
    return (given,) if isinstance(given, kinds) else tuple(given or ())


def describe_places(names: Iterable[str], note: str = "") -> str:
    """Return the line that says where an application is served; all interfaces are written as `localhost`."""
    places = [name.replace("//0.0.0.0:", "//localhost:").replace("//[::]:", "//localhost:") for name in names]
    return f"{SERVING} {', '.join(dict.fromkeys(places))}{note} (press Ctrl-C to stop)"
