"""Concurrency limit: who is let in."""

import asyncio

import httpx
import pytest

from muntin import web
from muntin.web.middlewares.concurrency_limit import concurrency_limit_middleware
from muntin.web.testing import TestClient, TestServer

pytestmark = pytest.mark.anyio


class Rooms:
    """Handlers that stay until they are told to leave."""

    def __init__(self, most, **options):
        self.inside = asyncio.Semaphore(0)
        self.leave = asyncio.Event()
        self.app = web.Application(middlewares=[concurrency_limit_middleware(most, **options)])
        self.app.add_routes(
            [web.get("/stay", self.stay), web.get("/quick", self.quick), web.get("/fail", self.fail)]
        )

    async def stay(self, request):
        self.inside.release()
        await self.leave.wait()
        return web.Response(text="stayed")

    async def quick(self, request):
        return web.Response(text="quick")

    async def fail(self, request):
        raise ZeroDivisionError


@pytest.mark.parametrize("retry_after", [7, 6.1])
async def test_no_more_than_that_are_let_in(retry_after):
    rooms = Rooms(2, retry_after=retry_after)
    async with TestClient(rooms.app) as client:
        guests = [asyncio.ensure_future(client.get("/stay")) for _ in range(2)]
        for _ in guests:
            await rooms.inside.acquire()
        refused = await client.get("/quick")
        assert (refused.status, refused.headers["Retry-After"]) == (503, "7")
        rooms.leave.set()
        assert [(await guest).text for guest in guests] == ["stayed", "stayed"]
        assert (await client.get("/quick")).text == "quick"


async def test_who_fails_or_is_cancelled_makes_room():
    rooms = Rooms(1)
    async with TestClient(rooms.app) as client:
        for path in ("/fail", "/missing"):
            await client.get(path)
        guest = asyncio.ensure_future(client.get("/stay"))
        await rooms.inside.acquire()
        guest.cancel()
        with pytest.raises(asyncio.CancelledError):
            await guest
        assert (await client.get("/quick")).status == 200


@pytest.mark.parametrize(("most", "options"), [(0, {}), (1, {"retry_after": -1})])
def test_mistakes(most, options):
    with pytest.raises(ValueError, match="at a time"):
        concurrency_limit_middleware(most, **options)


async def test_over_a_socket():
    rooms = Rooms(1)
    async with TestServer(rooms.app) as server, httpx.AsyncClient(timeout=None) as client:
        guest = asyncio.ensure_future(client.get(str(server.make_url("/stay"))))
        await rooms.inside.acquire()
        refused = await client.get(str(server.make_url("/quick")))
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "1")
        rooms.leave.set()
        assert (await guest).text == "stayed"
