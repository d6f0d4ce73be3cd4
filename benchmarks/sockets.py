"""The load on WebSockets: `python -m benchmarks.sockets --port 8000` sends messages and counts their echoes.

Every socket keeps a few messages under way, so that neither side waits for the other's turn. The frames are made
once and the echoes only counted: the load must never be what is measured.
"""

import argparse
import asyncio
import json
import statistics
import struct
import time
from collections.abc import Callable
from typing import cast

import uvloop

# Messages under way on each socket.
BURST = 8

MASK = b"\x37\xfa\x21\x3d"
HANDSHAKE = (
    "GET {path} HTTP/1.1\r\n"
    "Host: 127.0.0.1\r\n"
    "Connection: Upgrade\r\n"
    "Upgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "\r\n"
)


def format_frame(payload: bytes, mask: bytes = b"") -> bytes:
    """Format a binary message in one frame (RFC 6455, section 5.2), masked where there is a mask."""
    bit = 0x80 if mask else 0
    size = len(payload)
    head = struct.pack("!BB", 0x82, bit | size) if size < 126 else struct.pack("!BBH", 0x82, bit | 126, size)
    if mask:
        pad = int.from_bytes((mask * (size // 4 + 1))[:size])
        payload = (int.from_bytes(payload) ^ pad).to_bytes(size)
    return head + mask + payload


class Echoed(asyncio.Protocol):
    """One socket: sends a burst, waits for its echoes, sends the next."""

    def __init__(self, path: str, size: int) -> None:
        payload = bytes(index % 251 for index in range(size))
        self.handshake = HANDSHAKE.format(path=path).encode()
        self.burst = format_frame(payload, MASK) * BURST
        self.echo = format_frame(payload) * BURST
        self.closed = asyncio.get_running_loop().create_future()
        self.bursts: list[float] = []
        self.received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self.handshake)
        self.receive: Callable[[bytes], None] = self.receive_handshake

    def data_received(self, data: bytes) -> None:
        self.receive(data)

    def receive_handshake(self, data: bytes) -> None:
        self.received += data
        head, end, rest = self.received.partition(b"\r\n\r\n")
        if end and not head.startswith(b"HTTP/1.1 101 "):
            self.fail(f"refused: {head[:100]!r}")
        elif end:
            self.received = rest
            self.receive = self.receive_first
            self.send()

    def receive_first(self, data: bytes) -> None:
        self.received += data
        if len(self.received) < len(self.echo):
            return
        if self.received != self.echo:
            self.fail("the echo is not what was sent")
            return
        self.receive = self.receive_echo
        self.send()

    def receive_echo(self, data: bytes) -> None:
        self.missing -= len(data)
        if self.missing <= 0:
            self.bursts.append(time.perf_counter() - self.sent)
            self.send()

    def send(self) -> None:
        self.missing = len(self.echo)
        self.sent = time.perf_counter()
        self.transport.write(self.burst)

    def fail(self, reason: str) -> None:
        self.closed.set_exception(ConnectionError(reason))
        self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        if not self.closed.done():
            self.closed.set_exception(error or ConnectionError("the server closed the connection"))


async def make_load(port: int, path: str, *, size: int, sockets: int, seconds: float) -> dict[str, float]:
    """Send messages for a number of seconds, and give the counts and times in microseconds."""
    loop = asyncio.get_running_loop()
    opened = [
        await loop.create_connection(lambda: Echoed(path, size), "127.0.0.1", port) for _ in range(sockets)
    ]
    start = time.perf_counter()
    done, _ = await asyncio.wait([echoed.closed for _, echoed in opened], timeout=seconds)
    took = time.perf_counter() - start
    for future in done:
        future.result()  # raises: no socket may end before its time
    bursts = [time * 1e6 for _, echoed in opened for time in echoed.bursts]
    for transport, echoed in opened:
        echoed.closed.cancel()
        transport.abort()
    return {
        "requests": len(bursts) * BURST,
        "microseconds": took * 1e6,
        "median": round(statistics.median(bursts)),
        "p99": round(statistics.quantiles(bursts, n=100)[98]),
        "failed": 0,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Send messages over WebSockets and count their echoes.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/echo")
    parser.add_argument("--size", type=int, default=64, help="bytes of a message, up to 65535 (%(default)s)")
    parser.add_argument("--sockets", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=2)
    options = vars(parser.parse_args())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(make_load(options.pop("port"), options.pop("path"), **options))))
