"""Scopes and messages in, messages out; and mounted where people mount it."""

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.routing import Mount

from muntin.static import FileChanged, RootError, StaticRoot
from muntin.static.asgi import Scope, StaticFiles, path_below

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


def http(path: str, *, method: str = "GET", root_path: str = "", **more: Any) -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": root_path + path,
        "raw_path": (root_path + path).encode(),
        "root_path": root_path,
        "query_string": b"",
        "headers": [],
        **more,
    }


async def never() -> dict[str, Any]:
    """Receive nothing: a client that stays and says no more."""
    return await asyncio.get_running_loop().create_future()


class Sent(list[dict[str, Any]]):
    """Collects what an application sends."""

    async def __call__(self, message: dict[str, Any]) -> None:
        self.append(message)

    @property
    def status(self) -> int:
        return self[0]["status"]

    @property
    def fields(self) -> dict[bytes, bytes]:
        return dict(self[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message["body"] for message in self[1:])


async def ask(app: StaticFiles, scope: Scope) -> Sent:
    sent = Sent()
    await app(scope, never, sent)
    return sent


def count_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.row("ST-01")
async def test_a_small_file_is_one_message(tree: Path) -> None:
    sent = await ask(StaticFiles(tree), http("/hello.txt"))
    assert (len(sent), sent.status, sent.body) == (2, 200, b"hello, world\n")
    assert sent.fields[b"content-length"] == b"13"


async def test_a_large_file_comes_in_chunks(tree: Path) -> None:
    app = StaticFiles(StaticRoot(tree, chunk_size=100_000))
    sent = await ask(app, http("/large.bin"))
    assert [len(message["body"]) for message in sent[1:]] == [100_000, 100_000, 62_144, 0]
    assert sent.body == (tree / "large.bin").read_bytes()


async def test_threads_read_where_nothing_else_can_tell(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    sent = await ask(StaticFiles(tree), http("/large.bin"))
    assert sent.body == (tree / "large.bin").read_bytes()


async def test_repeated_fields_are_one(tree: Path) -> None:
    etag = (await ask(StaticFiles(tree), http("/hello.txt"))).fields[b"etag"]
    headers = [(b"if-none-match", b'"x"'), (b"if-none-match", etag), (b"cookie", b"\xff")]
    assert (await ask(StaticFiles(tree), http("/hello.txt", headers=headers))).status == 304


async def test_responses_may_be_changed_above(tree: Path) -> None:
    """A middleware that adds to the list of headers must not add to every later response."""
    app = StaticFiles(tree)
    (await ask(app, http("/hello.txt")))[0]["headers"].append((b"x-added", b"1"))
    assert b"x-added" not in (await ask(app, http("/hello.txt"))).fields


# Paths below a mount


@pytest.mark.parametrize(
    ("path", "root_path", "raw_path", "below"),
    [
        ("/a", "", b"/a", "/a"),
        ("/a", "", None, "/a"),
        ("/m/a", "/m", b"/m/a", "/a"),
        ("/m/a", "/m/", b"/m/a", "/a"),
        ("/m/a", "/m", None, "/a"),
        ("/m", "/m", b"/m", ""),
        ("/m/", "/m", b"/m/", "/"),
        ("/a", "/m", b"/a", "/a"),
        ("/music/a", "/m", b"/music/a", "/music/a"),
        ("/m/a/b", "/m", b"/m/a%2Fb", "/a%2Fb"),
        ("/m/a%2Fb", "/m", b"/m/a%252Fb", "/a%252Fb"),
        ("/m/100%", "/m", None, "/100%25"),
        ("/ö/a", "/ö", b"/%C3%B6/a", "/a"),
        ("/ö/a b", "/ö", b"/%c3%b6/a%20b", "/a%20b"),
        ("/m/\ufffd", "/m", b"/m/%FF", "/%FF"),
        ("/m/../x", "/m", b"/m/../x", "/../x"),
        ("/m/../x", "/m", b"/m/%2e%2e/x", "/%2e%2e/x"),
        ("/m/\udcff", "/m", None, "/%FF"),
        ("/m/a/b", "/m", b"/%6d/a%2Fb", "/a%2Fb"),
        ("/m n/a/b", "/m n", b"/m%20%6E/a%2fb", "/a%2fb"),
        ("/m/n/a/b", "/m/n", b"/m/%6E/a%2Fb", "/a%2Fb"),
        ("/ö/a/b", "/ö", b"/\xc3\xb6/a%2Fb", "/a%2Fb"),
        ("/m/a/\ufffd", "/m", b"/%6D/a%2F%FF", "/a%2F%FF"),
        ("/m/a?b", "/m", b"/m/a%3Fb?c=%2F", "/a%3Fb"),
        # The slash between the mount and the file, or one inside the mount's path, was encoded.
        ("/m/a", "/m", b"/m%2Fa", "/%2F"),
        ("/m/n/a", "/m/n", b"/m%2fn/a", "/%2F"),
        # A middleware has changed the path, and left the target.
        ("/m/a b", "/m", b"/v1/m/a%20b", "/a%20b"),
        ("/m/a/b", "/m", b"/v1/m/a%2Fb", "/%2F"),
        ("/a/b", "/m", b"/m/a/b", "/a/b"),
        ("/a/b", "/m", b"/m/a%2Fb", "/%2F"),
    ],
)
async def test_paths_below_a_mount(path: str, root_path: str, raw_path: bytes | None, below: str) -> None:
    scope: Scope = {"path": path, "root_path": root_path}
    if raw_path is not None:
        scope["raw_path"] = raw_path
    assert path_below(scope) == below


@pytest.mark.row("HI-33")
async def test_the_mount_itself_gets_its_slash(tree: Path) -> None:
    app = StaticFiles(StaticRoot(tree, show_index=True))
    sent = await ask(app, http("", root_path="/files/shared", query_string=b"a=1"))
    assert (sent.status, sent.fields[b"location"]) == (301, b"./shared/?a=1")
    assert (await ask(app, http("/", root_path="/files/shared"))).status == 200
    assert (await ask(StaticFiles(tree), http("", root_path="/files"))).status == 403


# Mounted in frameworks


@pytest.fixture(params=["starlette", "fastapi", "starlette with a middleware"])
async def client(request: pytest.FixtureRequest, tree: Path) -> AsyncIterator[httpx.AsyncClient]:
    files = StaticFiles(StaticRoot(tree, show_index=True))
    app: Any
    if request.param == "fastapi":
        app = FastAPI()
        app.mount("/assets", files, name="assets")
    else:

        async def pass_on(request: Any, call_next: Callable[[Any], Any]) -> Any:
            return await call_next(request)

        above = [Middleware(BaseHTTPMiddleware, dispatch=pass_on)] if "middleware" in request.param else []
        app = Starlette(routes=[Mount("/assets", files, name="assets")], middleware=above)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client


@pytest.mark.row("ST-01", "ST-04", "ST-12", "HI-39")
async def test_mounted(client: httpx.AsyncClient, tree: Path) -> None:
    response = await client.get("/assets/hello.txt")
    assert (response.status_code, response.text) == (200, "hello, world\n")
    response = await client.get("/assets/hello.txt", headers={"If-None-Match": response.headers["etag"]})
    assert (response.status_code, response.content) == (304, b"")
    response = await client.get("/assets/large.bin", headers={"Range": "bytes=1000-99999"})
    assert (response.status_code, response.content) == (206, (tree / "large.bin").read_bytes()[1000:100_000])
    assert (await client.get("/assets/large.bin")).content == (tree / "large.bin").read_bytes()
    assert (await client.get("/assets/with%20space/a%20b.txt")).text == "spaces\n"
    assert (await client.get("/assets/nothing")).status_code == 404
    assert (await client.get("/assets/%2e%2e/secret.txt")).status_code == 404
    assert (await client.get("/%61ssets/css/site.css")).status_code == 200
    for target in (
        "/assets/css%2fsite.css",
        "/%61ssets/css%2fsite.css",
        "/asset%73/css%2Fsite.css",
        "/assets%2Fcss/site.css",
    ):
        assert (await client.get(target)).status_code == 404
    assert "./site.css" in (await client.get("/assets/css/")).text
    assert (await client.get("/assets/css")).headers["location"] == "./css/"
    assert (await client.post("/assets/hello.txt")).status_code == 405


async def test_in_front_of_an_application_without_mounts(tree: Path) -> None:
    """As the guide does it for Django."""
    files = StaticFiles(tree)

    async def other(scope: Scope, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 418, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def application(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/static/"):
            await files({**scope, "root_path": "/static"}, receive, send)
        else:
            await other(scope, receive, send)

    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        assert (await client.get("/static/css/site.css")).text == "body { margin: 0 }\n"
        assert (await client.get("/static/%2e%2e/secret.txt")).status_code == 404
        assert (await client.get("/css/site.css")).status_code == 418


# Other scopes


async def test_lifespan(tree: Path) -> None:
    events = iter(["lifespan.startup", "lifespan.shutdown"])

    async def receive() -> dict[str, Any]:
        return {"type": next(events)}

    sent = Sent()
    await StaticFiles(tree)({"type": "lifespan"}, receive, sent)
    assert [message["type"] for message in sent] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_websockets_are_refused(tree: Path) -> None:
    assert (await ask(StaticFiles(tree), {"type": "websocket"}))[0]["type"] == "websocket.close"


async def test_unknown_scopes(tree: Path) -> None:
    with pytest.raises(RuntimeError, match="'tea'"):
        await ask(StaticFiles(tree), {"type": "tea"})


async def test_a_missing_directory(tree: Path) -> None:
    with pytest.raises(RootError):
        StaticFiles(tree / "nothing")


# Sending by name

PATHSEND = {"http.response.pathsend": {}}


async def test_pathsend(tree: Path) -> None:
    sent = await ask(StaticFiles(tree), http("/large.bin", extensions=PATHSEND))
    assert sent[1] == {"type": "http.response.pathsend", "path": os.fspath(tree / "large.bin")}
    assert sent.fields[b"content-length"] == b"262144"


@pytest.mark.parametrize(
    ("path", "more"),
    [
        ("/hello.txt", {}),
        ("/large.bin", {"headers": [(b"range", b"bytes=0-99999")]}),
        ("/large.bin", {"method": "HEAD"}),
        ("/large.bin", {"extensions": None}),
        ("/large.bin", {"extensions": {"http.response.push": {}}}),
    ],
)
async def test_what_is_not_a_whole_file_is_not_sent_by_name(
    tree: Path, path: str, more: dict[str, Any]
) -> None:
    sent = await ask(StaticFiles(tree), http(path, **{"extensions": PATHSEND, **more}))
    assert {message["type"] for message in sent[1:]} == {"http.response.body"}


async def test_pathsend_can_be_declined(tree: Path) -> None:
    sent = await ask(StaticFiles(tree, use_pathsend=False), http("/large.bin", extensions=PATHSEND))
    assert sent.body == (tree / "large.bin").read_bytes()


# Every way out gives the descriptor back


@pytest.mark.row("HI-46", "AH-33")
async def test_a_client_that_leaves(tree: Path) -> None:
    before = count_descriptors()
    gone = asyncio.Event()
    sent = Sent()

    events = iter(["http.request", "http.disconnect"])

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": next(events)}

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        if len(sent) == 3:
            gone.set()
        await asyncio.sleep(0)  # a turn of the loop, as any server takes for its socket
        await asyncio.sleep(0)

    await StaticFiles(StaticRoot(tree, chunk_size=1000))(http("/large.bin"), receive, send)
    assert 3 <= len(sent) <= 5
    assert count_descriptors() == before


@pytest.mark.row("HI-46", "AH-33")
async def test_a_server_that_says_the_client_left(tree: Path) -> None:
    before = count_descriptors()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            raise OSError("gone")

    with pytest.raises(OSError, match="gone"):
        await StaticFiles(tree)(http("/large.bin"), never, send)
    assert count_descriptors() == before


@pytest.mark.row("HI-46", "AH-33")
@pytest.mark.parametrize("at", ["http.response.start", "http.response.body"])
async def test_cancellation_while_sending(tree: Path, at: str) -> None:
    before = count_descriptors()
    reached = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == at:
            reached.set()
            await asyncio.get_running_loop().create_future()

    responding = asyncio.create_task(StaticFiles(tree)(http("/large.bin"), never, send))
    await reached.wait()
    assert count_descriptors() == before + 1
    responding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await responding
    assert count_descriptors() == before


@pytest.fixture
async def busy_thread() -> AsyncIterator[threading.Event]:
    """Return the event that frees the only thread of the loop's executor."""
    free, taken = threading.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def wait() -> None:
        taken.set()
        free.wait(10)

    with ThreadPoolExecutor(1) as pool:
        loop.set_default_executor(pool)
        waiting = loop.run_in_executor(None, wait)
        taken.wait(10)
        yield free
        free.set()
        await waiting


@pytest.mark.row("HI-46", "AH-33")
async def test_cancellation_while_a_thread_reads(
    tree: Path, busy_thread: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    before = count_descriptors()
    started = asyncio.Event()

    async def send(message: dict[str, Any]) -> None:
        started.set()

    responding = asyncio.create_task(StaticFiles(tree)(http("/large.bin"), never, send))
    await started.wait()
    await asyncio.sleep(0)
    responding.cancel()
    await asyncio.sleep(0)
    assert not responding.done()  # the descriptor is the thread's until it has read
    busy_thread.set()
    with pytest.raises(asyncio.CancelledError):
        await responding
    assert count_descriptors() == before


@pytest.mark.row("HI-46", "AH-33")
@pytest.mark.parametrize("path", ["/", "/nothing/"])
async def test_cancellation_while_a_thread_plans(tree: Path, busy_thread: threading.Event, path: str) -> None:
    (tree / "index.html").write_bytes(bytes(100_000))
    root = StaticRoot(tree, show_index=True, index_file="index.html")
    before = count_descriptors()
    responding = asyncio.create_task(StaticFiles(root)(http(path), never, Sent()))
    await asyncio.sleep(0)
    responding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await responding
    busy_thread.set()
    await asyncio.get_running_loop().run_in_executor(None, bool)  # after the plan, on the same thread
    await asyncio.sleep(0)
    assert count_descriptors() == before


async def test_cancellation_while_a_plan_fails_in_a_thread(tree: Path, busy_thread: threading.Event) -> None:
    def policy(name: str) -> str:
        raise LookupError(name)

    root = StaticRoot(tree, show_index=True, index_file="hello.txt", cache_control=policy)
    responding = asyncio.create_task(StaticFiles(root)(http("/"), never, Sent()))
    await asyncio.sleep(0)
    responding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await responding
    busy_thread.set()
    await asyncio.get_running_loop().run_in_executor(None, bool)
    with pytest.raises(LookupError):
        await ask(StaticFiles(root), http("/"))


@pytest.mark.row("AH-33")
async def test_a_file_that_shrinks_cuts_the_response(tree: Path) -> None:
    before = count_descriptors()
    sent = Sent()

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)
        os.truncate(tree / "large.bin", 2000)

    with pytest.raises(FileChanged):
        await StaticFiles(StaticRoot(tree, chunk_size=1000))(http("/large.bin"), never, send)
    assert sent[-1]["more_body"] is True
    assert count_descriptors() == before


async def test_event_loops_that_are_not_asyncio(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Drive the application by hand, as Trio would: nothing in it may wait for asyncio."""
    monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)

    def drive(path: str) -> Sent:
        sent = Sent()
        responding = StaticFiles(StaticRoot(tree, show_index=True))(http(path), never, sent)
        with pytest.raises(StopIteration):
            responding.send(None)  # type: ignore[attr-defined]
        return sent

    with ThreadPoolExecutor(1) as pool:  # a thread without a running loop
        assert pool.submit(drive, "/large.bin").result().body == (tree / "large.bin").read_bytes()
        assert b"./deep/" in pool.submit(drive, "/docs/").result().body


@pytest.mark.row("HI-46", "AH-33")
async def test_clients_that_vanish_from_a_real_server(tree: Path, serve: Callable[..., Any]) -> None:
    (tree / "huge.bin").write_bytes(bytes(64_000_000))  # more than all buffers on the way
    async with serve(StaticFiles(tree)) as [(address, server)], asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection(*address)
        await leave(reader, writer)
        await settle(server)
        before = count_descriptors()
        for _ in range(20):
            await leave(*await asyncio.open_connection(*address))
        await settle(server)
        assert count_descriptors() == before


async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Ask for a file, read its first bytes and go."""
    writer.write(b"GET /huge.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await reader.readexactly(15)) == b"HTTP/1.1 200 OK"
    writer.transport.abort()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def settle(server: uvicorn.Server) -> None:
    """Wait until a server has let go of all its connections."""
    while server.server_state.tasks or server.server_state.connections:
        await asyncio.sleep(0)
