"""WebSockets for asyncio: a socket for tasks, over any duplex of bytes; a client; and a small server.

This is the only part of the package that imports asyncio.
"""

from muntin.websocket.aio._broadcast import Recipient, broadcast, drop_slow, skip_slow
from muntin.websocket.aio._client import connect
from muntin.websocket.aio._duplex import AsyncioDuplex, Duplex, Receiver
from muntin.websocket.aio._heads import Request
from muntin.websocket.aio._heartbeat import Clock
from muntin.websocket.aio._options import SocketOptions
from muntin.websocket.aio._sending import Sending
from muntin.websocket.aio._server import SocketHandler, WebSocketServer, serve
from muntin.websocket.aio._socket import WebSocket

__all__ = [
    "AsyncioDuplex",
    "Clock",
    "Duplex",
    "Receiver",
    "Recipient",
    "Request",
    "Sending",
    "SocketHandler",
    "SocketOptions",
    "WebSocket",
    "WebSocketServer",
    "broadcast",
    "connect",
    "drop_slow",
    "serve",
    "skip_slow",
]
