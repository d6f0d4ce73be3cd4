"""Options of a single route."""

import asyncio

import httpx
import pytest

from muntin import web
from muntin.web.testing import MemoryExchange, TestClient, TestServer

pytestmark = pytest.mark.anyio


async def read(request):
    return web.Response(text=str(len(await request.read())))


async def test_a_time_limit_is_503_and_seen_by_middlewares():
    seen = []

    @web.middleware
    async def look(request, handler):
        try:
            return await handler(request)
        except web.HTTPException as error:
            seen.append(error.status)
            raise

    async def endless(request):
        await asyncio.Event().wait()

    async def quick(request):
        return web.Response(text="quick")

    async def own(request):
        raise TimeoutError("the handler's own")

    app = web.Application(middlewares=[look])
    app.add_routes(
        [
            web.get("/endless", endless, timeout=0.001),
            web.get("/quick", quick, timeout=1000),
            web.get("/own", own, timeout=1000),
        ]
    )
    async with TestClient(app) as client:
        assert (await client.get("/endless")).status == 503
        assert (await client.get("/quick")).text == "quick"
        assert (await client.get("/own")).status == 500
    assert seen == [503]


@pytest.mark.row("HC-45")
async def test_a_limit_of_the_body():
    app = web.Application(client_max_size=10)
    app.add_routes(
        [
            web.post("/as-usual", read),
            web.post("/more", read, max_body_size=100),
            web.post("/any", read, max_body_size=0),
        ]
    )
    async with TestClient(app) as client:
        for path, size, status in (
            ("/as-usual", 10, 200),
            ("/as-usual", 11, 413),
            ("/more", 100, 200),
            ("/more", 101, 413),
            ("/any", 5000, 200),
        ):
            assert (await client.post(path, data=b"x" * size)).status == status


@pytest.mark.row("CF-15", "RN-05")
async def test_a_handler_can_be_cancelled_with_its_peer():
    log = []

    async def wait(request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    app = web.Application()
    app.add_routes([web.get("/", wait, cancel_on_disconnect=True)])
    exchange = MemoryExchange()
    async with TestClient(app) as client:
        task = asyncio.create_task(client.answer(exchange))
        await asyncio.sleep(0)
        exchange.disconnect()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert log == ["cancelled"]


@pytest.mark.parametrize("options", [{"timeout": -1}, {"timeout": "3"}, {"max_body_size": -1}])
def test_mistakes(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        web.UrlDispatcher().add_get("/", read, **options)


def test_other_options_are_kept():
    route = web.UrlDispatcher().add_get("/", read, summary="reads")
    assert route.options == {"summary": "reads"}


# Over sockets


async def test_a_time_limit_over_a_socket():
    """The connection lives on: the handler was told, and not the peer cut off."""
    ended = []

    async def endless(request):
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(request.path)

    app = web.Application()
    app.add_routes([web.get("/endless", endless, timeout=0.01), web.post("/read", read, timeout=1000)])
    async with (
        TestServer(app) as server,
        httpx.AsyncClient(timeout=None, base_url=str(server.make_url("/"))) as client,
    ):
        refused = await client.get("/endless")
        assert (refused.status_code, refused.text) == (503, "503: the response takes too long")
        assert "Connection" not in refused.headers
        assert (await client.post("/read", content=b"four")).text == "4"
    assert ended == ["/endless"]


@pytest.mark.row("HC-45")
async def test_a_limit_of_the_body_over_a_socket():
    async def pieces(count):
        for _ in range(count):
            yield b"x" * 10

    app = web.Application(client_max_size=10)
    app.add_routes([web.post("/as-usual", read), web.post("/more", read, max_body_size=100)])
    async with (
        TestServer(app) as server,
        httpx.AsyncClient(timeout=None, base_url=str(server.make_url("/"))) as client,
    ):
        statuses = [
            (await client.post(path, content=pieces(count))).status_code
            for path, count in (("/as-usual", 1), ("/as-usual", 2), ("/more", 10), ("/more", 11))
        ]
    assert statuses == [200, 413, 200, 413]


@pytest.mark.row("CF-15", "RN-05")
async def test_only_the_handler_that_wants_it_is_cancelled_with_its_peer_over_a_socket():
    log, begun, ended, go_on = [], asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def wait(request):
        begun.set()
        try:
            await go_on.wait()
            log.append(f"{request.path} done")
        except asyncio.CancelledError:
            log.append(f"{request.path} cancelled")
            raise
        finally:
            ended.set()
        return web.Response()

    app = web.Application()
    app.add_routes([web.get("/cancel", wait, cancel_on_disconnect=True), web.get("/stay", wait)])
    async with TestServer(app, shutdown_timeout=1000) as server:
        for path in ("/cancel", "/stay"):
            begun.clear()
            ended.clear()
            _, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            await begun.wait()
            writer.close()
            await writer.wait_closed()
            if path == "/stay":
                go_on.set()
            await ended.wait()
    assert log == ["/cancel cancelled", "/stay done"]


@pytest.mark.row("RT-06", "HC-24")
async def test_an_expectation_over_a_socket():
    """One handler lets go on, one refuses before the body is sent, and the default knows one expectation alone."""

    async def check(request):
        if request.headers["Authorization"] != "yes":
            raise web.HTTPUnauthorized
        request.exchange.inform(100)

    app = web.Application()
    app.add_routes([web.post("/checked", read, expect_handler=check), web.post("/default", read)])
    head = "POST {} HTTP/1.1\r\nHost: a\r\nAuthorization: {}\r\nExpect: {}\r\nContent-Length: 4\r\n\r\n"
    lines = []
    async with TestServer(app) as server:
        for path, word, expectation in (
            ("/checked", "yes", "100-continue"),
            ("/checked", "no", "100-continue"),
            ("/default", "no", "100-continue"),
            ("/default", "no", "tea"),
        ):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(head.format(path, word, expectation).encode())
            response = await reader.readuntil(b"\r\n\r\n")
            lines.append([response.split(b"\r\n")[0].decode()])
            if b" 100 " in response:
                writer.write(b"body")
                response = await reader.readuntil(b"\r\n\r\n")
                lines[-1].append(response.split(b"\r\n")[0].decode())
            writer.close()
            await writer.wait_closed()
    assert lines == [
        ["HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"],
        ["HTTP/1.1 401 Unauthorized"],
        ["HTTP/1.1 100 Continue", "HTTP/1.1 200 OK"],
        ["HTTP/1.1 417 Expectation Failed"],
    ]
