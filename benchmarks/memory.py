"""Memory: what a connection costs a server that keeps it open with nothing to do."""

import resource
import socket
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.peers import Peer
from benchmarks.processes import Unfit, serving
from benchmarks.workloads import BROWSER_FIELDS, WORKLOADS

NAME = "memory"
PEERS = ("raw", "aiohttp", "muntin", "runner", "uvicorn")

# The first connections make a server load and cache what all of them share: they are not counted.
FIRST = 100

REQUEST = "\r\n".join(
    [
        "GET / HTTP/1.1",
        "Host: 127.0.0.1",
        *(f"{name}: {value}" for name, value in BROWSER_FIELDS.items()),
        "\r\n",
    ]
).encode()


def measure_memory(peers: Sequence[Peer], connections: int, files: Path, core: int) -> dict[str, float]:
    """Give the KiB of each peer for one idle connection that has had one answer. Who is unfit is left out."""
    allow_descriptors(connections + FIRST + 100)
    found = {}
    for peer in peers:
        try:
            with serving(peer, WORKLOADS["hello"], files=files, core=core) as server, ExitStack() as held:
                hold(held, server.port, FIRST)
                before = server.private_kib()
                hold(held, server.port, connections)
                found[peer.name] = (server.private_kib() - before) / connections
        except Unfit as unfit:
            print(unfit, file=sys.stderr)
    return found


def hold(held: ExitStack, port: int, count: int) -> None:
    """Open connections, have one request answered on each, and keep them."""
    for _ in range(count):
        connection = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        connection.sendall(REQUEST)
        connection.recv(4096)


def allow_descriptors(count: int) -> None:
    """Raise the limit of open files, for this process and the servers that it starts, as far as it has to go."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < count:
        resource.setrlimit(resource.RLIMIT_NOFILE, (count if hard < 0 else min(count, hard), hard))
