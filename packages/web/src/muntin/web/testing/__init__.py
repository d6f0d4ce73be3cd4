"""Tools for tests of applications: a client without sockets, a server with them, and an exchange in memory."""

from muntin.web.testing.answer import Answer
from muntin.web.testing.body import MemoryBody
from muntin.web.testing.client import ClientAnswer, TestClient
from muntin.web.testing.duplex import MemoryDuplex
from muntin.web.testing.exchange import MemoryExchange
from muntin.web.testing.peer import MemoryPeer
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
