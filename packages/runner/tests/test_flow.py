"""Back-pressure in both directions: peers that send too much, and peers that do not read."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from muntin.http_core import ResponseHead
from muntin.runner import Exchange

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
TEXT = [("Content-Type", "text/plain")]
Run = Callable[..., Any]
Serve = Callable[..., Any]


def ok(body: bytes = b"ok") -> tuple[ResponseHead, bytes]:
    return ResponseHead(200, TEXT), body


async def held_back(serving: Any) -> Any:
    """Return the one connection, once the server has ceased to read from it and the peer has had time to go on."""
    await serving.until(lambda: any(not each.is_reading for each in serving.server.connections))
    for _ in range(100):
        await asyncio.sleep(0)
    [connection] = serving.server.connections
    return connection


@pytest.mark.row("HI-21", "AH-29")
def test_endless_pipelining_is_held_back(run: Run, serve: Serve) -> None:
    async def main() -> None:
        released = asyncio.Event()
        running = 0

        async def slow(exchange: Exchange) -> None:
            nonlocal running
            running += 1
            assert running == 1
            await released.wait()
            running -= 1
            exchange.respond(*ok())

        async with serve(slow) as serving:
            client = await serving.connect()
            sending = asyncio.ensure_future(send_requests(client.writer, 300_000))
            connection = await held_back(serving)
            assert not sending.done()
            assert connection.engine.buffered < 1_000_000
            sending.cancel()
            connection.abort()
            released.set()

    run(main())


async def send_requests(writer: asyncio.StreamWriter, count: int) -> None:
    for _ in range(count // 1000):
        writer.write(GET * 1000)
        await writer.drain()


@pytest.mark.row("HC-50", "HI-25")
def test_a_peer_that_does_not_read_is_not_buffered_for(run: Run, serve: Serve) -> None:
    async def main() -> None:
        sent = 0

        async def endless(exchange: Exchange) -> None:
            nonlocal sent
            exchange.start(ResponseHead(200))
            while True:
                exchange.send(bytes(100_000))
                sent += 100_000
                await exchange.drain()

        async with serve(endless) as serving:
            client = await serving.connect()
            client.send(GET)
            await client.head()
            client.writer.transport.pause_reading()
            [connection] = serving.server.connections
            await serving.until(lambda: connection.write_flow.is_paused)
            for _ in range(1000):
                await asyncio.sleep(0)
            assert sent < 30_000_000
            assert connection.transport.get_write_buffer_size() < 1_000_000
            client.writer.transport.abort()

    run(main())


def test_a_slow_reader_gets_no_further_responses_piled_up(run: Run, serve: Serve) -> None:
    async def big(exchange: Exchange) -> None:
        exchange.respond(*ok(bytes(1_000_000)))

    async def main() -> None:
        async with serve(big) as serving:
            client = await serving.connect()
            client.send(GET * 200)
            await client.head()
            [connection] = serving.server.connections
            assert connection.transport.get_write_buffer_size() < 4_000_000
            got = 1
            await client.exactly(1_000_000)
            for _ in range(199):
                _, body = await client.response()
                got += len(body) == 1_000_000
            assert got == 200

    run(main())
