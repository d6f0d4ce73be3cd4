"""What the hot path must never come to do, whatever it grows into: properties, where timings cannot be tested."""

import asyncio
import sys
from collections.abc import AsyncIterator
from typing import Any

import pytest

from muntin import web
from muntin.web.request import request as request_module
from muntin.web.serving.server import make_server

pytestmark = pytest.mark.anyio

GET = b"GET %b HTTP/1.1\r\nHost: a\r\nUser-Agent: b\r\nAccept: */*\r\nCookie: c=d\r\n\r\n"


class Wire(asyncio.Transport):
    """A transport that notes each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []

    def write(self, data: Any) -> None:
        self.writes.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def abort(self) -> None:
        pass


async def plain(request: web.Request) -> web.Response:
    return web.Response(text="plain")


async def named(request: web.Request) -> web.Response:
    return web.json_response({"name": request.match_info["name"]})


GATE = web.AppKey("GATE", asyncio.Event)


async def suspends(request: web.Request) -> web.Response:
    await request.app[GATE].wait()
    return web.Response(text="later")


@web.middleware
async def passes(request: web.Request, handler: Any) -> web.StreamResponse:
    response: web.StreamResponse = await handler(request)
    return response


class Line:
    """One connection to an application, without a network."""

    def __init__(self, app: web.Application) -> None:
        self.gate = app[GATE]
        self.wire = Wire()
        self.connection: Any = make_server(app, access_log=None)()
        self.connection.connection_made(self.wire)

    async def ask(self, path: bytes, count: int) -> None:
        """Ask from outside any task, as a transport does."""
        done = asyncio.get_running_loop().create_future()

        def burst() -> None:
            for _ in range(count):
                self.connection.data_received(GET % path)
            done.set_result(None)

        asyncio.get_running_loop().call_soon(burst)
        await done


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    app = web.Application(middlewares=[passes])
    app.add_routes([web.get("/", plain), web.get("/{name}", named), web.get("/later/x", suspends)])
    app[GATE] = asyncio.Event()
    line = Line(app)
    await asyncio.sleep(0)
    yield line
    line.connection.connection_lost(None)
    await asyncio.sleep(0)


@pytest.mark.parametrize("path", [b"/", b"/ada"])
async def test_one_write_for_each_small_response(line: Line, path: bytes) -> None:
    await line.ask(path, 20)
    assert len(line.wire.writes) == 20
    assert all(write.startswith(b"HTTP/1.1 200 OK\r\n") for write in line.wire.writes)


@pytest.mark.parametrize("path", [b"/", b"/ada"])
async def test_no_task_for_a_handler_that_does_not_wait(line: Line, path: bytes) -> None:
    before = asyncio.all_tasks()
    task = line.connection.task
    await line.ask(path, 20)
    assert asyncio.all_tasks() == before
    assert line.connection.task is task


async def test_a_task_for_a_handler_that_waits(line: Line) -> None:
    task = line.connection.task
    await line.ask(b"/later/x", 1)
    assert line.connection.task is task
    assert not line.wire.writes
    line.gate.set()
    await task
    assert line.connection.task is not task
    assert len(line.wire.writes) == 1


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[web.Request]:
    """Keep the requests that are made."""
    seen: list[web.Request] = []
    keep = request_module.BaseRequest.__init__

    def note(self: Any, *arguments: Any) -> None:
        keep(self, *arguments)
        seen.append(self)

    monkeypatch.setattr(request_module.BaseRequest, "__init__", note)
    return seen


async def test_nothing_is_made_of_the_fields_that_nobody_looks_at(
    line: Line, requests: list[web.Request]
) -> None:
    await line.ask(b"/ada?b=c", 1)
    [request] = requests
    head = request.exchange.head
    assert head._fields is None, "the lines of the head were taken apart"
    assert request._headers is None
    assert request._cookies is None
    assert request._rel_url is request._query is request._target is None


async def test_no_match_info_is_made_that_nobody_asks_for(line: Line, requests: list[web.Request]) -> None:
    await line.ask(b"/", 1)
    await line.ask(b"/ada", 1)
    plain, named = requests
    assert plain._match_info is None
    assert named._match_info is not None


# As many calls of functions of ours as an exchange may take without any compiled part; compiled ones take fewer.
CALLS = {b"/": 38, b"/ada": 48}


@pytest.mark.parametrize("path", CALLS)
async def test_an_exchange_takes_few_calls(line: Line, path: bytes) -> None:
    await line.ask(path, 20)
    calls: list[str] = []

    def note(frame: Any, event: str, argument: Any) -> None:
        if event == "call" and frame.f_globals.get("__name__", "").startswith("muntin."):
            calls.append(frame.f_code.co_qualname)

    sys.setprofile(note)
    try:
        await line.ask(path, 1)
    finally:
        sys.setprofile(None)
    assert len(line.wire.writes) == 21
    assert len(calls) <= CALLS[path], calls


async def test_a_plain_response_has_no_mapping_of_fields() -> None:
    assert web.Response(text="plain")._headers is None
    assert web.json_response({})._headers is None
