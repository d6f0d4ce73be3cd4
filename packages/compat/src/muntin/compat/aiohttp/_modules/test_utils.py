"""`aiohttp.test_utils`, where aiohttp is not installed: its server. The client needs aiohttp."""

from socket import socket
from typing import NoReturn

from muntin.web.testing import TestServer

__all__ = ["TestServer", "unused_port"]


def unused_port() -> int:
    """Return a port of the loopback interface that nobody uses now."""
    with socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
    return port


def __getattr__(name: str) -> NoReturn:
    raise AttributeError(
        f"module 'aiohttp.test_utils' has no attribute {name!r}: it is part of aiohttp, which is not installed "
        "(muntin.web.testing has a client without sockets)"
    )
