"""Handlers that are plain functions, in the threads of an executor."""

import asyncio
import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from muntin import web
from muntin.web.testing import TestClient, TestServer

pytestmark = pytest.mark.anyio

WORD = contextvars.ContextVar("WORD", default="unset")


def where(request):
    return web.Response(text=f"{threading.current_thread().name} {WORD.get()}")


async def here(request):
    return where(request)


@pytest.fixture
def pools():
    with ThreadPoolExecutor(1, "outer") as outer, ThreadPoolExecutor(1, "inner") as inner:
        yield outer, inner


@pytest.mark.row("CF-08", "RT-21")
async def test_the_nearest_executor_runs_plain_functions_and_nothing_else(pools):
    """And nothing is warned of, which here would be an error."""

    @web.middleware
    async def set_word(request, handler):
        WORD.set(request.path)
        return await handler(request)

    main, sub, bare = (
        web.Application(executor=pools[0], middlewares=[set_word]),
        web.Application(executor=pools[1]),
        web.Application(),
    )
    main.add_routes([web.get("/async", here), web.get("/lambda", lambda request: here(request))])
    for app in (main, sub, bare):
        app.add_routes([web.get("/plain", where), web.get("/route", where, executor=pools[1])])
    main.add_subapp("/sub", sub)
    main.add_subapp("/bare", bare)
    async with TestClient(main) as client:
        texts = [
            (await client.get(path)).text
            for path in ("/plain", "/async", "/lambda", "/route", "/sub/plain", "/bare/plain", "/bare/route")
        ]
    assert texts == [
        "outer_0 /plain",
        f"{threading.current_thread().name} /async",
        f"{threading.current_thread().name} /lambda",
        "inner_0 /route",
        "inner_0 /sub/plain",
        "outer_0 /bare/plain",
        "inner_0 /bare/route",
    ]


@pytest.mark.row("CF-08")
async def test_a_route_may_stay_on_the_loop(pools):
    app = web.Application(executor=pools[0])
    app.add_routes([web.get("/", where, executor=None)])
    with pytest.warns(DeprecationWarning, match=f"{__name__}.where is a plain function"):
        app.freeze()
    async with TestClient(app) as client:
        assert (await client.get("/")).text == f"{threading.current_thread().name} unset"


@pytest.mark.row("CF-08")
async def test_other_requests_are_answered_while_a_thread_is_busy(pools):
    """Over sockets: the first response waits for what the second request sets free."""
    free = threading.Event()

    def wait(request):
        assert free.wait(10)
        return web.Response(text="waited")

    async def release(request):
        free.set()
        return web.Response(text="released")

    app = web.Application()
    app.add_routes([web.get("/wait", wait, executor=pools[0]), web.get("/release", release)])
    async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
        urls = [str(server.make_url(path)) for path in ("/wait", "/release")]
        responses = await asyncio.gather(*map(client.get, urls))
    assert [response.text for response in responses] == ["waited", "released"]


async def test_what_a_thread_raises_is_answered_like_any_failure(pools, caplog):
    def refuse(request):
        raise web.HTTPForbidden

    def exhaust(request):
        return next(iter(()))

    def give_awaitable(request):
        return here(request)

    app = web.Application(executor=pools[0])
    app.add_routes(
        [web.get("/refuse", refuse), web.get("/exhaust", exhaust), web.get("/await", give_awaitable)]
    )
    async with TestClient(app) as client:
        statuses = [(await client.get(path)).status for path in ("/refuse", "/exhaust", "/await")]
    assert statuses == [403, 500, 200]
    assert "exhaust raised StopIteration" in caplog.text


def test_mistakes(pools):
    with pytest.raises(TypeError, match="executor"):
        web.Application(executor="threads")
    router = web.UrlDispatcher()
    with pytest.raises(TypeError, match="executor"):
        router.add_get("/", where, executor=True)
    with pytest.raises(TypeError, match="here is async"):
        router.add_get("/", here, executor=pools[0])
    with pytest.raises(TypeError, match="Page is async"):
        router.add_view("/", type("Page", (web.View,), {}), executor=pools[0])
