"""Handlers that fail, and requests that cannot be read."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from muntin.http_core import LocalProtocolError, Rejected, ResponseHead
from muntin.runner import Exchange, Timeouts

GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
TEXT = [("Content-Type", "text/plain")]
Run = Callable[..., Any]
Serve = Callable[..., Any]


def ok(body: bytes = b"ok") -> tuple[ResponseHead, bytes]:
    return ResponseHead(200, TEXT), body


async def say_target(exchange: Exchange) -> None:
    exchange.respond(*ok(exchange.head.target.encode()))


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


def test_a_handler_that_fails_in_the_middle_of_its_response(run: Run, serve: Serve) -> None:
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


def test_a_handler_without_a_response(run: Run, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def forget(exchange: Exchange) -> None:
        pass

    async def main() -> None:
        async with serve(forget) as serving:
            client = await serving.connect()
            client.send(GET)
            assert (await client.rest()).startswith(b"HTTP/1.1 500 ")

    run(main())
    assert "left its response unfinished" in caplog.text


def test_a_refused_head_can_get_another_response(run: Run, serve: Serve) -> None:
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


@pytest.mark.row("HI-52", "HI-23")
@pytest.mark.parametrize(
    ("raw", "phase", "status"),
    [
        (b"GET /\r\n\r\nGET / HTTP/1.1\r\n", "LINGERING", 400),
        (b"GET / HT", "HEAD", 408),
    ],
)
@pytest.mark.parametrize("waits", [False, True])
def test_a_rejector_responds_to_what_cannot_be_read(
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
            response = await client.rest()
            assert response.startswith(b"HTTP/1.1 %d " % status)
            assert response.endswith(b"\r\nConnection: close\r\n\r\nnever mind")

    run(main())


@pytest.mark.row("HI-52")
def test_a_rejector_that_fails_to_respond(run: Run, serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def reject(exchange: Exchange, rejected: Rejected) -> None:
        raise ZeroDivisionError

    async def main() -> None:
        async with serve(say_target, rejector=reject) as serving:
            client = await serving.connect()
            client.send(b"GET /\r\n\r\n")
            assert (await client.rest()).startswith(b"HTTP/1.1 400 ")
        assert "ZeroDivisionError" in caplog.text

    run(main())
