"""Older names and ways: each does what its modern one does, and tells the line that uses it how that is spelt."""

import asyncio
import inspect
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect

from muntin import web
from muntin.web.testing import TestClient, TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def check(request: web.Request) -> None:
    return None


def line_of(function: Callable[..., Any], text: str) -> int:
    """Return the number of the line of a function that has some text."""
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if text in line)


DEFINITIONS = ["delete", "get", "head", "options", "patch", "post", "put", "view"]


@pytest.mark.row("DE-03", "CF-17")
@pytest.mark.parametrize("name", DEFINITIONS)
def test_older_route_definitions(name: str) -> None:
    older, newer = getattr(web, f"add_{name}"), getattr(web, name)
    with pytest.warns(DeprecationWarning, match=rf"web\.{newer.__name__}\(\)") as caught:
        made: Any = older("/path", hello, expect_handler=check)
    assert made == newer("/path", hello, expect_handler=check)
    assert caught[0].filename == __file__


def routes() -> web.UrlDispatcher:
    router = web.Application().router
    router.add_resource("/root", name="root")
    router.add_resource("/{user}/info", name="user-info")
    router.add_static("/static", Path(__file__).parent, name="static")
    return router


def named() -> web.Application:
    app = web.Application()
    app.router.add_resource("/root", name="root")
    return app


# What is written, with `it` made by the function beside it; what that gives; and the modern spelling that is told.
USES = [
    pytest.param("it['root'].url()", routes, "/root", "resource.url_for()", marks=pytest.mark.row("CF-05")),
    pytest.param(
        "it['root'].url(query={'a': 'b', 'c': 'd'})",
        routes,
        "/root?a=b&c=d",
        "resource.url_for()",
        marks=pytest.mark.row("RT-14"),
    ),
    pytest.param(
        "it['user-info'].url(parts={'user': 'john_doe'}, query='?a=b')",
        routes,
        "/john_doe/info?a=b",
        "resource.url_for()",
        marks=pytest.mark.row("RT-15"),
    ),
    pytest.param("it['static'].url(filename='a.txt')", routes, "/static/a.txt", "resource.url_for()"),
    pytest.param("list(it.named_resource)", routes, ["root", "user-info", "static"], "named_resources()"),
    pytest.param(
        "list(it.named_resource)",
        named,
        ["root"],
        "app.router.named_resources()",
        marks=pytest.mark.row("DE-02"),
    ),
    pytest.param(
        "it.add_route('/{name}').canonical",
        routes,
        "/{name}",
        "router.add_resource()",
        marks=pytest.mark.row("DE-01"),
    ),
    pytest.param(
        "it.MsgType.text", lambda: web, web.WSMsgType.TEXT, "web.WSMsgType", marks=pytest.mark.row("CF-03")
    ),
    pytest.param(
        "it(web.WSMsgType.TEXT, 'hi').tp",
        lambda: web.WSMessage,
        web.WSMsgType.TEXT,
        "message.type",
        marks=pytest.mark.row("CF-02"),
    ),
    pytest.param(
        "it.message", web.HTTPNotFound, "Not Found", "response.reason", marks=pytest.mark.row("DE-12")
    ),
]


@pytest.mark.parametrize(("use", "make", "given", "modern"), USES)
def test_a_use_is_told_its_modern_spelling(
    use: str, make: Callable[[], Any], given: object, modern: str
) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = eval(compile(f"\n\n{use}", "theirs.py", "eval"), {"it": make(), "web": web})
    assert found == given
    (warning,) = caught
    assert warning.category is DeprecationWarning
    assert modern in str(warning.message)
    assert (warning.filename, warning.lineno) == ("theirs.py", 3)


def test_importing_an_older_name_warns_as_well() -> None:
    with pytest.warns(DeprecationWarning, match=r"web\.WSMsgType") as caught:
        exec(compile("from muntin.web import MsgType", "theirs.py", "exec"), {})
    assert caught[0].filename == "theirs.py"
    with pytest.raises(AttributeError, match="no attribute 'MessageType'"):
        web.MessageType  # type: ignore[attr-defined]  # noqa: B018 - asking is what is tried
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec("from muntin.web import *", {})


@pytest.mark.row("CF-10", "DE-10", "RN-25")
def test_a_loop_is_taken_and_warned_of() -> None:
    loop = asyncio.new_event_loop()
    try:
        with pytest.warns(DeprecationWarning, match="served in the loop that runs") as caught:
            app = web.Application(loop=loop)
        assert (caught[0].filename, caught[0].lineno) == (
            __file__,
            line_of(test_a_loop_is_taken_and_warned_of, "web.Application(loop=loop)"),
        )
        assert app.loop is loop
        loop.run_until_complete(app.startup())
    finally:
        loop.close()


