"""Request timeout: who is cancelled, and who is left alone."""

import asyncio

import httpx
import pytest

from muntin import web
from muntin.web.middlewares.request_timeout import request_timeout_middleware
from muntin.web.testing import TestClient, TestServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def make_app():
    def make(handler, *arguments, **options):
        app = web.Application(middlewares=[request_timeout_middleware(*arguments, **options)])
        app.router.add_get("/", handler)
        return app

    return make


async def test_a_handler_that_takes_too_long_is_cancelled(make_app):
    cancelled = []

    async def endless(request):
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(request.path)
            raise

    async with TestClient(make_app(endless, 0.001)) as client:
        response = await client.get("/")
    assert (response.status, response.text, cancelled) == (503, "503: the response takes too long", ["/"])
    async with TestClient(make_app(endless, 0.001, error=web.HTTPGatewayTimeout)) as client:
        assert (await client.get("/")).status == 504


async def test_a_quick_one_is_not(make_app):
    seen = []

    async def quick(request):
        await asyncio.sleep(0)
        return web.Response(text="quick")

    app = make_app(quick, 60)

    @web.middleware
    async def look(request, handler):
        response = await handler(request)
        seen.append(request.prepare_signals)
        return response

    app.middlewares.insert(0, look)
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "quick"
        assert (await client.get("/missing")).status == 404
    assert seen == [()]


async def test_time_outs_of_the_handler_are_its_own(make_app):
    async def own(request):
        raise TimeoutError("the handler's own")

    async with TestClient(make_app(own, 60)) as client:
        assert (await client.get("/")).status == 500


async def test_who_has_begun_to_answer_may_go_on(make_app):
    """The handler waits, with its head sent, until a time later than the deadline."""

    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        late = asyncio.Event()
        asyncio.get_running_loop().call_later(0.03, late.set)
        await late.wait()
        await response.write_eof(b"in the end")
        return response

    async with TestClient(make_app(stream, 0.01)) as client:
        assert (await client.get("/")).text == "in the end"


@pytest.mark.parametrize("seconds", [0, -1, float("nan")])
def test_mistakes(seconds):
    with pytest.raises(ValueError, match="seconds"):
        request_timeout_middleware(seconds)


async def test_over_a_socket(make_app):
    async def endless(request):
        await asyncio.Event().wait()

    async with TestServer(make_app(endless, 0.01)) as server, httpx.AsyncClient(timeout=None) as client:
        url = str(server.make_url("/"))
        assert [(await client.get(url)).status_code for _ in range(2)] == [503, 503]
        assert (await client.get(url + "missing")).status_code == 404
