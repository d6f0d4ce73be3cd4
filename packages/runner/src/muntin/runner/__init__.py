"""Run HTTP/1.1 exchanges on asyncio: connections, time limits, sites, runners, orderly stop.

It calls `handler(exchange)` and knows nothing about applications.
"""

from importlib import import_module
from typing import Any, Final

from muntin.runner._caps import DEFAULT_CAPS, Caps
from muntin.runner._connection import Http1Connection
from muntin.runner._driver import Driver
from muntin.runner._server import Server
from muntin.runner._timeouts import DEFAULT_TIMEOUTS, Timeouts
from muntin.runner.errors import GracefulExit
from muntin.runner.exchange import Body, Duplex, Exchange, ExchangeHandler, Peer, Receiver
from muntin.runner.runners import (
    SHUTDOWN_TIMEOUT,
    BaseRunner,
    ServerRunner,
    is_servable,
    make_runner,
    make_server,
)
from muntin.runner.signals import handle_signals, release_signals
from muntin.runner.sites import BACKLOG, BaseSite, NamedPipeSite, SiteRunner, SockSite, TCPSite, UnixSite

__all__ = [
    "BACKLOG",
    "DEFAULT_CAPS",
    "DEFAULT_TIMEOUTS",
    "SHUTDOWN_TIMEOUT",
    "BaseRunner",
    "BaseSite",
    "Body",
    "Caps",
    "Driver",
    "Duplex",
    "Exchange",
    "ExchangeHandler",
    "GracefulExit",
    "Http1Connection",
    "NamedPipeSite",
    "Peer",
    "Receiver",
    "Server",
    "ServerRunner",
    "SiteRunner",
    "SockSite",
    "TCPSite",
    "Timeouts",
    "UnixSite",
    "handle_signals",
    "is_servable",
    "make_runner",
    "make_server",
    "release_signals",
]

_FOR_GUNICORN: Final = frozenset(("GunicornUVLoopWebWorker", "GunicornWebWorker"))
"""Names for `gunicorn --worker-class muntin.runner.GunicornWebWorker`; they are available where gunicorn is
installed."""


def __getattr__(name: str) -> Any:
    if name in _FOR_GUNICORN:
        return getattr(import_module("muntin.runner.gunicorn"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
