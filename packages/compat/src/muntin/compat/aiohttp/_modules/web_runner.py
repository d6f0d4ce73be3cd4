"""`aiohttp.web_runner`: runners and sites.

Sites have `_server`, which aiohttp's `TestServer` and several programs read to learn the port.
"""

from collections.abc import Sequence
from socket import socket
from typing import Any, Final, NamedTuple

from muntin import web
from muntin.web import BaseRunner, BaseSite, GracefulExit

__all__ = [
    "AppRunner",
    "BaseRunner",
    "BaseSite",
    "GracefulExit",
    "NamedPipeSite",
    "ServerRunner",
    "SockSite",
    "TCPSite",
    "UnixSite",
]


_RUNNER_OPTIONS: Final = {"handle_signals", "shutdown_timeout"}


class _Listening(NamedTuple):
    """The part of `asyncio.Server` that programs read."""

    sockets: Sequence[socket]


class _ListeningSite:
    """A site whose sockets are found where aiohttp has them."""

    sockets: list[socket]

    @property
    def _server(self) -> _Listening | None:
        return _Listening(self.sockets) if self.sockets else None


class TCPSite(_ListeningSite, web.TCPSite):
    """A site on a host and port."""


class UnixSite(_ListeningSite, web.UnixSite):
    """A site on a UNIX socket."""


class SockSite(_ListeningSite, web.SockSite):
    """A site on a socket that is open."""


class NamedPipeSite(_ListeningSite, web.NamedPipeSite):
    """A site on a named pipe of Windows."""


class AppRunner(web.AppRunner):
    """Runs an application.

    Args:
        app: the application.
        options: of the server; `debug` is that of the application, and is not needed.
    """

    def __init__(self, app: web.Application, **options: Any) -> None:
        options.pop("debug", None)
        super().__init__(app, **options)


class ServerRunner(web.ServerRunner):
    """Runs a bare server.

    Args:
        web_server: the server.
        options: of the runner. What is an option of a server (`debug`, `handler_cancellation` …) is that of the server
            already, and is left out.
    """

    def __init__(self, web_server: web.Server, **options: Any) -> None:
        options = {name: value for name, value in options.items() if name in _RUNNER_OPTIONS}
        super().__init__(web_server, **options)
