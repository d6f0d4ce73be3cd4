"""Memory: what a connection costs a server that keeps it open with nothing to do."""

import resource
import socket
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import Peer
from benchmarks.processes import Unfit, serving
from benchmarks.workloads import BROWSER_FIELDS, SOCKETS, WORKLOADS

# The first connections make a server load and cache what all of them share: they are not counted.
FIRST = 100


def format_request(path: str, fields: Mapping[str, str]) -> bytes:
    """Return a request that has the fields of a browser, and some of its own."""
    lines = [f"{name}: {value}" for name, value in {**BROWSER_FIELDS, **fields}.items()]
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: 127.0.0.1", *lines, "\r\n"]).encode()


HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}
EXTENSIONS = "Sec-WebSocket-Extensions"
# What current browsers offer.
DEFLATE = {EXTENSIONS: "permessage-deflate; client_max_window_bits"}


@dataclass(frozen=True, slots=True)
class Idle:
    """How connections come to idle: what they ask for once, and what they must be told."""

    workload: str
    peers: tuple[str, ...]
    request: bytes
    answer: bytes
    extensions: bool = False
    """Whether the answer agrees to an extension."""


IDLE = {
    "memory": Idle(
        "hello",
        ("raw", "aiohttp", "muntin", "muntin-pure", "runner", "uvicorn"),
        format_request("/", {}),
        b"HTTP/1.1 200 ",
    ),
    "memory-sockets": Idle("echo-64", SOCKETS, format_request("/echo", HANDSHAKE), b"HTTP/1.1 101 "),
    "memory-deflate": Idle(
        "echo-64", SOCKETS, format_request("/echo", HANDSHAKE | DEFLATE), b"HTTP/1.1 101 ", extensions=True
    ),
}


def measure_memory(
    name: str, peers: Sequence[Peer], connections: int, files: Path, core: int
) -> dict[str, float]:
    """Return the KiB of each peer for one idle connection that has had one response, without the unfit peers."""
    # Servers keep some for other things than connections.
    allow_descriptors(2 * connections)
    idle, found, rest = IDLE[name], {}, max(connections - FIRST, 1)
    for peer in peers:
        try:
            with (
                serving(peer, WORKLOADS[idle.workload], files=files, cores=[core]) as server,
                ExitStack() as held,
            ):
                hold(held, server.port, FIRST, idle)
                before = server.private_kib()
                hold(held, server.port, rest, idle)
                found[peer.name] = (server.private_kib() - before) / rest
        except Unfit as unfit:
            print(unfit, file=sys.stderr)
    return found


def hold(held: ExitStack, port: int, count: int, idle: Idle) -> None:
    """Open connections, have one request answered on each, and keep them.

    Raises:
        Unfit: the answer is another one than it should be.
    """
    for _ in range(count):
        connection = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        connection.sendall(idle.request)
        answer = connection.recv(4096)
        agrees = f"\r\n{EXTENSIONS}:".lower().encode() in answer.lower()
        if not answer.startswith(idle.answer) or agrees is not idle.extensions:
            raise Unfit(f"answers {answer[:200]!r}")


def allow_descriptors(count: int) -> None:
    """Raise the limit of open files, for this process and the servers that it starts, as far as it has to go."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count if hard < 0 else min(count, hard), hard))
