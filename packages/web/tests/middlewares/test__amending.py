"""Amending: all that come along, one around the other, in the order that the reference gives."""

import asyncio
import subprocess
import sys

import pytest
from websockets.asyncio.client import connect

from muntin import web
from muntin.web.middlewares._amending import amend_response
from muntin.web.middlewares.concurrency_limit import concurrency_limit_middleware
from muntin.web.middlewares.cors import cors_middleware
from muntin.web.middlewares.proxies import trusted_proxies_middleware
from muntin.web.middlewares.rate_limit import Quota, rate_limit_middleware
from muntin.web.middlewares.request_id import request_id_middleware
from muntin.web.middlewares.request_timeout import request_timeout_middleware
from muntin.web.middlewares.response_compression import compression_middleware
from muntin.web.middlewares.security_headers import security_headers_middleware
from muntin.web.testing import TestClient, TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

SHOP = "https://shop.example"
# Imports each alone, and tells which of them somebody has to pay for that did not ask for it.
IMPORT_EACH_ALONE = """
import importlib, pkgutil, sys
from muntin.web import middlewares

known = {m.name for m in pkgutil.iter_modules(middlewares.__path__, "muntin.web.middlewares.")}
doors = {name for name in known if not name.rpartition(".")[2].startswith("_")} - sys.modules.keys()
assert len(doors) >= 10, doors
for door in sorted(doors):
    importlib.import_module(door)
    if others := doors & sys.modules.keys() - {door}:
        print(door, "imports", others)
    del sys.modules[door]
"""


def make_stack():
    return [
        request_id_middleware(make=lambda: "id"),
        trusted_proxies_middleware(networks=["127.0.0.0/8"]),
        security_headers_middleware(),
        cors_middleware([SHOP]),
        rate_limit_middleware(Quota(5, 60), clock=lambda: 0.0),
        concurrency_limit_middleware(10),
        compression_middleware(),
        request_timeout_middleware(60),
    ]


async def hello(request):
    return web.Response(text="hello " * 1000)


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write_eof(b"streamed")
    return response


async def fail(request):
    raise ZeroDivisionError


@pytest.mark.anyio
async def test_all_of_them_around_all_kinds_of_responses():
    app = web.Application(middlewares=make_stack())
    app.add_routes([web.get("/hello", hello), web.get("/stream", stream), web.get("/fail", fail)])
    fields = {
        "Origin": SHOP,
        "Accept-Encoding": "gzip",
        "X-Forwarded-For": "192.0.2.1",
        "X-Forwarded-Proto": "https",
    }
    async with TestClient(app, headers=fields) as client:
        paths = ("/hello", "/stream", "/fail", "/missing", "/hello", "/hello")
        responses = [await client.get(path) for path in paths]
    assert [response.status for response in responses] == [200, 200, 500, 404, 200, 429]
    assert [response.headers["RateLimit"][10:13] for response in responses] == [
        "r=4",
        "r=3",
        "r=2",
        "r=1",
        "r=0",
        "r=0",
    ]
    for response in responses:
        assert response.headers.getall("X-Request-ID") == ["id"]
        assert response.headers.getall("Access-Control-Allow-Origin") == [SHOP]
        assert response.headers.getall("Strict-Transport-Security") == ["max-age=31536000"]
    assert responses[0].headers["Content-Encoding"] == "gzip"
    assert responses[0].headers.getall("Vary") == ["Origin", "Accept-Encoding"]


@pytest.mark.anyio
async def test_signals_of_others_stay(make_request):
    seen = []

    async def theirs(request, response):
        seen.append("theirs")

    async def handler(request):
        request.prepare_signals = (*request.prepare_signals, theirs)
        return web.Response()

    request = make_request()
    response = await amend_response(request, handler, lambda response: seen.append("ours"))
    assert seen == ["ours"]
    await response.prepare(request)
    assert seen == ["ours", "theirs"]


@pytest.mark.anyio
@pytest.mark.parametrize("path", ["/hello", "/stream", "/fail", "/missing"])
async def test_those_inside_amend_first_whoever_makes_the_response(path):
    def note(name):
        @web.middleware
        async def amend(request, handler):
            return await amend_response(request, handler, lambda response: response.headers.add("X-By", name))

        return amend

    async def at_last(request, response):
        response.headers.add("X-By", "signal")

    app = web.Application(middlewares=[note("outer"), note("inner")])
    app.on_response_prepare.append(at_last)
    app.add_routes([web.get("/hello", hello), web.get("/stream", stream), web.get("/fail", fail)])
    async with TestClient(app) as client:
        assert (await client.get(path)).headers.getall("X-By") == ["inner", "outer", "signal"]


@pytest.mark.anyio
async def test_a_websocket_outlives_the_time_limit():
    async def echo(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            await ws.send_str(message.data)
        return ws

    app = web.Application(middlewares=[*make_stack()[:-1], request_timeout_middleware(0.05)])
    app.router.add_get("/", echo)
    async with TestServer(app) as server, connect(f"ws://127.0.0.1:{server.port}/") as ws:
        assert ws.response.headers["X-Request-ID"] == "id"
        late = asyncio.Event()
        asyncio.get_running_loop().call_later(0.1, late.set)
        await late.wait()
        await ws.send("still there")
        assert await asyncio.wait_for(ws.recv(), PATIENCE) == "still there"


def test_who_does_not_import_them_does_not_pay():
    command = [sys.executable, "-c", IMPORT_EACH_ALONE]
    run = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    assert run.stdout == ""
