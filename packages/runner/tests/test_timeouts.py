"""How long peers may take, by a clock that the test turns, over real sockets."""

import asyncio
import socket
from collections.abc import Callable
from math import inf
from pathlib import Path
from typing import Any

import pytest

from muntin.http_core import RemoteProtocolError, ResponseHead
from muntin.runner import DEFAULT_TIMEOUTS, Exchange, Timeouts
from muntin.runner._watch import should_be_receiving

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
Run = Callable[..., Any]
Serve = Callable[..., Any]

# Each wait may last an interval of the clock longer, and to the next whole second.
LATE = 2.0


async def hello(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(200), b"hello")


async def count_body(exchange: Exchange) -> None:
    count = 0
    while piece := await exchange.body.receive():
        count += len(piece)
    exchange.respond(ResponseHead(200), b"%d" % count)


@pytest.mark.row("HI-23", "AH-39")
@pytest.mark.parametrize(
    ("raw", "phase", "allowed", "response"),
    [
        (b"", "IDLE", 30, b""),
        (b"GET / HT", "HEAD", 5, b"HTTP/1.1 408 Request Timeout\r\n"),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n", "DRAINING", 7, b"HTTP/1.1 200 OK\r\n"),
    ],
)
def test_deadlines(run: Run, serve: Serve, raw: bytes, phase: str, allowed: float, response: bytes) -> None:
    async def main() -> None:
        async with serve(hello, timeouts=Timeouts(first_byte=30, head=5, drain=7)) as serving:
            client = await serving.connect()
            client.send(raw)
            await serving.until_phase(phase)
            serving.let_time_pass(allowed)
            await serving.until_phase(phase)
            serving.let_time_pass(LATE)
            got = await client.rest()
            assert got.startswith(response)
            assert bool(got) is bool(response)

    run(main())


