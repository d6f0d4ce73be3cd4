"""Connections over real sockets: bytes in, bytes out."""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from muntin.http_core import Limits, Rejected, ResponseHead
from muntin.runner import Exchange, ExchangeHandler

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
TEXT = [("Content-Type", "text/plain")]
Run = Callable[..., Any]
Serve = Callable[..., Any]


def ok(body: bytes = b"ok") -> tuple[ResponseHead, bytes]:
    return ResponseHead(200, TEXT), body


async def say_target(exchange: Exchange) -> None:
    exchange.respond(*ok(exchange.head.target.encode()))


async def read_all(exchange: Exchange) -> bytes:
    pieces = []
    while piece := await exchange.body.receive():
        pieces.append(piece)
    return b"".join(pieces)


async def echo(exchange: Exchange) -> None:
    exchange.respond(*ok(await read_all(exchange)))


def test_keep_alive(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            client = await serving.connect()
            for path in (b"/a", b"/b"):
                client.send(b"GET " + path + b" HTTP/1.1\r\nHost: a\r\n\r\n")
                head, body = await client.response()
                assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nDate: ")
                assert body == path

    run(main())


@pytest.mark.parametrize("step", [1, 7, 10_000])
def test_pipelining_in_order(run: Run, serve: Serve, step: int) -> None:
    async def sometimes_waits(exchange: Exchange) -> None:
        if int(exchange.head.target[1:]) % 3 == 0:
            await asyncio.sleep(0)
        await say_target(exchange)

    async def main() -> None:
        async with serve(sometimes_waits) as serving:
            client = await serving.connect()
            raw = b"".join(b"GET /%d HTTP/1.1\r\nHost: a\r\n\r\n" % number for number in range(40))
            for at in range(0, len(raw), step):
                client.send(raw[at : at + step])
                await client.writer.drain()
            assert [(await client.response())[1] for _ in range(40)] == [
                b"/%d" % number for number in range(40)
            ]

    run(main())


def test_many_pipelined_responses_let_others_have_their_turn(run: Run, serve: Serve) -> None:
    async def main() -> None:
        turns = 0

        async def count(exchange: Exchange) -> None:
            exchange.respond(*ok(b"%d" % turns))

        def turn() -> None:
            nonlocal turns
            turns += 1
            loop.call_soon(turn)

        loop = asyncio.get_running_loop()
        async with serve(count) as serving:
            client = await serving.connect()
            client.send(GET * 100)
            loop.call_soon(turn)
            seen = [int((await client.response())[1]) for _ in range(100)]
            assert len(set(seen)) > 5

    run(main())


LONG_LINES = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 8000) for number in range(8))
LONG_HEAD = b"GET /%b HTTP/1.1\r\nHost: a\r\n%b\r\n" % (b"p" * 8000, LONG_LINES)
LATE_TRAILERS = b"".join(b"X-%d: %b\r\n" % (number, b"x" * 500) for number in range(8))


@pytest.mark.row("HI-21")
@pytest.mark.parametrize(
    ("raw", "cuts", "pipelined"),
    [
        (LONG_HEAD, [65_536, 66_000], 65_536),
        (LONG_HEAD, [1000, 70_000, len(LONG_HEAD) - 1], 65_536),
        (b"\r\n" + LONG_HEAD, [66_000], 65_536),
        (GET, [10, 20], 1),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n"
            + LATE_TRAILERS
            + b"\r\n",
            [2000, 3000],
            1000,
        ),
        (
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1;x=%b\r\na\r\n0\r\n\r\n"
            % (b"y" * 200),
            [150],
            50,
        ),
    ],
)
def test_a_legal_request_never_stalls_in_pieces(
    run: Run, serve: Serve, raw: bytes, cuts: list[int], pipelined: int
) -> None:
    async def main() -> None:
        async with serve(echo, limits=Limits(pipelined=pipelined)) as serving:
            client = await serving.connect()
            # The same behind another request, where the limit did apply before.
            for before in (b"", GET):
                client.send(before)
                at = 0
                for cut in cuts:
                    client.send(raw[at:cut])
                    at = cut
                    await client.writer.drain()
                    # An exchange with somebody else lets the server read what is there.
                    other = await serving.connect()
                    other.send(GET)
                    await other.response()
                client.send(raw[at:])
                for _ in range(1 + bool(before)):
                    assert (await client.response())[0].startswith(b"HTTP/1.1 200 ")

    run(main())


