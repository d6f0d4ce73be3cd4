"""`timeout_ceil_threshold`: what an application waits for ends at whole seconds, too, from the threshold on."""

import asyncio
from math import ceil

import httpx
import pytest

from muntin import web
from muntin.web.handlers.health import Health
from muntin.web.middlewares.request_timeout import request_timeout_middleware
from muntin.web.response.events import EventStream
from muntin.web.testing import TestServer

LONG = 40.25
"""Seconds: longer than anything here takes, and unlike all other time-outs of the server and the client."""


# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0


async def hello(request):
    return web.Response(text="hello")


async def events(request):
    response = EventStream(heartbeat=LONG)
    async with response.open(request) as opened:
        await opened.send("hello")
    return response


async def passes(app):
    pass


def with_route_option(threshold):
    app = web.Application(handler_args={"timeout_ceil_threshold": threshold})
    app.router.add_get("/", hello, timeout=LONG)
    return app


def with_middleware(threshold):
    app = web.Application(
        middlewares=[request_timeout_middleware(LONG)], handler_args={"timeout_ceil_threshold": threshold}
    )
    app.router.add_get("/", hello)
    return app


def with_event_stream(threshold):
    app = web.Application(handler_args={"timeout_ceil_threshold": threshold})
    app.router.add_get("/", events)
    return app


def with_health(threshold):
    app = web.Application(handler_args={"timeout_ceil_threshold": threshold})
    Health({"database": passes}, patience=LONG).install(app, ready="/")
    return app


def with_socket(**options):
    async def chat(request):
        ws = web.WebSocketResponse(**options)
        await ws.prepare(request)
        return ws

    def make(threshold):
        app = web.Application(handler_args={"timeout_ceil_threshold": threshold})
        app.router.add_get("/", chat)
        return app

    return make


HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.row("RN-24")
@pytest.mark.parametrize("make", [with_socket(heartbeat=LONG), with_socket(timeout=LONG)])
@pytest.mark.parametrize(("threshold", "is_whole"), [(None, True), (LONG, True), (LONG + 1, False)])
def test_sockets_wait_for_whole_seconds(make, threshold, is_whole, monkeypatch):
    async def main():
        loop = asyncio.get_running_loop()
        planned = []
        plan = loop.call_at

        def call_at(when, *arguments, **options):
            planned.append((loop.time(), when))
            return plan(when, *arguments, **options)

        lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
        async with TestServer(make(5 if threshold is None else threshold)) as server:
            monkeypatch.setattr(loop, "call_at", call_at)
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
            async with asyncio.timeout(PATIENCE):
                await reader.readuntil(b"\r\n\r\n")
                assert await reader.readexactly(4) == b"\x88\x02\x03\xe8"
                writer.write(b"\x88\x82" + bytes(4) + b"\x03\xe8")
                assert await reader.read() == b""
            writer.close()
        return planned

    check(asyncio.run(main()), is_whole)


def check(planned, is_whole):
    waits = [(when, when - now) for now, when in planned if LONG - 1 < when - now < LONG + 1.5]
    assert waits
    for when, wait in waits:
        assert wait > LONG - 0.1
        assert (when == ceil(when)) is is_whole


@pytest.mark.row("RN-24")
@pytest.mark.parametrize("make", [with_route_option, with_middleware, with_event_stream, with_health])
@pytest.mark.parametrize(("threshold", "is_whole"), [(None, True), (LONG, True), (LONG + 1, False)])
def test_long_waits_end_at_whole_seconds(make, threshold, is_whole, monkeypatch):
    async def main():
        loop = asyncio.get_running_loop()
        planned = []
        plan = loop.call_at

        def call_at(when, *arguments, **options):
            planned.append((loop.time(), when))
            return plan(when, *arguments, **options)

        async with TestServer(make(5 if threshold is None else threshold)) as server:
            monkeypatch.setattr(loop, "call_at", call_at)
            async with httpx.AsyncClient(timeout=None) as client:
                assert (await client.get(str(server.make_url("/")))).status_code == 200
        return planned

    check(asyncio.run(main()), is_whole)
