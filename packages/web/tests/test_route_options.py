"""Options of a single route."""

import asyncio

import pytest

from muntin import web
from muntin.web.testing import MemoryExchange, TestClient

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
            web.get("/quick", quick, timeout=10),
            web.get("/own", own, timeout=10),
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
