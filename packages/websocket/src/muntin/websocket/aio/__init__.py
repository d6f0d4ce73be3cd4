"""The asyncio edge: a WebSocket for tasks, over any duplex of bytes; a client; and a small server.

The only part of the package that imports asyncio.
"""

from ._broadcast import Listener, broadcast, drop_slow, skip_slow
from ._client import connect
from ._duplex import Duplex, Receiver, TransportDuplex
from ._heads import Request
from ._heartbeat import Clock
from ._options import SocketOptions
from ._sending import Sending
from ._server import Handler, Server, serve
from ._socket import WebSocket

__all__ = [
    "Clock",
    "Duplex",
    "Handler",
    "Listener",
    "Receiver",
    "Request",
    "Sending",
    "Server",
    "SocketOptions",
    "TransportDuplex",
    "WebSocket",
    "broadcast",
    "connect",
    "drop_slow",
    "serve",
    "skip_slow",
]
