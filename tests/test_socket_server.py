"""The example on plain sockets: it serves what it says, and stays within its sixty lines."""

import importlib.util
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from socketserver import ThreadingTCPServer

import pytest

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

EXAMPLE = Path(__file__).parents[1] / "examples" / "socket_server.py"


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    spec = importlib.util.spec_from_file_location("socket_server", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with ThreadingTCPServer(("127.0.0.1", 0), module.Conversation) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_address  # type: ignore[misc]
        server.shutdown()
        thread.join(10)


def converse(address: tuple[str, int], raw: bytes) -> bytes:
    with socket.create_connection(address, timeout=PATIENCE) as sock:
        sock.sendall(raw)
        sock.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: sock.recv(65536), b""))


POST = b"POST / HTTP/1.1\r\nHost: a\r\n"


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (POST + b"Content-Length: 2\r\n\r\nhi", [b"HTTP/1.1 200 OK", b"hi"]),
        (
            POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + POST + b"\r\n",
            [b"HTTP/1.1 200 OK", b"hiHTTP/1.1 200 OK"],
        ),
        (
            POST + b"Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
            [b"HTTP/1.1 100 Continue", b"HTTP/1.1 200 OK", b"x"],
        ),
        (b"PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", [b"HTTP/1.1 405 Method Not Allowed"]),
        (b"GET / HTTP/1.1\r\n\r\n", [b"HTTP/1.1 400 Bad Request", b"exactly one Host is required"]),
        (POST + b"Content-Length: 9999999\r\n\r\n", [b"HTTP/1.1 413 Content Too Large"]),
        (POST + b"Content-Length: 9\r\n\r\nhi", [b"HTTP/1.1 400 Bad Request", b"incomplete body"]),
    ],
)
def test_a_conversation(address: tuple[str, int], raw: bytes, lines: list[bytes]) -> None:
    responses = converse(address, raw).split(b"\r\n")
    assert [line for line in lines if line not in responses] == []


def test_it_is_short() -> None:
    assert len(EXAMPLE.read_text().splitlines()) <= 60
