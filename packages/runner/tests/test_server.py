"""Servers: which handlers they accept, and how they end."""

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any

import pytest

from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
TEXT = [("Content-Type", "text/plain")]
Run = Callable[..., Any]
Serve = Callable[..., Any]


def ok(body: bytes = b"ok") -> tuple[ResponseHead, bytes]:
    return ResponseHead(200, TEXT), body


async def say_target(exchange: Exchange) -> None:
    exchange.respond(*ok(exchange.head.target.encode()))


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
    """A peer with a connection gets a response, until connections are refused."""

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