@pytest.mark.row("AH-39")
def test_who_never_asks_is_let_go_long_before_who_asked_once(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(hello) as serving:
            silent, asked = await serving.connect(), await serving.connect()
            asked.send(GET)
            await asked.response()
            await serving.until(lambda: len(serving.server.connections) == 2)
            serving.let_time_pass(DEFAULT_TIMEOUTS.first_byte + LATE)
            assert await silent.rest() == b""
            serving.let_time_pass(DEFAULT_TIMEOUTS.keep_alive - DEFAULT_TIMEOUTS.first_byte - LATE)
            asked.send(GET)
            assert (await asked.response())[1] == b"hello"
            serving.let_time_pass(DEFAULT_TIMEOUTS.keep_alive + LATE)
            assert await asked.rest() == b""

    run(main())


@pytest.mark.row("HI-23")
def test_a_dribbled_head_does_not_renew_its_deadline(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(hello, timeouts=Timeouts(head=5)) as serving:
            client = await serving.connect()
            client.send(b"GET / HTTP/1.1\r\n")
            await serving.until_phase("HEAD")
            [connection] = serving.server.connections
            for _ in range(3):
                serving.let_time_pass(1.5)
                before = connection.engine.buffered
                client.send(b"X: y\r\n")
                await serving.until(lambda before=before: connection.engine.buffered > before)
            serving.let_time_pass(0.5 + LATE)
            assert (await client.rest()).startswith(b"HTTP/1.1 408 ")

    run(main())


def test_the_clock_ticks_by_itself(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(hello, timeouts=Timeouts(first_byte=0.05)) as serving:
            client = await serving.connect()
            assert await client.rest() == b""

    run(main())


# Bodies ----------------------------------------------------------------------------------------------------------

POST = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n"


async def dribble(serving: Any, client: Any, piece: bytes, times: int) -> None:
    """Send a piece each second."""
    [connection] = serving.server.connections
    for _ in range(times):
        if connection.exchange is None or connection.exchange.body.is_over:
            return
        before = connection.exchange.body.received
        client.send(piece)
        await serving.until(lambda before=before: connection.exchange.body.received > before)
        serving.let_time_pass(1)


@pytest.mark.row("HI-24")
@pytest.mark.parametrize(
    "head", [POST, POST.replace(b"Content-Length: 100000", b"Transfer-Encoding: chunked")]
)
@pytest.mark.parametrize("piece", [b"", b"1\r\nx\r\n"])
def test_a_slow_body_is_408(run: Run, serve: Serve, head: bytes, piece: bytes) -> None:
    async def main() -> None:
        timeouts = Timeouts(body=10, body_rate=10)
        async with serve(count_body, timeouts=timeouts) as serving:
            client = await serving.connect()
            client.send(head)
            await serving.until_phase("HANDLING")
            serving.let_time_pass(0)
            if piece:
                await dribble(serving, client, piece, 20)
            else:
                serving.let_time_pass(10)
            raw = await client.rest()
            assert raw.startswith(b"HTTP/1.1 408 Request Timeout\r\n")
            assert b"Connection: close\r\n" in raw

    run(main())


@pytest.mark.row("HI-24")
def test_a_body_that_keeps_its_pace_may_take_for_ever(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(count_body, timeouts=Timeouts(body=10, body_rate=10)) as serving:
            client = await serving.connect()
            client.send(POST)
            await serving.until_phase("HANDLING")
            await dribble(serving, client, bytes(20), 100)
            client.send(bytes(100_000 - 2000))
            assert (await client.response())[1] == b"100000"

    run(main())


def test_a_peer_is_not_slow_while_it_is_held_back(run: Run, serve: Serve) -> None:
    """By a full buffer, or by the 100 that it waits for."""

    async def main() -> None:
        released = asyncio.Event()

        async def later(exchange: Exchange) -> None:
            await released.wait()
            await count_body(exchange)

        size = 10_000_000
        async with serve(later, timeouts=Timeouts(body=10, body_rate=10)) as serving:
            expecting, sending = await serving.connect(), await serving.connect()
            expecting.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n")
            sending.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + bytes(size))
            await serving.until_phase("HANDLING")
            connections = list(serving.server.connections)
            await serving.until(lambda: any(each.exchange.body.received > 262144 for each in connections))
            for _ in range(4):
                serving.let_time_pass(10)
            released.set()
            assert (await sending.response())[1] == b"%d" % size
            assert (await expecting.head()).startswith(b"HTTP/1.1 100 ")
            expecting.send(b"x")
            assert (await expecting.response())[1] == b"1"

    run(main())


def test_a_slow_body_fails_who_reads_it(run: Run, serve: Serve) -> None:
    async def main() -> None:
        failed: list[RemoteProtocolError] = []

        async def forgives(exchange: Exchange) -> None:
            try:
                await count_body(exchange)
            except RemoteProtocolError as error:
                failed.append(error)
                exchange.respond(ResponseHead(200), b"never mind")

        async with serve(forgives, timeouts=Timeouts(body=10)) as serving:
            client = await serving.connect()
            client.send(POST)
            await serving.until_phase("HANDLING")
            serving.let_time_pass(0)
            serving.let_time_pass(10)
            raw = await client.rest()
            assert b"Connection: close\r\n" in raw
            assert raw.endswith(b"never mind")
            assert [error.status for error in failed] == [408]

    run(main())


# Answers -----------------------------------------------------------------------------------------------------------


def connect_small(port: int) -> socket.socket:
    """Connect with a small buffer for what comes."""
    sock = socket.socket()
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    sock.connect(("127.0.0.1", port))
    sock.setblocking(False)
    return sock


async def ended(sock: socket.socket) -> bool:
    """Read on to the end; tell whether it was a reset, not an end that could be taken for that of the response."""
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(PATIENCE):
            while await loop.sock_recv(sock, 1 << 20):
                pass
    except ConnectionResetError:
        return True
    return False


async def endless(exchange: Exchange) -> None:
    exchange.start(ResponseHead(200))
    while True:
        exchange.send(bytes(100_000))
        await exchange.drain()


async def big(exchange: Exchange) -> None:
    exchange.respond(ResponseHead(200), bytes(20_000_000))


async def big_and_last(exchange: Exchange) -> None:
    exchange.close_after()
    await big(exchange)


@pytest.mark.row("HI-25")
@pytest.mark.parametrize("handler", [endless, big, big_and_last])
@pytest.mark.parametrize("reads", [0, 10])
def test_who_does_not_read_is_cut(run: Run, serve: Serve, handler: Any, reads: int) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with serve(handler, timeouts=Timeouts(write=10, write_rate=5000)) as serving:
            with connect_small(serving.port) as sock:
                sock.send(GET)
                await serving.until(
                    lambda: any(should_be_receiving(each) for each in serving.server.connections)
                )
                for _ in range(13):
                    if reads:
                        await loop.sock_recv(sock, reads)
                    if serving.server.connections:
                        serving.let_time_pass(1)
                await serving.until(lambda: not serving.server.connections)
                assert await ended(sock)

    run(main())


@pytest.mark.row("HI-25")
def test_who_does_not_read_a_file_is_cut(run: Run, serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "big"
    path.write_bytes(bytes(20_000_000))

    async def send(exchange: Exchange) -> None:
        exchange.start(ResponseHead(200, [("Content-Length", "20000000")]))
        with path.open("rb") as file:
            await exchange.send_file(file, 0, 20_000_000)
        exchange.finish()

    async def main() -> None:
        async with serve(send, timeouts=Timeouts(write=10)) as serving:
            with connect_small(serving.port) as sock:
                sock.send(GET)
                await serving.until(
                    lambda: any(should_be_receiving(each) for each in serving.server.connections)
                )
                serving.let_time_pass(1)
                serving.let_time_pass(10)
                await serving.until(lambda: not serving.server.connections)
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


@pytest.mark.row("HI-25")
def test_who_reads_steadily_gets_it_all(run: Run, serve: Serve) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        async with serve(big_and_last, timeouts=Timeouts(write=10, write_rate=1000)) as serving:
            with connect_small(serving.port) as sock:
                sock.send(GET)
                await serving.until(
                    lambda: any(should_be_receiving(each) for each in serving.server.connections)
                )
                got = 0
                for _ in range(25):
                    for _ in range(20):
                        got += len(await loop.sock_recv(sock, 4096))
                    serving.let_time_pass(1)
                assert serving.server.connections
                async with asyncio.timeout(PATIENCE):
                    while piece := await loop.sock_recv(sock, 1 << 20):
                        got += len(piece)
                assert got > 20_000_000

    run(main())


def test_numbers_that_make_no_sense() -> None:
    with pytest.raises(ValueError, match="head is negative"):
        Timeouts(head=-1)
    with pytest.raises(ValueError, match="body_rate"):
        Timeouts(body_rate=float("nan"))
    assert Timeouts(keep_alive=inf).keep_alive == inf
