"""Tools for tests of applications: a client without sockets, a server with them, and an exchange in memory."""

from muntin.web.testing.client import ClientResponse, TestClient
from muntin.web.testing.exchange import MemoryExchange
from muntin.web.testing.peer import MemoryPeer
from muntin.web.testing.response import TestResponse
from muntin.web.testing.server import TestServer

__all__ = [
    "ClientResponse",
    "MemoryExchange",
    "MemoryPeer",
    "TestClient",
    "TestResponse",
    "TestServer",
]
