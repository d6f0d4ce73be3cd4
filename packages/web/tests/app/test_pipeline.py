"""Chains: middlewares of one application and of those around it, composed once."""

import asyncio
import gc
import sys

import aiohttp
import pytest

from muntin import web
from muntin.web.testing import TestClient, TestServer

pytestmark = pytest.mark.anyio


def make_logger(log, name):
    @web.middleware
    async def log_around(request, handler):
        log.append(f"{name} in")
        try:
            return await handler(request)
        finally:
            log.append(f"{name} out")

    return log_around


async def hello(request):
    return web.Response(text="hello")


@pytest.mark.row("MW-01", "WB-01")
def test_options_are_keyword_only():
    with pytest.raises(TypeError):
        web.Application([])


@pytest.mark.row("MW-06", "MW-15", "WB-23")
async def test_the_outer_application_comes_first():
    log = []
    apps = [web.Application(middlewares=[make_logger(log, name)]) for name in ("main", "sub", "inner")]
    apps[2].router.add_get("/x", hello)
    apps[1].add_subapp("/inner/", apps[2])
    apps[0].add_subapp("/sub/", apps[1])
    async with TestClient(apps[0]) as client:
        assert (await client.get("/sub/inner/x")).text == "hello"
        whole = ["main in", "sub in", "inner in", "inner out", "sub out", "main out"]
        assert log == whole
        log.clear()
        assert (await client.get("/sub/inner/none")).status == 404
        assert log == whole, "the inner application's 404 passes all"
        log.clear()
        assert (await client.get("/none")).status == 404
        assert log == ["main in", "main out"]


@pytest.mark.row("WB-26")
async def test_a_request_belongs_to_the_application_whose_turn_it_is():
    seen = []

    def make_observer():
        @web.middleware
        async def observe(request, handler):
            seen.append(request.app)
            try:
                return await handler(request)
            finally:
                seen.append(request.app)

        return observe

    async def handler(request):
        seen.append(request.app)
        return web.Response()

    main, bare, inner = (
        web.Application(middlewares=[make_observer()]),
        web.Application(),
        web.Application(),
    )
    inner.router.add_get("/x", handler)
    main.add_subapp("/bare/", bare)
    bare.add_subapp("/inner/", inner)
    async with TestClient(main) as client:
        await client.get("/bare/inner/x")
    assert seen == [main, inner, main]


async def test_without_outer_middlewares_the_innermost_is_first():
    seen = []

    async def handler(request):
        seen.append(request.app)
        return web.Response()

    main, inner = web.Application(), web.Application()
    inner.router.add_get("/x", handler)
    main.add_subapp("/inner/", inner)
    async with TestClient(main) as client:
        await client.get("/inner/x")
    assert seen == [inner]


@pytest.mark.row("MW-04", "MW-05", "MW-18", "CF-04", "CF-19")
async def test_factories_are_called_for_each_request_with_their_own_application():
    made = []

    async def factory(app, handler):
        made.append(app)

        async def around(request):
            response = await handler(request)
            response.headers["X-Old"] = "yes"
            return response

        return around

    main = web.Application(middlewares=[make_logger([], "new")])
    inner = web.Application(middlewares=[factory])
    inner.router.add_get("/x", hello)
    main.add_subapp("/inner/", inner)
    with pytest.warns(DeprecationWarning, match="factory"):
        main.freeze()
    async with TestClient(main) as client:
        assert (await client.get("/inner/x")).headers["X-Old"] == "yes"
        await client.get("/inner/x")
    assert made == [inner, inner]


@pytest.mark.row("MW-07", "RT-26")
async def test_the_last_middleware_gets_the_registered_handler():
    seen = []

    @web.middleware
    async def look(request, handler):
        seen.append((handler, request.match_info.handler))
        return await handler(request)

    app = web.Application(middlewares=[look])
    app.router.add_get("/", hello)
    async with TestClient(app) as client:
        await client.get("/")
    assert seen == [(hello, hello)]


