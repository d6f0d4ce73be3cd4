"""How many connections and requests there may be, over real sockets."""

import asyncio
import logging
import re
from collections.abc import Callable
from math import inf
from typing import Any

import pytest

from muntin.http_core import ResponseHead
from muntin.runner import Caps, Exchange, Timeouts
from muntin.runner._room import REFUSED_AT_ONCE

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
Run = Callable[..., Any]
Serve = Callable[..., Any]


async def hello(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(200), b"hello")


@pytest.mark.row("HI-54")
def test_connections_too_many_are_told_so(run: Run, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        async with serve(hello, caps=Caps(connections=3)) as serving:
            first = [await serving.connect() for _ in range(3)]
            await serving.until(lambda: len(serving.server.connections) == 3)
            extra = await serving.connect()
            extra.send(GET)
            raw = await extra.rest()
            assert raw.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"Connection: close\r\n" in raw
            assert b"Retry-After: 1\r\n" in raw
            for client in first:
                client.send(GET)
                assert (await client.response())[1] == b"hello"
            # One that goes makes room for another.
            extra.close()
            first[0].close()
            await serving.until(lambda: len(serving.server.connections) == 2)
            again = await serving.connect()
            again.send(GET)
            assert (await again.response())[1] == b"hello"
            serving.let_time_pass(1)

    with caplog.at_level(logging.WARNING, "muntin.server"):
        run(main())
    # How many are open depends on when the server's own clock ticks.
    # A loop in debug mode tells of its own slowness as well.
    (record,) = [record for record in caplog.records if record.name == "muntin.server"]
    assert re.fullmatch(r"refused 1 connections: [2-4] are open", record.getMessage())


@pytest.mark.row("HI-54")
def test_a_storm_of_connections_is_cut(run: Run, serve: Serve) -> None:
    async def main() -> None:
        # Nobody who connected goes while the storm lasts, however long that is.
        timeouts = Timeouts(linger=inf, first_byte=inf)
        async with serve(hello, caps=Caps(connections=2), timeouts=timeouts) as serving:
            served = await serving.connect()
            served.send(GET)
            await served.response()
            storm = [await serving.connect() for _ in range(200)]
            responses = await asyncio.gather(*(client.rest() for client in storm[1:]), return_exceptions=True)
            received = [response for response in responses if isinstance(response, bytes) and response]
            assert len(received) == REFUSED_AT_ONCE
            assert all(response.startswith(b"HTTP/1.1 503 ") for response in received)
            served.send(GET)
            assert (await served.response())[1] == b"hello"

    run(main())


def test_requests_too_many_are_asked_to_come_again(run: Run, serve: Serve) -> None:
    async def main() -> None:
        released = asyncio.Event()
        running = 0

        async def slow(exchange: Exchange) -> None:
            nonlocal running
            running += 1
            await released.wait()
            running -= 1
            await hello(exchange)

        async with serve(slow, caps=Caps(requests=2)) as serving:
            clients = [await serving.connect() for _ in range(3)]
            for client in clients[:2]:
                client.send(GET)
            await serving.until(lambda: running == 2)
            clients[2].send(GET)
            head, body = await clients[2].response()
            assert head.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
            assert b"Retry-After: 1\r\n" in head
            assert body == b"503: Service Unavailable"
            released.set()
            for client in clients[:2]:
                assert (await client.response())[1] == b"hello"
            # On the same connection.
            clients[2].send(GET)
            assert (await clients[2].response())[1] == b"hello"

    run(main())


@pytest.mark.parametrize("pipelined", [False, True])
def test_the_last_request_of_a_connection_is_told_so(run: Run, serve: Serve, pipelined: bool) -> None:
    async def main() -> None:
        async with serve(hello, caps=Caps(requests_per_connection=3)) as serving:
            client = await serving.connect()
            if pipelined:
                client.send(GET * 5)
            closes = []
            for _ in range(3):
                if not pipelined:
                    client.send(GET)
                head, _ = await client.response()
                closes.append(b"Connection: close\r\n" in head)
            assert closes == [False, False, True]
            assert await client.rest() == b""

    run(main())


def test_what_waits_of_a_body_is_bounded(run: Run, serve: Serve) -> None:
    async def main() -> None:
        released = asyncio.Event()

        async def later(exchange: Exchange) -> None:
            await released.wait()
            await hello(exchange)

        async with serve(later, caps=Caps(body_buffer=1000)) as serving:
            client = await serving.connect()
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 900000\r\n\r\n")
            await serving.until_phase("HANDLING")
            [connection] = serving.server.connections
            client.send(bytes(900_000))
            await serving.until(lambda: connection.exchange.body.received > 0)
            for _ in range(50):
                await asyncio.sleep(0)
            assert connection.exchange.body.received <= 262144  # one read of the loop
            released.set()

    run(main())


def test_numbers_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="connections is less than 1"):
        Caps(connections=0)
