"""Tests as a service built on aiohttp has them: nothing here knows muntin."""

import asyncio
import pathlib
from http import HTTPStatus
from unittest import mock

import aiohttp
import pytest
from aiohttp import web
from aiohttp.abc import AbstractAccessLogger, AbstractMatchInfo, AbstractRouter, AbstractView
from aiohttp.test_utils import AioHTTPTestCase, TestClient, TestServer, make_mocked_request, unused_port
from aiohttp.web_urldispatcher import Domain, MaskDomain, UrlMappingMatchInfo

GREETING = web.AppKey("GREETING", str)


async def greet(request):
    return web.json_response({"greeting": request.app[GREETING], "name": request.match_info["name"]})


def make_app():
    app = web.Application()
    app[GREETING] = "hello"
    app.router.add_get("/greet/{name}", greet)
    return app


async def test_the_clients_of_pytest_aiohttp(aiohttp_client):
    client = await aiohttp_client(make_app())
    response = await client.get("/greet/ann")
    assert response.status == HTTPStatus.OK
    assert await response.json() == {"greeting": "hello", "name": "ann"}


async def test_the_servers_of_pytest_aiohttp(aiohttp_server):
    server = await aiohttp_server(make_app())
    async with aiohttp.ClientSession() as session, session.get(server.make_url("/greet/bo")) as response:
        assert (await response.json())["name"] == "bo"


async def test_raw_servers(aiohttp_raw_server, aiohttp_client):
    async def handler(request):
        return web.Response(text=request.path)

    client = await aiohttp_client(await aiohttp_raw_server(handler))
    assert await (await client.get("/any")).text() == "/any"


class TestCase(AioHTTPTestCase):
    async def get_application(self):
        return make_app()

    async def test_greeting(self):
        async with self.client.get("/greet/cy") as response:
            assert (await response.json())["name"] == "cy"


async def test_a_client_around_a_server():
    async with TestClient(TestServer(make_app())) as client:
        assert client.server.port
        assert client.app[GREETING] == "hello"
        assert (await client.get("/nowhere")).status == HTTPStatus.NOT_FOUND


async def test_made_up_requests():
    app = make_app()
    request = make_mocked_request(
        "POST", "/greet/di?a=1", headers={"X-Token": "t"}, match_info={"name": "di"}, app=app
    )
    assert request.method == "POST"
    assert request.path == "/greet/di"
    assert request.query["a"] == "1"
    assert request.headers["x-token"] == "t"
    assert request.app is app
    response = await greet(request)
    assert response.text == '{"greeting": "hello", "name": "di"}'
    assert request.protocol.transport is request.transport


async def test_handlers_that_derive_from_the_abstract_view(aiohttp_client):
    class Page(AbstractView):
        def __await__(self):
            return self.respond().__await__()

        async def respond(self):
            return web.Response(text=f"page of {self.request.path}")

    app = web.Application()
    app.router.add_view("/page", Page)
    client = await aiohttp_client(app)
    assert await (await client.get("/page")).text() == "page of /page"


async def test_a_router_of_the_programs_own(aiohttp_client):
    class Found(AbstractMatchInfo):
        def __init__(self, handler):
            self._handler = handler
            self._apps = []

        handler = property(lambda self: self._handler)
        http_exception = property(lambda self: None)
        apps = property(lambda self: tuple(self._apps))

        async def expect_handler(self, request):
            return None

        def get_info(self):
            return {}

        def add_app(self, app):
            self._apps.insert(0, app)

        def freeze(self):
            pass

    class OneRoute(AbstractRouter):
        async def resolve(self, request):
            return Found(self.respond)

        async def respond(self, request):
            return web.Response(text=f"all of {request.path}")

    with pytest.warns(DeprecationWarning, match="router"):
        app = web.Application(router=OneRoute())
    client = await aiohttp_client(app)
    assert await (await client.get("/x/y")).text() == "all of /x/y"


async def test_streams_that_know_their_request_and_writer(aiohttp_client):
    class Feed(web.StreamResponse):
        async def prepare(self, request):
            writer = await super().prepare(request)
            assert self._req is request
            assert self._payload_writer is writer
            return writer

    async def handler(request):
        assert request.protocol.transport is not None
        feed = Feed()
        await feed.prepare(request)
        await feed.write(b"one ")
        await feed.write(b"two")
        return feed

    app = web.Application()
    app.router.add_get("/", handler)
    client = await aiohttp_client(app)
    assert await (await client.get("/")).text() == "one two"


def test_responses_are_instances_of_the_base():
    class Mine(web.StreamResponse):
        pass

    assert isinstance(web.Response(), web.StreamResponse)
    assert isinstance(web.HTTPFound("/"), web.StreamResponse)
    assert isinstance(Mine(), web.StreamResponse)
    assert not isinstance(web.Response(), Mine)
    assert issubclass(web.FileResponse, web.StreamResponse)


async def test_the_port_of_a_site():
    runner = web.AppRunner(make_app())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/greet/e") as response,
    ):
        assert response.status == HTTPStatus.OK
    await runner.cleanup()


async def test_the_directory_of_static_files(tmp_path: pathlib.Path):
    app = web.Application()
    resource = app.router.add_static("/files", tmp_path)
    assert resource._directory == tmp_path
    assert isinstance(resource, web.StaticResource)


async def test_the_handler_of_an_application():
    app = make_app()
    request = make_mocked_request("GET", "/greet/fay", headers={"Host": "localhost"}, app=app)
    response = await app._handle(request)
    assert response.status == HTTPStatus.OK
    assert "fay" in response.text


async def test_rules_for_hosts():
    assert Domain("example.com").canonical == "example.com"
    assert Domain("example.com").match_domain("example.com")
    assert MaskDomain("*.example.com").match_domain("a.example.com")
    assert not MaskDomain("*.example.com").match_domain("a.example.org")


async def test_access_loggers_of_the_programs_own():
    lines = []

    class Log(AbstractAccessLogger):
        def log(self, request, response, time):
            lines.append((request.path, response.status))

    runner = web.AppRunner(make_app(), access_log_class=Log)
    await runner.setup()
    port = unused_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/greet/g") as response,
    ):
        await response.read()
    await runner.cleanup()
    assert lines == [("/greet/g", 200)]


async def test_sockets(aiohttp_client):
    async def echo(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        async for message in ws:
            assert message.type is aiohttp.WSMsgType.TEXT
            await ws.send_str(message.data)
        return ws

    app = web.Application()
    app.router.add_get("/", echo)
    client = await aiohttp_client(app)
    ws = await client.ws_connect("/")
    await ws.send_str("ping")
    assert await asyncio.wait_for(ws.receive_str(), 5) == "ping"
    await ws.close()


def test_match_info_of_the_programs_own():
    info = UrlMappingMatchInfo({"a": "1"}, None)
    app = web.Application()
    info.add_app(app)
    assert info["a"] == "1"
    assert info.apps == (app,)
    assert info.current_app is app


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "8"}])
async def test_bodies_of_made_up_requests(headers):
    stream = aiohttp.StreamReader(mock.Mock(_reading_paused=False), 2**16, loop=asyncio.get_running_loop())
    stream.feed_data(b'{"a": 1}')
    stream.feed_eof()
    request = make_mocked_request("POST", "/", headers=headers, payload=stream)
    assert request.can_read_body
    assert await request.json() == {"a": 1}
