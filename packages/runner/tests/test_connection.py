"""Connections over real sockets: bytes in, bytes out."""

import asyncio
import gc
import logging
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from muntin.http_core import Limits, LocalProtocolError, Rejected, RemoteProtocolError, ResponseHead
from muntin.runner import Exchange, ExchangeHandler, Server, Timeouts

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

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


def test_many_pipelined_answers_let_others_have_their_turn(run: Run, serve: Serve) -> None:
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


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("size", [0, 1, 70_000, 1_000_000])
def test_bodies(run: Run, serve: Serve, chunked: bool, size: int) -> None:
    async def main() -> None:
        async with serve(echo) as serving:
            client = await serving.connect()
            data = bytes(range(256)) * (size // 256 + 1)
            data = data[:size]
            if chunked:
                client.send(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
                for at in range(0, size, 10_000):
                    piece = data[at : at + 10_000]
                    client.send(b"%x\r\n%b\r\n" % (len(piece), piece))
                client.send(b"0\r\n\r\n" + GET)
            else:
                client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size + data + GET)
            assert (await client.response())[1] == data
            assert (await client.response())[1] == b""

    run(main())


def test_a_body_nobody_reads_holds_the_peer_back(run: Run, serve: Serve) -> None:
    async def main() -> None:
        released = asyncio.Event()

        async def later(exchange: Exchange) -> None:
            await released.wait()
            exchange.respond(*ok(b"%d" % len(await read_all(exchange))))

        async with serve(later) as serving:
            client = await serving.connect()
            size = 50_000_000
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
            sending = asyncio.ensure_future(send_zeros(client.writer, size))
            connection = await held_back(serving)
            assert not sending.done(), "the server took 50 MB that nobody reads"
            assert connection.exchange.body.buffered < 1_000_000
            released.set()
            assert (await client.response())[1] == b"%d" % size
            await sending

    run(main())


async def held_back(serving: Any) -> Any:
    """Give the one connection, once the server has ceased to read from it and the peer has had time to go on."""
    await serving.until(lambda: any(not each.is_reading for each in serving.server.connections))
    for _ in range(100):
        await asyncio.sleep(0)
    [connection] = serving.server.connections
    return connection


async def send_zeros(writer: asyncio.StreamWriter, size: int) -> None:
    for _ in range(size // 1_000_000):
        writer.write(bytes(1_000_000))
        await writer.drain()


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


def test_a_slow_reader_gets_no_further_answers_piled_up(run: Run, serve: Serve) -> None:
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


def test_streaming(run: Run, serve: Serve) -> None:
    async def stream(exchange: Exchange) -> None:
        exchange.start(ResponseHead(200, TEXT))
        for piece in (b"one", b"", b"two"):
            exchange.send(piece)
            await exchange.drain()
        exchange.finish([("X-End", "yes")])

    async def main() -> None:
        async with serve(stream) as serving:
            client = await serving.connect()
            client.send(GET)
            assert b"Transfer-Encoding: chunked" in await client.head()
            assert await client.head() == b"3\r\none\r\n3\r\ntwo\r\n0\r\nX-End: yes\r\n\r\n"
            client.send(b"GET / HTTP/1.0\r\n\r\n")
            assert b"Connection: close" in await client.head()
            assert await client.rest() == b"onetwo"

    run(main())


@pytest.mark.row("HC-22")
def test_continue_is_sent_when_the_body_is_wanted(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(echo) as serving:
            client = await serving.connect()
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
            assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
            client.send(b"hi" + GET)
            assert (await client.response())[1] == b"hi"
            assert (await client.response())[1] == b""

    run(main())


@pytest.mark.row("HI-22")
def test_a_final_answer_instead_of_continue_ends_the_connection(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            client = await serving.connect()
            client.send(b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n")
            head, _ = await client.response()
            assert b"Connection: close\r\n" in head
            client.send(b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await client.rest() == b""

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


@pytest.mark.row("HC-22")
def test_continue_is_sent_to_who_expects_more_than_that(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(echo) as serving:
            for expectation in (b"100-continue, tea", b"tea\r\nExpect: 100-continue"):
                client = await serving.connect()
                client.send(
                    b"POST / HTTP/1.1\r\nHost: a\r\nExpect: " + expectation + b"\r\nContent-Length: 2\r\n\r\n"
                )
                assert await client.head() == b"HTTP/1.1 100 Continue\r\n\r\n"
                client.send(b"hi" + GET)
                assert (await client.response())[1] == b"hi"
                assert (await client.response())[1] == b""

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
            # Our answer arrives whole, in spite of what the peer is still sending.
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


@pytest.mark.row("HI-53")
def test_a_failing_handler(run: Run, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(exchange: Exchange) -> None:
        raise ValueError("secret")

    async def main() -> None:
        async with serve(fail) as serving:
            client = await serving.connect()
            client.send(b"GET /path HTTP/1.1\r\nHost: a\r\n\r\n")
            raw = await client.rest()
            assert raw.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
            assert raw.endswith(b"\r\n\r\n500: Internal Server Error")
            assert b"secret" not in raw

    run(main())
    [record] = [record for record in caplog.records if record.name == "muntin.server"]
    assert record.getMessage() == "The handler of GET /path failed"
    assert record.exc_info is not None
    assert record.exc_info[0] is ValueError


def test_a_handler_that_fails_in_the_middle_of_its_answer(run: Run, serve: Serve) -> None:
    async def fail(exchange: Exchange) -> None:
        exchange.start(ResponseHead(200))
        exchange.send(b"half")
        raise ValueError

    async def main() -> None:
        async with serve(fail) as serving:
            client = await serving.connect()
            client.send(GET)
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await client.exactly(100_000)

    run(main())


@pytest.mark.parametrize("fails", [False, True])
def test_a_handler_that_is_no_coroutine_function_is_named(
    run: Run, serve: Serve, caplog: pytest.LogCaptureFixture, fails: bool
) -> None:
    def plain(exchange: Exchange) -> None:
        if fails:
            raise LookupError("its own fault")

    async def main() -> None:
        async with serve(plain) as serving:
            client = await serving.connect()
            client.send(GET)
            assert (await client.head()).startswith(b"HTTP/1.1 500 ")

    run(main())
    assert ("LookupError: its own fault" if fails else "write it with async def") in caplog.text


def test_whatever_returns_a_coroutine_is_a_handler(run: Run, serve: Serve) -> None:
    class Callable:
        async def __call__(self, exchange: Exchange) -> None:
            await say_target(exchange)

    async def main() -> None:
        for handler in (lambda exchange: say_target(exchange), Callable(), partial(say_target)):
            async with serve(handler) as serving:
                client = await serving.connect()
                client.send(GET)
                assert (await client.response())[1] == b"/"

    run(main())


def test_what_can_be_no_handler_is_refused_at_once() -> None:
    async def stream(exchange: Exchange) -> AsyncIterator[bytes]:
        yield b""

    for handler in (None, 5, "module:handler", ok()):
        with pytest.raises(TypeError, match="not callable"):
            Server(handler)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="async generator"):
        Server(stream)  # type: ignore[arg-type]


def test_a_handler_without_an_answer(run: Run, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def forget(exchange: Exchange) -> None:
        pass

    async def main() -> None:
        async with serve(forget) as serving:
            client = await serving.connect()
            client.send(GET)
            assert (await client.rest()).startswith(b"HTTP/1.1 500 ")

    run(main())
    assert "left its response unfinished" in caplog.text


def test_a_refused_head_can_be_answered_otherwise(run: Run, serve: Serve) -> None:
    async def careful(exchange: Exchange) -> None:
        with pytest.raises(LocalProtocolError):
            exchange.respond(ResponseHead(200, [("X", "a\r\nb")]))
        exchange.respond(*ok(b"recovered"))

    async def main() -> None:
        async with serve(careful) as serving:
            client = await serving.connect()
            client.send(GET * 2)
            assert (await client.response())[1] == b"recovered"
            assert (await client.response())[1] == b"recovered"

    run(main())


def test_an_exchange_that_is_over_cannot_speak_for_the_next(run: Run, serve: Serve) -> None:
    async def main() -> None:
        kept: list[Exchange] = []

        async def handler(exchange: Exchange) -> None:
            if kept:
                with pytest.raises(LocalProtocolError, match="over"):
                    kept[0].respond(*ok(b"from the grave"))
                kept[0].abort()
            kept.append(exchange)
            exchange.respond(*ok())

        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(GET * 2)
            assert (await client.response())[1] == b"ok"
            assert (await client.response())[1] == b"ok"

    run(main())


@pytest.mark.parametrize(
    ("raw", "error"),
    [
        (b"Content-Length: 10\r\n\r\nhalf", ConnectionResetError),
        (b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel", ConnectionResetError),
        (b"Transfer-Encoding: chunked\r\n\r\nnonsense\r\n", RemoteProtocolError),
    ],
)
@pytest.mark.row("HC-16", "HC-18")
def test_a_body_that_breaks_off(
    run: Run, serve: Serve, caplog: pytest.LogCaptureFixture, raw: bytes, error: type[Exception]
) -> None:
    async def main() -> None:
        caught = asyncio.get_running_loop().create_future()

        async def handler(exchange: Exchange) -> None:
            try:
                await read_all(exchange)
            except Exception as reason:
                caught.set_result(reason)
                raise

        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\n" + raw)
            client.writer.write_eof()
            assert isinstance(await caught, error)
            assert (await client.head()).startswith(b"HTTP/1.1 400 ")

    with caplog.at_level(logging.INFO, "muntin.server"):
        run(main())
    [record] = [record for record in caplog.records if record.name == "muntin.server"]
    assert record.levelno == logging.INFO
    assert re.fullmatch(r"refused a request from .*: 400 \S.*", record.getMessage())


@pytest.mark.row("HI-50")
@pytest.mark.parametrize("way", ["at once", "waits", "refused"])
def test_a_reset_between_the_answer_and_its_end(
    run: Run, serve: Serve, caplog: pytest.LogCaptureFixture, way: str
) -> None:
    """A client that speaks TLS to us does that: it takes the first bytes of our answer for nonsense."""

    async def main() -> None:
        peer = socket.socket()
        answered = asyncio.Event()

        async def answer(exchange: Exchange, *_: Rejected) -> None:
            if way == "waits":
                await asyncio.sleep(0)
            exchange.close_after()
            exchange.respond(*ok())
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            answered.set()

        async with serve(answer, rejector=answer) as serving:
            peer.connect(("127.0.0.1", serving.port))
            well_formed = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1"
            peer.send(b"\x16\x03\r\n\r\n" if way == "refused" else well_formed)
            async with asyncio.timeout(10):
                await answered.wait()
            await serving.until(lambda: not serving.server.connections)

    run(main())
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.row("HC-17", "HC-18")
def test_writing_to_a_peer_that_is_gone(run: Run, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> None:
        caught = asyncio.get_running_loop().create_future()

        async def handler(exchange: Exchange) -> None:
            exchange.start(ResponseHead(200))
            try:
                await exchange.wait_disconnected()
                assert exchange.is_disconnected
                while True:
                    # The first write after a mere end of the peer's side is what tells the two apart.
                    exchange.send(b"more")
                    await asyncio.sleep(0)
            except Exception as reason:
                caught.set_result(reason)
                raise

        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(GET)
            await client.head()
            client.writer.transport.abort()
            assert isinstance(await caught, ConnectionResetError)

    run(main())
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_a_reader_left_behind_is_told(run: Run, serve: Serve) -> None:
    async def main() -> None:
        reading: list[asyncio.Future[bytes]] = []

        async def handler(exchange: Exchange) -> None:
            reading.append(asyncio.ensure_future(exchange.body.receive()))
            await asyncio.sleep(0)
            exchange.respond(*ok())

        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n")
            await client.response()
            with pytest.raises(LocalProtocolError, match="over"):
                await reading[0]

    run(main())


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


@pytest.mark.row("HC-18", "HI-46")
def test_a_peer_that_leaves_during_a_file(
    run: Run, serve: Serve, caplog: pytest.LogCaptureFixture, tmp_path: Any
) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(20_000_000))

    async def main() -> None:
        ended = asyncio.get_running_loop().create_future()

        async def handler(exchange: Exchange) -> None:
            with path.open("rb") as file:
                exchange.start(ResponseHead(200, [("Content-Length", "20000000")]))
                try:
                    await exchange.send_file(file, 0, 20_000_000)
                except ConnectionResetError:
                    ended.set_result(exchange.is_disconnected)
                    raise

        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(GET)
            await client.exactly(100_000)
            client.writer.transport.abort()
            assert await ended is True

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


def test_a_half_closed_peer_gets_its_answer(run: Run, serve: Serve) -> None:
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


def test_upgrade(run: Run, serve: Serve) -> None:
    class Shout:
        def __init__(self, duplex: Any) -> None:
            self.duplex = duplex
            self.ended = asyncio.Event()

        def data_received(self, data: bytes) -> None:
            self.duplex.write(data.upper())

        def eof_received(self) -> None:
            self.ended.set()

        def connection_lost(self, exc: Exception | None) -> None:
            self.ended.set()

    async def handler(exchange: Exchange) -> None:
        duplex = exchange.upgrade(ResponseHead(101, [("Upgrade", "shout")]))
        receiver = Shout(duplex)
        await asyncio.sleep(0)
        duplex.attach(receiver)
        await receiver.ended.wait()

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(
                b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: shout\r\nConnection: upgrade\r\n\r\nleft over "
            )
            assert (await client.head()).startswith(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: shout\r\n")
            assert await client.exactly(10) == b"LEFT OVER "
            client.send(b"more")
            assert await client.exactly(4) == b"MORE"
            client.writer.write_eof()
            assert await client.rest() == b""
            assert not serving.server.connections

    run(main())


@pytest.mark.row("WS-22")
@pytest.mark.parametrize("asks", ["before", "after"])
def test_an_upgraded_connection_is_told_of_the_shutdown(run: Run, serve: Serve, asks: str) -> None:
    class Parrot:
        def __init__(self, duplex: Any) -> None:
            self.duplex = duplex
            self.ended = asyncio.Event()

        def data_received(self, data: bytes) -> None:
            self.duplex.call_on_shutdown(self.say_goodbye)
            self.duplex.write(data)

        def say_goodbye(self) -> None:
            self.duplex.write(b"goodbye")
            self.duplex.close()

        def eof_received(self) -> None:
            self.ended.set()

        def connection_lost(self, exc: Exception | None) -> None:
            self.ended.set()

    async def handler(exchange: Exchange) -> None:
        duplex = exchange.upgrade(ResponseHead(101, [("Upgrade", "parrot")]))
        parrot = Parrot(duplex)
        duplex.attach(parrot)
        await parrot.ended.wait()

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: parrot\r\nConnection: upgrade\r\n\r\n")
            await client.head()
            if asks == "before":
                client.send(b"hello ")
                assert await client.exactly(6) == b"hello "
            ending = asyncio.create_task(serving.server.shutdown(3600))
            if asks == "after":
                await asyncio.sleep(0)
                client.send(b"hello ")
            async with asyncio.timeout(PATIENCE):
                await ending
                assert (await client.rest()).endswith(b"goodbye")

    run(main())


def test_send_file(run: Run, serve: Serve, tmp_path: Any) -> None:
    path = tmp_path / "file"
    data = bytes(range(256)) * 2000
    path.write_bytes(data)

    async def handler(exchange: Exchange) -> None:
        fields = [] if exchange.head.target == "/chunked" else [("Content-Length", "300000")]
        with path.open("rb") as file:
            exchange.start(ResponseHead(200, fields))
            await exchange.send_file(file, 1000, 300_000)
            exchange.finish()

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(
                GET + b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n" + b"GET /chunked HTTP/1.1\r\nHost: a\r\n\r\n"
            )
            assert (await client.response())[1] == data[1000:301_000]
            assert b"Content-Length: 300000" in await client.head()
            assert b"chunked" in await client.head()
            got = b""
            while size := int((await client.reader.readuntil(b"\r\n"))[:-2], 16):
                got += await client.exactly(size)
                await client.exactly(2)
            assert got == data[1000:301_000]

    run(main())


def test_a_file_that_is_too_short_cuts_the_connection(run: Run, serve: Serve, tmp_path: Any) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"short")

    async def handler(exchange: Exchange) -> None:
        with path.open("rb") as file:
            exchange.start(ResponseHead(200, [("Content-Length", "1000")]))
            with pytest.raises(ConnectionResetError):
                await exchange.send_file(file, 0, 1000)

    async def main() -> None:
        async with serve(handler) as serving:
            client = await serving.connect()
            client.send(GET)
            await client.head()
            with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
                await client.exactly(1000)

    run(main())


@pytest.mark.row("HC-17", "HI-46")
def test_who_sends_without_a_pause_learns_that_nobody_is_there(run: Run, serve: Serve) -> None:
    """The loop has no turn to tell it: such a handler would go on for ever, and nobody else be served."""

    async def main() -> None:
        ended = asyncio.get_running_loop().create_future()
        peer = socket.socket()

        async def flood(exchange: Exchange) -> None:
            exchange.start(ResponseHead(200))
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            peer.close()
            try:
                # The kernel tells of a reset when it comes to it.
                for _ in range(1_000_000):
                    exchange.send(b"x")
                    await exchange.drain()
                ended.set_result("nobody told")
            except ConnectionResetError:
                ended.set_result(None)
                raise

        async with serve(flood) as serving:
            peer.connect(("127.0.0.1", serving.port))
            peer.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            async with asyncio.timeout(PATIENCE):
                assert await ended is None

    run(main())


@pytest.mark.row("HI-52", "HI-23")
@pytest.mark.parametrize(
    ("raw", "phase", "status"),
    [
        (b"GET /\r\n\r\nGET / HTTP/1.1\r\n", "LINGERING", 400),
        (b"GET / HT", "HEAD", 408),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
def test_who_answers_what_cannot_be_read(
    run: Run, serve: Serve, raw: bytes, phase: str, status: int, waits: bool
) -> None:
    async def reject(exchange: Exchange, rejected: Rejected) -> None:
        if waits:
            await asyncio.sleep(0)
        assert exchange.head.method == "UNKNOWN"
        assert exchange.body.at_eof
        exchange.respond(ResponseHead(rejected.status), b"never mind")

    async def main() -> None:
        async with serve(say_target, timeouts=Timeouts(head=5), rejector=reject) as serving:
            client = await serving.connect()
            client.send(raw)
            await serving.until_phase(phase)
            if phase == "HEAD":
                serving.let_time_pass(7)
            answer = await client.rest()
            assert answer.startswith(b"HTTP/1.1 %d " % status)
            assert answer.endswith(b"\r\nConnection: close\r\n\r\nnever mind")

    run(main())


@pytest.mark.row("HI-52")
def test_who_fails_to_answer_what_cannot_be_read(
    run: Run, serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def reject(exchange: Exchange, rejected: Rejected) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with serve(say_target, rejector=reject) as serving:
            client = await serving.connect()
            client.send(b"GET /\r\n\r\n")
            assert (await client.rest()).startswith(b"HTTP/1.1 400 ")
        assert "ZeroDivisionError" in caplog.text

    run(main())


# The end of a server -------------------------------------------------------------------------------------------


def test_shutdown_lets_a_request_finish(run: Run, serve: Serve) -> None:
    async def main() -> None:
        released = asyncio.Event()

        async def slow(exchange: Exchange) -> None:
            await released.wait()
            exchange.respond(*ok())

        async with serve(slow) as serving:
            idle, busy = await serving.connect(), await serving.connect()
            busy.send(GET)
            while not any(connection.exchange for connection in serving.server.connections):
                await asyncio.sleep(0)
            stopping = asyncio.ensure_future(serving.runner.cleanup())
            assert await idle.rest() == b""
            with pytest.raises(ConnectionError):
                await serving.connect()
            assert not stopping.done()
            released.set()
            head, body = await busy.response()
            assert (b"Connection: close\r\n" in head, body) == (True, b"ok")
            await stopping

    run(main())


def test_shutdown_cancels_what_does_not_end(run: Run, serve: Serve) -> None:
    async def main() -> None:
        log: list[str] = []

        async def endless(exchange: Exchange) -> None:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                log.append("cancelled")
                raise

        async with serve(endless) as serving:
            client = await serving.connect()
            client.send(GET)
            while not any(connection.exchange for connection in serving.server.connections):
                await asyncio.sleep(0)
            await serving.server.shutdown(0.01)
            assert log == ["cancelled"]
            assert not serving.server.connections
        assert asyncio.all_tasks() == {asyncio.current_task()}

    run(main())


@pytest.mark.row("RN-20")
@pytest.mark.filterwarnings("error::ResourceWarning")
def test_nobody_who_knocks_while_the_server_stops_is_lost(run: Run, serve: Serve) -> None:
    """Who gets a connection gets an answer, until connections are refused."""

    async def knock(port: int) -> bytes:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return b"refused"
        try:
            writer.write(GET)
            return await reader.read()
        finally:
            writer.close()

    async def main() -> None:
        async with serve(say_target) as serving:
            knocking = []
            for burst in range(10):
                knocking += [asyncio.ensure_future(knock(serving.port)) for _ in range(10)]
                if burst == 5:
                    stopping = asyncio.ensure_future(serving.runner.cleanup())
                await asyncio.sleep(0)
            await stopping
            assert not serving.server.connections
            for outcome in await asyncio.gather(*knocking):
                assert outcome == b"refused" or outcome.endswith(b"\r\n\r\n/"), outcome
            assert await knock(serving.port) == b"refused"
        gc.collect()

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
