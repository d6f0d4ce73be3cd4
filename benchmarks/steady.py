"""The load at a fixed rate: `python -m benchmarks.steady --port 8000 --rate 5000` prints corrected latencies.

It needs a core for itself: it asks the clock in every turn of the loop, as timers of a millisecond would send bursts.
"""

import argparse
import asyncio
import json
import time
from collections.abc import Callable
from typing import cast

import uvloop

from benchmarks.memory import format_request
from benchmarks.schedule import Schedule, find_percentile


class Client(asyncio.Protocol):
    """One connection: sends the request when it is told to, and reports the end of the response."""

    __slots__ = ("complete", "failure", "missing", "request", "size", "transport")

    def __init__(
        self,
        request: bytes,
        size: int,
        complete: "Callable[[Client], None]",
        failure: "asyncio.Future[None]",
    ) -> None:
        """
        Args:
            request: its bytes.
            size: how many bytes the response has, head and body.
            complete: what is called at the end of each response.
            failure: a future of all clients, which gets the error that ends one of them.
        """
        self.request, self.size, self.complete, self.failure = request, size, complete, failure
        self.missing = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def send(self) -> None:
        """Send the request."""
        self.missing = self.size
        self.transport.write(self.request)

    def data_received(self, data: bytes) -> None:
        self.missing -= len(data)
        if self.missing == 0:
            self.complete(self)
        elif self.missing < 0:
            self.connection_lost(ConnectionError("a response is larger than the first one"))

    def connection_lost(self, error: Exception | None) -> None:
        if not self.failure.done():
            self.failure.set_exception(error or ConnectionError("the server closed a connection"))


async def measure_response(port: int, request: bytes) -> int:
    """Return the size of the response to a request; all later ones have to have the same.

    Raises:
        ConnectionError: its status is not 200, or it has no Content-Length.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    head = await reader.readuntil(b"\r\n\r\n")
    writer.close()
    lines = dict(line.lower().split(b":", 1) for line in head.split(b"\r\n")[1:-2])
    if not head.startswith(b"HTTP/1.1 200 ") or b"content-length" not in lines:
        raise ConnectionError(f"the response is another than expected: {head[:200]!r}")
    return len(head) + int(lines[b"content-length"])


async def make_load(
    port: int, path: str, *, rate: float, seconds: float, connections: int
) -> dict[str, float]:
    """Send requests at a rate for a number of seconds, and return the rate of sending and percentiles in µs.

    Raises:
        ConnectionError: the server closed a connection, or sent a response larger than the first one.
        TimeoutError: the responses took more than three times as long as the schedule.
    """
    loop = asyncio.get_running_loop()
    request = format_request(path, {})
    size = await measure_response(port, request)
    failure: asyncio.Future[None] = loop.create_future()
    schedule = Schedule(rate, max(round(rate * seconds), 1))

    def complete(client: Client) -> None:
        schedule.complete(client, time.perf_counter())

    def connect() -> Client:
        return Client(request, size, complete, failure)

    clients = [(await loop.create_connection(connect, "127.0.0.1", port))[1] for _ in range(connections)]
    schedule.free.extend(clients)
    schedule.start = start = time.perf_counter()
    while not schedule.finished and not failure.done():
        schedule.advance(now := time.perf_counter())
        if now > start + 3 * seconds + 1:
            raise TimeoutError(f"{schedule.count - len(schedule.latencies)} responses are missing")
        await asyncio.sleep(0)
    if failure.done():
        failure.result()  # raises
    failure.cancel()
    for client in clients:
        client.transport.abort()
    return {
        "rate": schedule.reached_rate,
        "median": find_percentile(schedule.latencies, 50) * 1e6,
        "p99": find_percentile(schedule.latencies, 99) * 1e6,
        "lag": find_percentile(schedule.lags, 99) * 1e6,
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Send requests at a fixed rate; latencies count from when due."
    )
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--path", default="/")
    parser.add_argument("--rate", type=float, required=True, help="requests per second")
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--connections", type=int, default=64)
    options = vars(parser.parse_args())
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(runner.run(make_load(options.pop("port"), options.pop("path"), **options))))
