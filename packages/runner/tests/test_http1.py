"""Exchanges over HTTP/1.1: responses, 100 Continue, files, and peers that go away."""

import asyncio
import logging
import socket
import struct
from collections.abc import Callable
from typing import Any

import pytest

from muntin.http_core import LocalProtocolError, ResponseHead
from muntin.runner import Exchange

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


@pytest.mark.parametrize("size", [16_383, 16_384, 300_000])
def test_large_chunks_are_framed_like_small_ones(run: Run, serve: Serve, size: int) -> None:
    pieces = [b"a" * size, b"b", b"c" * size]

    async def stream(exchange: Exchange) -> None:
        exchange.start(ResponseHead(200, TEXT))
        for piece in pieces:
            exchange.send(piece)
        exchange.finish()
        assert exchange.body_sent == (0 if exchange.head.method == "HEAD" else sum(map(len, pieces)))

    async def main() -> None:
        async with serve(stream) as serving:
            client = await serving.connect()
            client.send(GET)
            await client.head()
            framed = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
            assert await client.exactly(len(framed)) == framed
            assert await client.exactly(5) == b"0\r\n\r\n"
            client.send(b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            await client.head()
            assert await client.rest() == b""

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
def test_a_final_response_instead_of_continue_ends_the_connection(run: Run, serve: Serve) -> None:
    async def main() -> None:
        async with serve(say_target) as serving:
            client = await serving.connect()
            client.send(b"POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 30\r\n\r\n")
            head, _ = await client.response()
            assert b"Connection: close\r\n" in head
            client.send(b"GET /y HTTP/1.1\r\nHost: a\r\n\r\n")
            assert await client.rest() == b""

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