@pytest.mark.row("HI-21")
def test_a_head_beyond_its_limits_is_refused_in_pieces_too(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(echo) as serving:
            client = await serving.connect()
            client.send(LONG_HEAD[:66_000])
            await client.writer.drain()
            client.send(LONG_HEAD[66_000:-2] + LONG_LINES[:8010])
            assert (await client.head()).startswith(b"HTTP/1.1 431 ")

    run(main())


@pytest.mark.row("HI-21", "HI-25")
def test_what_waits_behind_a_busy_handler_is_still_bounded(run: Run, serve: Serve) -> None:
    async def main() -> None:
        free = asyncio.Event()

        async def wait(exchange: Exchange) -> None:
            await free.wait()
            exchange.respond(*ok())

        async with serve(wait, limits=Limits(pipelined=5000)) as serving:
            client = await serving.connect()
            client.send(GET * 100_000)
            await serving.until(lambda: len(serving.server.connections) == 1)
            connection = next(iter(serving.server.connections))
            await serving.until(lambda: not connection.is_reading)
            # One read at most goes beyond.
            assert connection.engine.buffered < 5000 + 300_000
            free.set()
            assert (await client.response())[1] == b"ok"

    run(main())


async def stream_at_once(exchange: Exchange) -> None:
    exchange.start(ResponseHead(200))
    exchange.send(b"no")
    exchange.finish()


def open_this_file() -> BinaryIO:
    return Path(__file__).open("rb")


async def respond_file_at_once(exchange: Exchange) -> None:
    with open_this_file() as file:
        await exchange.respond_file(ResponseHead(200), file, 0, 10)


@pytest.mark.row("HI-22")
@pytest.mark.parametrize(
    "expectation",
    [
        b"100-continue, 100-continue",
        b"100-continue\r\nExpect: 100-continue",
        b"100-continue;tea",
        b"tea",
        b"",
    ],
)
@pytest.mark.parametrize("way", [say_target, stream_at_once, respond_file_at_once])
def test_whoever_may_hold_a_body_back_is_served_one_response(
    run: Run, serve: Serve, expectation: bytes, way: ExchangeHandler
) -> None:
    smuggled = b"GET /y HTTP/1.1\r\nHost: a\r\nX-Padding: 0123456789\r\n\r\n"

    async def main() -> None:
        async with serve(way) as serving:
            client = await serving.connect()
            client.send(
                b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: " + expectation
                + b"\r\nContent-Length: %d\r\n\r\n" % len(smuggled)
            )  # fmt: skip
            assert b"Connection: close\r\n" in await client.head()
            client.send(smuggled + b"GET /z HTTP/1.1\r\nHost: a\r\n\r\n")
            rest = await client.rest()
            assert b"HTTP/1.1" not in rest

    run(main())


def test_an_unread_body_is_dropped_to_keep_the_connection(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            client = await serving.connect()
            client.send(b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
            assert (await client.response())[1] == b"/x"
            client.send(bytes(1000) + b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (await client.response())[1] == b"/y"

    run(main())


@pytest.mark.parametrize(
    ("framing", "announced"),
    [
        (b"Content-Length: 100000", False),
        (b"Content-Length: 3000000", True),
        (b"Transfer-Encoding: chunked", True),
    ],
)
def test_a_connection_that_cannot_be_kept_is_announced_to_end(
    run: Run, serve: Serve, framing: bytes, announced: bool
) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            client = await serving.connect()
            client.send(b"POST /x HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n")
            head, _ = await client.response()
            assert (b"Connection: close\r\n" in head) is announced

    run(main())


def test_an_unread_body_too_large_to_drop_ends_the_connection(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            client = await serving.connect()
            client.send(
                b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 100000000\r\n\r\n" + bytes(1_000_000)
            )
            assert (await client.response())[1] == b"/x"
            # Our response arrives whole, in spite of what the peer is still sending.
            assert await client.rest() == b""

    run(main())


@pytest.mark.row("HI-20")
def test_nothing_is_served_behind_the_last(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            client = await serving.connect()
            client.send(
                b"GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            raw = await client.rest()
            assert raw.endswith(b"\r\n\r\n/a")
            assert raw.count(b"HTTP/1.1") == 1

    run(main())


@pytest.mark.parametrize(
    ("raw", "status", "text"),
    [
        (b"nonsense\r\n\r\n", b"400 Bad Request", b"400: malformed request line"),
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\n\r\n", b"414 URI Too Long", b"414: request line too long"),
        (GET[:-2] + b"X: y\r\n" * 200, b"431 Request Header Fields Too Large", b"431: too many fields"),
        (
            GET[:-2] + b"Transfer-Encoding: x, chunked\r\n\r\n",
            b"501 Not Implemented",
            b"501: transfer coding not implemented",
        ),
        (GET.replace(b"1.1", b"3.1"), b"505 HTTP Version Not Supported", b"505: HTTP version not supported"),
    ],
)
def test_refused_requests(run: Run, serve: Serve, raw: bytes, status: bytes, text: bytes) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            client = await serving.connect()
            client.send(raw)
            head, body = await client.response()
            assert head.startswith(b"HTTP/1.1 " + status + b"\r\n")
            assert b"Connection: close\r\n" in head
            assert body == text
            assert await client.rest() == b""

    run(main())


@pytest.mark.row("HI-50")
@pytest.mark.parametrize("way", ["at once", "waits", "refused"])
def test_a_reset_between_the_response_and_its_end(
    run: Run, serve: Serve, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """A client that speaks TLS to us does that: it takes the first bytes of our response for nonsense."""

    async def main() -> None:
        peer = socket.socket()
        responded = asyncio.Event()

        async def respond(exchange: Exchange, *_: Rejected) -> None:
            if way == "waits":
                await asyncio.sleep(0)
            exchange.close_after()
            exchange.respond(*ok())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            responded.set()

        async with serve(respond, rejector=respond) as serving:
            peer.connect(("127.0.0.1", serving.port))
            well_formed = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"
            peer.send(b"\x16\x03\r\n\r\n" if way == "refused" else well_formed)
            async with asyncio.timeout(10):
                await responded.wait()
            await serving.until(lambda: not serving.server.connections)

    run(main())
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_cutting_the_connection_is_an_end(run: Run, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def handler(exchange: Exchange) -> None:
        exchange.start(ResponseHead(200))
        exchange.abort()
        assert exchange.is_disconnected

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(GET)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await client.exactly(1000)

    run(main())
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.parametrize("cancels", [False, True])
@pytest.mark.row("RN-04", "RN-05")
def test_handler_cancellation(run: Run, serve: Serve, cancels: bool) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[str] = loop.create_future()

        async def handler(exchange: Exchange) -> None:
            exchange.call_on_disconnect(lambda: loop.call_soon(loop.call_soon, gone.set))
            try:
                await gone.wait()
            except asyncio.CancelledError:
                outcome.set_result("cancelled")
                raise
            outcome.set_result("went on")

        gone = asyncio.Event()
        async with serve(handler, handler_cancellation=cancels) as serving:
            client = await serving.connect()
            client.send(GET)
            while not any(connection.exchange for connection in serving.server.connections):
                await asyncio.sleep(0)
            client.writer.transport.abort()
            assert await outcome == ("cancelled" if cancels else "went on")

    run(main())


def test_a_half_closed_peer_gets_its_response(run: Run, serve: Serve) -> None:
    async def waits(exchange: Exchange) -> None:
        await asyncio.sleep(0)
        await say_target(exchange)

    async def main() -> None:
        async with serve(waits) as serving:
            client = await serving.connect()
            client.send(b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n")
            client.writer.write_eof()
            assert (await client.rest()).endswith(b"\r\n\r\n/x")

    run(main())


def test_a_port_scanner_disturbs_nobody(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            for _ in range(50):
                sock = socket.create_connection(("127.0.0.1", serving.port))
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.close()
            client = await serving.connect()
            client.send(GET)
            assert (await client.response())[1] == b"/"

    run(main())