@pytest.mark.row("MW-09", "MW-16", "HC-41", "DE-12")
async def test_middlewares_see_what_the_router_and_handlers_raise():
    @web.middleware
    async def as_json(request, handler):
        try:
            return await handler(request)
        except web.HTTPException as error:
            return web.json_response({"error": error.reason}, status=error.status)
        except ValueError as error:
            return web.json_response({"error": str(error)}, status=500)

    async def fail(request):
        raise ValueError("seen")

    app = web.Application(middlewares=[as_json])
    app.add_routes([web.get("/fail", fail), web.post("/post", hello)])
    async with TestClient(app) as client:
        responses = [await client.get(path) for path in ("/none", "/post", "/fail")]
    assert [(response.status, response.json()["error"]) for response in responses] == [
        (404, "Not Found"),
        (405, "Method Not Allowed"),
        (500, "seen"),
    ]


@pytest.mark.row("MW-11", "HC-12", "MW-13")
async def test_a_middleware_edits_the_response():
    def make_wink(text):
        @web.middleware
        async def wink(request, handler):
            response = await handler(request)
            response.text += text
            return response

        return wink

    app = web.Application(middlewares=[make_wink(" wink")])
    app.router.add_get("/", hello)
    async with TestClient(app) as client:
        received = await client.get("/")
    assert (received.text, received.headers["Content-Length"]) == ("hello wink", "10")


@pytest.mark.row("MW-12")
async def test_an_edit_after_prepare_is_not_sent():
    @web.middleware
    async def late(request, handler):
        response = await handler(request)
        response.headers["X-Late"] = "yes"
        return response

    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"part")
        return response

    app = web.Application(middlewares=[late])
    app.router.add_get("/", stream)
    async with TestClient(app) as client:
        received = await client.get("/")
    assert received.body == b"part"
    assert "X-Late" not in received.headers


@pytest.mark.row("MW-08")
async def test_a_middleware_may_refuse():
    @web.middleware
    async def refuse(request, handler):
        raise web.HTTPForbidden

    async def handler(request):
        raise AssertionError("not to be called")

    app = web.Application(middlewares=[refuse])
    app.router.add_get("/", handler)
    async with TestClient(app) as client:
        assert (await client.get("/")).status == 403


@pytest.mark.row("MW-17", "HC-44")
async def test_a_clone_goes_down_the_chain():
    @web.middleware
    async def behind_proxy(request, handler):
        return await handler(request.clone(scheme="https", host="public.example", remote="192.0.2.7"))

    async def handler(request):
        return web.json_response([str(request.url), request.remote, request.match_info["name"]])

    app = web.Application(middlewares=[behind_proxy])
    app.router.add_get("/{name}", handler)
    async with TestClient(app) as client:
        response = await client.get("/a")
    assert response.json() == ["https://public.example/a", "192.0.2.7", "a"]


@pytest.mark.row("WB-07", "WB-09", "WB-13")
async def test_prepare_signals_of_all_applications():
    log = []
    main, sub = web.Application(), web.Application()

    for name, app in (("main", main), ("sub", sub)):

        async def note(request, response, name=name):
            log.append((name, response.status))
            response.headers[f"X-{name}"] = "yes"

        app.on_response_prepare.append(note)
    sub.router.add_get("/x", hello)
    main.add_subapp("/sub/", sub)
    async with TestClient(main) as client:
        received = await client.get("/sub/x")
        assert (received.headers["X-main"], received.headers["X-sub"]) == ("yes", "yes")
        await client.get("/sub/none")
        await client.get("/none")
    assert log == [("main", 200), ("sub", 200), ("main", 404), ("sub", 404), ("main", 404)]


