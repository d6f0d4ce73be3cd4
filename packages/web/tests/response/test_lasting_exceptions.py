"""Exceptions that are made once, when a module is loaded, and raised for many requests."""

import asyncio
import gc
import weakref

import pytest

from muntin import web
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

# Made by no request: this is what the tests are about.
GONE = web.HTTPGone(text="gone", headers={"X-Made": "once"})
MOVED = web.HTTPFound("/elsewhere")
FORBIDDEN = web.HTTPForbidden(text="no")
FORBIDDEN.set_cookie("theme", "dark")
FORBIDDEN.headers["X-Later"] = "yes"
LONG = web.HTTPBadRequest(text="z" * 5000)
LONG.enable_compression()
MARKED = web.HTTPConflict(text="conflict")


def raising(error):
    async def handler(request):
        raise error

    return handler


def returning(error):
    async def handler(request):
        return error

    return handler


@web.middleware
async def greet(request, handler):
    """What sessions and the like do: set fields and cookies of one client on whatever is raised."""
    try:
        return await handler(request)
    except web.HTTPException as error:
        for name in request.query.getall("name", []):
            error.headers.add("X-Name", name)
            error.set_cookie("session", name)
        raise


def cookies_of(response):
    return [line.partition(";")[0] for line in response.headers.getall("Set-Cookie", [])]


@pytest.mark.row("HC-37", "CF-09")
@pytest.mark.parametrize("make_handler", [raising, returning])
@pytest.mark.parametrize("middlewares", [[], [greet]], ids=["alone", "in a middleware"])
@pytest.mark.parametrize("error", [GONE, MOVED, FORBIDDEN, LONG], ids=lambda error: str(error.status))
async def test_it_answers_every_time_alike(error, middlewares, make_handler):
    app = web.Application(middlewares=middlewares)
    app.router.add_get("/", make_handler(error))
    async with TestClient(app) as client:
        responses = [await client.get("/") for _ in range(3)]
    for response in responses:
        assert response.status == error.status
        assert response.body == error.body
        assert response.headers == responses[0].headers
        assert cookies_of(response) == (["theme=dark"] if error is FORBIDDEN else [])
        assert response.headers.get("X-Made") == ("once" if error is GONE else None)
        assert response.headers.get("X-Later") == ("yes" if error is FORBIDDEN else None)
    assert not error.prepared


@pytest.mark.row("HC-37", "HI-48")
@pytest.mark.parametrize("make_handler", [raising, returning])
async def test_what_is_set_for_one_client_is_not_sent_to_the_next(make_handler):
    app = web.Application(middlewares=[greet])
    app.router.add_get("/", make_handler(FORBIDDEN))
    is_caught = make_handler is raising  # what is returned is not raised before all middlewares have seen it
    async with TestClient(app) as client:
        for name in ("ann", "bob"):
            response = await client.get(f"/?name={name}")
            assert response.headers.getall("X-Name", []) == [name] * is_caught
            assert cookies_of(response) == ["theme=dark", f"session={name}"][: 1 + is_caught]
        response = await client.get("/")
    assert "X-Name" not in response.headers
    assert cookies_of(response) == ["theme=dark"]
    assert FORBIDDEN.headers["X-Later"] == "yes"


async def test_each_request_has_its_own_coding():
    app = web.Application()
    app.router.add_get("/", raising(LONG))
    codings = ["gzip", "identity", "deflate", "gzip"]
    async with TestClient(app) as client:
        responses = [await client.get("/", headers={"Accept-Encoding": coding}) for coding in codings]
    assert [response.headers.get("Content-Encoding") for response in responses] == [
        "gzip",
        None,
        "deflate",
        "gzip",
    ]
    assert len(responses[1].body) == 5000


async def test_requests_at_the_same_time():
    everybody = asyncio.Barrier(5)

    async def handler(request):
        await asyncio.wait_for(everybody.wait(), PATIENCE)
        raise MARKED

    app = web.Application(middlewares=[greet])
    app.router.add_get("/", handler)
    async with TestClient(app) as client:
        responses = await asyncio.gather(*(client.get(f"/?name={number}") for number in range(5)))
        last = await client.get("/missing")
    assert [response.status for response in responses] == [409] * 5
    assert [cookies_of(response) for response in responses] == [[f"session={number}"] for number in range(5)]
    assert cookies_of(last) == []


async def test_error_pages_and_middlewares_may_raise_it():
    @web.middleware
    async def refuse(request, handler):
        raise MARKED

    app = web.Application(middlewares=[greet, refuse])
    below = web.Application()

    @below.on_error(404)
    async def page(request, error):
        raise FORBIDDEN

    async with TestClient(app) as client, TestClient(below) as other:
        for name in ("ann", "bob"):
            assert cookies_of(await client.get(f"/?name={name}")) == [f"session={name}"]
            response = await other.get("/missing")
            assert (response.status, response.text) == (403, "no")


async def test_one_that_was_made_in_a_request_can_be_raised_again_too():
    made = []

    async def handler(request):
        if not made:
            made.append(web.HTTPGone(text="z" * 5000))
            made[0].enable_compression()
        raise made[0]

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(app) as client:
        for coding, sent in (("gzip", "gzip"), ("identity", None), ("gzip", "gzip")):
            response = await client.get("/", headers={"Accept-Encoding": coding})
            assert (response.status, response.headers.get("Content-Encoding")) == (410, sent)


async def test_it_keeps_no_request_alive():
    seen = []

    async def handler(request):
        seen.append(weakref.ref(request))
        try:
            raise LookupError
        except LookupError as error:
            raise GONE from error

    app = web.Application(middlewares=[greet])
    app.router.add_get("/", handler)
    async with TestClient(app) as client:
        await client.get("/?name=ann")
        await client.get("/?name=bob")
        gc.collect()
        assert [each() for each in seen] == [None, None]


async def test_outside_of_requests_it_is_changed_for_good():
    error = await asyncio.to_thread(web.HTTPGone, text="gone")  # no loop runs there

    def change():
        error.headers["X-For"] = "good"
        error.set_cookie("for", "good")

    await asyncio.to_thread(change)
    app = web.Application(middlewares=[greet])
    app.router.add_get("/", raising(error))
    async with TestClient(app) as client:
        await client.get("/?name=ann")
        response = await client.get("/")
    assert (response.headers["X-For"], cookies_of(response)) == ("good", ["for=good"])
