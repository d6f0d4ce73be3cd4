"""Tools for tests of applications: a client without sockets, a server with them, and an exchange in memory."""

from muntin.web.testing.client import ClientAnswer, TestClient
from muntin.web.testing.exchange import Answer, MemoryBody, MemoryDuplex, MemoryExchange, MemoryPeer
from muntin.web.testing.server import TestServer

__all__ = [
    "Answer",
    "ClientAnswer",
    "MemoryBody",
    "MemoryDuplex",
    "MemoryExchange",
    "MemoryPeer",
    "TestClient",
    "TestServer",
]