@pytest.mark.row("WB-07", "WB-12")
async def test_prepare_signals_come_before_every_kind_of_response(tmp_path):
    """Over sockets; what a receiver gives is not used, what it changes is sent."""
    (tmp_path / "file.txt").write_text("file")

    async def add(request, response):
        response.headers["X-Added"] = type(response).__name__
        return web.Response(text="not to be sent")

    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"stream")
        return response

    async def socket(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        await ws.send_str("socket")
        return ws

    async def file(request):
        return web.FileResponse(tmp_path / "file.txt")

    async def refuse(request):
        raise web.HTTPForbidden

    app = web.Application()
    app.on_response_prepare.append(add)
    for handler in (hello, stream, file, refuse, socket):
        app.router.add_get(f"/{handler.__name__}", handler)
    seen = {}
    async with TestServer(app) as server, aiohttp.ClientSession(str(server.make_url("/"))) as session:
        for path in ("hello", "stream", "file", "refuse"):
            async with session.get(path) as received:
                seen[path] = received.headers.getall("X-Added"), await received.text()
        async with session.ws_connect("socket") as ws:
            headers = ws._response.headers  # the only place where this client keeps them
            seen["socket"] = headers.getall("X-Added"), await ws.receive_str()
    assert seen == {
        "hello": (["Response"], "hello"),
        "stream": (["StreamResponse"], "stream"),
        "file": (["FileResponse"], "file"),
        "refuse": (["HTTPForbidden"], "403: Forbidden"),
        "socket": (["WebSocketResponse"], "socket"),
    }


@pytest.mark.row("WB-08")
async def test_prepare_signals_see_the_defaults():
    seen = {}

    async def look(request, response):
        seen.update(response.headers)
        response.headers["Content-Type"] = "text/x-other"

    app = web.Application()
    app.on_response_prepare.append(look)
    app.router.add_get("/", hello)
    async with TestClient(app) as client:
        received = await client.get("/")
    assert seen["Content-Type"] == "text/plain; charset=utf-8"
    assert {"Date", "Content-Length"} <= seen.keys()
    assert received.headers["Content-Type"] == "text/x-other"


@pytest.mark.row("WB-05")
async def test_config_dict_looks_outwards():
    key, other = web.AppKey("key", str), web.AppKey("other", str)
    seen = {}

    async def handler(request):
        seen["config"] = request.config_dict
        return web.Response(text=request.config_dict[key] + request.config_dict[other])

    main, sub = web.Application(), web.Application()
    main[key], main[other], sub[key] = "outer", "found", "inner"
    sub.router.add_get("/x", handler)
    main.add_subapp("/sub/", sub)
    async with TestClient(main) as client:
        assert (await client.get("/sub/x")).text == "innerfound"
    with pytest.raises(TypeError):
        seen["config"][key] = "changed"


@pytest.mark.row("HI-38")
@pytest.mark.parametrize("anyio_backend", ["asyncio"])
async def test_unknown_urls_leave_nothing_behind():
    """A hundred thousand of them, pipelined over a socket, through a middleware, sub-applications and signals."""

    @web.middleware
    async def pass_on(request, handler):
        return await handler(request)

    async def note(request, response):
        response.headers["X-Path"] = request.path

    main, sub = web.Application(middlewares=[pass_on]), web.Application()
    main.on_response_prepare.append(note)
    main.add_routes([web.get("/known/{name}", hello), web.get("/{name}/known", hello)])
    main.add_subapp("/sub", sub)
    sub.add_routes([web.get("/{number:\\d+}/x", hello)])
    batch, templates = 1000, ("/{0}/a", "/sub/{0}", "/known/{0}/b", "/sub/{0}/y?q={0}")

    async def flood(reader, writer, first, count):
        for start in range(first, first + count, batch):
            lines = []
            for number in range(start, start + batch):
                path = templates[number % 4].format(number)
                lines.append(f"GET {path} HTTP/1.1\r\nHost: h{number}\r\n\r\n")
            writer.write("".join(lines).encode())
            left = batch
            tail = b""
            while left:
                data = tail + await reader.read(65536)
                assert data != tail, "the connection ended"
                left -= data.count(b"404: Not Found")
                tail = data[-13:] if not data.endswith(b"404: Not Found") else b""

    async with TestServer(main, access_log=None) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await flood(reader, writer, 0, 2 * batch)
        gc.collect()
        before = sys.getallocatedblocks()
        await flood(reader, writer, 2 * batch, 100 * batch)
        gc.collect()
        grown = sys.getallocatedblocks() - before
        writer.close()
    assert grown < 2000, "a few blocks for the interpreter's own sake, and none for each URL"