@pytest.mark.row("CF-04", "MW-04", "DE-19")
def test_a_factory_is_warned_of_where_it_is_written() -> None:
    async def factory(app: web.Application, handler: Any) -> Any:
        return handler

    @web.middleware
    async def modern(request: web.Request, handler: Any) -> Any:
        return await handler(request)

    app = web.Application(middlewares=[factory, modern])
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        app.pre_freeze()
        app.freeze()
    (warning,) = caught
    assert warning.category is DeprecationWarning
    assert "@web.middleware (request, handler)" in str(warning.message)
    assert (warning.filename, warning.lineno) == (
        __file__,
        line_of(test_a_factory_is_warned_of_where_it_is_written, "async def factory"),
    )


class Factory:
    async def __call__(self, app: web.Application, handler: Any) -> Any:
        return handler


def test_a_factory_that_is_an_object_is_warned_of_at_its_call() -> None:
    with pytest.warns(DeprecationWarning, match="factory") as caught:
        web.Application(middlewares=[Factory()]).freeze()
    assert (caught[0].filename, caught[0].lineno) == (__file__, line_of(Factory, "def __call__"))


@pytest.mark.row("CF-09", "HC-37")
@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.anyio
async def test_a_returned_exception_is_warned_of_in_development_alone(debug: bool) -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        return web.HTTPFound("/redirect")

    app = web.Application(debug=debug)
    app.router.add_get("/", handler)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
            response = await client.get(str(server.make_url("/")))
    assert (response.status_code, response.headers["location"]) == (302, "/redirect")
    expected = line_of(
        test_a_returned_exception_is_warned_of_in_development_alone, "async def handler(request"
    )
    assert [(each.category, each.filename, each.lineno) for each in caught] == (
        [(DeprecationWarning, __file__, expected)] if debug else []
    )


@pytest.mark.anyio
async def test_a_middleware_that_returns_what_the_router_raised_is_left_alone() -> None:
    @web.middleware
    async def catch(request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            return await handler(request)
        except web.HTTPException as error:
            return error

    async with TestClient(web.Application(middlewares=[catch], debug=True)) as client:
        assert (await client.get("/nowhere")).status == 404


@pytest.mark.row("CF-11", "DE-05", "DE-17", "WS-08")
@pytest.mark.anyio
async def test_a_close_code_that_cannot_be_sent() -> None:
    async def handler(request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        with pytest.warns(DeprecationWarning, match="GOING_AWAY") as caught:
            await ws.close(code=999, message="Server shutdown")
        (warning,) = caught
        seen.append((warning.filename, warning.lineno))
        return ws

    seen: list[tuple[str, int]] = []
    app = web.Application()
    app.router.add_get("/", handler)
    async with TestServer(app) as server, connect(f"ws://127.0.0.1:{server.port}/") as client:
        assert [message async for message in client] == []
        assert (client.close_code, client.close_reason) == (1001, "Server shutdown")
    assert seen == [(__file__, line_of(test_a_close_code_that_cannot_be_sent, "code=999"))]


@pytest.mark.row("CF-06", "RN-11", "RN-12", "RN-13", "DE-21")
def test_the_older_start_and_end_with_a_loop_of_ones_own() -> None:
    log = []

    async def note(app: web.Application) -> None:
        log.append("shutdown")

    app = web.Application()
    app.router.add_get("/", hello)
    app.on_shutdown.append(note)
    loop = asyncio.new_event_loop()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        handler = app.make_handler(loop=loop)
        server = loop.run_until_complete(loop.create_server(handler, "127.0.0.1", 0))
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"

        async def fetch() -> str:
            async with httpx.AsyncClient(timeout=None) as client:
                return (await client.get(url)).text

        assert loop.run_until_complete(fetch()) == "hello"
        server.close()
        loop.run_until_complete(server.wait_closed())
        loop.run_until_complete(app.shutdown())
        loop.run_until_complete(handler.finish_connections(60.0))
        loop.run_until_complete(app.cleanup())
    loop.close()
    assert log == ["shutdown"]
    here = test_the_older_start_and_end_with_a_loop_of_ones_own
    assert [(each.category, each.filename, each.lineno) for each in caught] == [
        (DeprecationWarning, __file__, line_of(here, "app.make_handler(loop=loop)")),
        (DeprecationWarning, __file__, line_of(here, "finish_connections(60.0)")),
    ]


PROGRAM = """
from muntin import web

web.add_get("/", None)
"""


@pytest.mark.row("DE-03")
@pytest.mark.parametrize(
    ("action", "code", "told"),
    [("ignore", 0, ""), ("default", 0, "<string>:4: DeprecationWarning"), ("error", 1, "DeprecationWarning")],
)
def test_older_names_can_be_switched_off(action: str, code: int, told: str) -> None:
    command = [sys.executable, "-W", f"{action}::DeprecationWarning", "-c", PROGRAM]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == code
    assert told in ended.stderr
    assert bool(told) is bool(ended.stderr)
