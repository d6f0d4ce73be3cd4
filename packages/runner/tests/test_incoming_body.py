"""Bodies of requests on their way to a handler."""

import asyncio
import logging
import re
from collections.abc import Callable
from typing import Any

import pytest

from muntin.http_core import LocalProtocolError, RemoteProtocolError, ResponseHead
from muntin.runner import Exchange

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
TEXT = [("Content-Type", "text/plain")]
Run = Callable[..., Any]
Serve = Callable[..., Any]


def ok(body: bytes = b"ok") -> tuple[ResponseHead, bytes]:
    return ResponseHead(200, TEXT), body


async def read_all(exchange: Exchange) -> bytes:
    pieces = []
    while piece := await exchange.body.receive():
        pieces.append(piece)
    return b"".join(pieces)


async def echo(exchange: Exchange) -> None:
    exchange.respond(*ok(await read_all(exchange)))


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
    """Return the one connection, once the server has ceased to read from it and the peer has had time to go on."""
    await serving.until(lambda: any(not each.is_reading for each in serving.server.connections))
    for _ in range(100):
        await asyncio.sleep(0)
    [connection] = serving.server.connections
    return connection


async def send_zeros(writer: asyncio.StreamWriter, size: int) -> None:
    for _ in range(size // 1_000_000):
        writer.write(bytes(1_000_000))
        await writer.drain()


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
