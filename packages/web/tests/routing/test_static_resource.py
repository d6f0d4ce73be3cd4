"""Files below a prefix."""

import asyncio
import inspect
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import anyio
import httpx
import pytest

from muntin import web
from muntin.static import CHUNK_SIZE, StaticRoot
from muntin.web.testing import MemoryExchange, TestClient, TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


@pytest.fixture
def files(tmp_path):
    root = tmp_path / "root"
    (root / "sub").mkdir(parents=True)
    (root / "a.txt").write_text("a file")
    (root / "sub" / "b.css").write_text("b {}")
    (root / "with space.txt").write_text("space")
    (tmp_path / "secret.txt").write_text("secret")
    return root


def is_open(path):
    """Tell whether this process has a file open, where the system shows it."""
    descriptors = Path("/proc/self/fd")
    return descriptors.exists() and str(path) in [os.path.realpath(each) for each in descriptors.iterdir()]


def make_client(files, **options):
    app = web.Application()
    app.add_routes([web.static("/static", files, name="static", **options)])
    return TestClient(app)


def test_files_are_read_in_the_pieces_that_are_usual_for_them():
    """The dispatcher has the size of the runner: `muntin.static` is loaded when there are files to serve."""
    stated = inspect.signature(web.UrlDispatcher.add_static).parameters["chunk_size"]

    assert stated.default == CHUNK_SIZE


@pytest.mark.row("ST-01", "ST-12")
async def test_a_file(files):
    async with make_client(files) as client:
        response = await client.get("/static/a.txt")
        assert (response.status, response.text) == (200, "a file")
        assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert {"ETag", "Last-Modified", "Accept-Ranges"} <= set(response.headers)
        head = await client.head("/static/a.txt")
        assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "6")
        assert (await client.get("/static/with%20space.txt")).text == "space"
        missing = await client.get("/static/none.txt")
        assert (missing.status, missing.text) == (404, "404: Not Found")
        assert (await client.post("/static/a.txt")).headers["Allow"] == "GET,HEAD"
        unchanged = await client.get("/static/a.txt", headers={"If-None-Match": response.headers["ETag"]})
        assert (unchanged.status, unchanged.body) == (304, b"")
        part = await client.get("/static/a.txt", headers={"Range": "bytes=2-3"})
        assert (part.status, part.text, part.headers["Content-Range"]) == (206, "fi", "bytes 2-3/6")
        beyond = await client.get("/static/a.txt", headers={"Range": "bytes=99-"})
        assert (beyond.status, beyond.headers["Content-Range"]) == (416, "bytes */6")


@pytest.mark.row("ST-10", "HC-30")
async def test_responses_are_file_responses(files):
    seen = []

    @web.middleware
    async def look(request, handler):
        response = await handler(request)
        seen.append((type(response), response.tcp_cork, response.content_length, response.etag))
        response.headers["X-Seen"] = "yes"
        return response

    (files / "large.bin").write_bytes(bytes(300_000))
    app = web.Application(middlewares=[look])
    app.add_routes([web.static("/static", files)])
    async with TestClient(app) as client:
        for name, size in (("a.txt", 6), ("large.bin", 300_000)):
            received = await client.get(f"/static/{name}")
            assert (len(received.body), received.headers["Content-Length"]) == (size, str(size))
            assert received.headers["X-Seen"] == "yes"
            kind, corks, length, etag = seen.pop()
            assert (kind, corks, length) == (web.FileResponse, True, size)
            assert etag is not None


@pytest.mark.row("ST-03", "ST-04")
async def test_directories(files):
    async with make_client(files) as client:
        assert (await client.get("/static/")).status == 403
        assert (await client.get("/static/sub/")).status == 403
    (files / "<b>.txt").write_text("")
    async with make_client(files, show_index=True) as client:
        response = await client.get("/static/")
        assert (response.status, response.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
        assert "&lt;b&gt;.txt" in response.text
        assert "<b>.txt" not in response.text


@pytest.mark.row("ST-03", "ST-04", "HI-33")
async def test_the_prefix_without_its_slash(files):
    listing = {"show_index": True}
    for options, status, location in (({}, 403, None), (listing, 301, "./static/")):
        async with make_client(files, **options) as client:
            for method in ("GET", "HEAD"):
                response = await client.request(method, "/static")
                assert (response.status, response.headers.get("Location")) == (status, location)
            assert (await client.post("/static")).status == 405
            assert (await client.get("/statics")).status == 404
    inner = web.Application()
    inner.add_routes([web.static("/my files", files, **listing), web.static("/", files, **listing)])
    app = web.Application()
    app.add_subapp("/admin", inner)
    async with TestClient(app) as client:
        for path, location in {
            "/admin/my%20files?a=1&b=%2F": "./my%20files/?a=1&b=%2F",
            "/admin/my%20file%73": "./my%20files/",
            "/admin": "./admin/",
        }.items():
            response = await client.get(path)
            assert (response.status, response.headers["Location"]) == (301, location)
        assert "Index of /" in (await client.get("/admin/my%20file%73/")).text
        assert "Index of /" in (await client.get("/admin/")).text


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
@pytest.mark.row("ST-05", "ST-06", "ST-07")
async def test_links(files):
    os.symlink(files.parent / "secret.txt", files / "out.txt")
    os.symlink(files / "a.txt", files / "in.txt")
    async with make_client(files) as client:
        assert (await client.get("/static/out.txt")).status == 404
        assert (await client.get("/static/in.txt")).text == "a file"
    async with make_client(files, follow_symlinks=True) as client:
        assert (await client.get("/static/out.txt")).text == "secret"
        assert (await client.get("/static/../secret.txt")).status == 404


@pytest.mark.row("HI-39")
@pytest.mark.parametrize(
    "path",
    [
        "../secret.txt",
        "%2e%2e/secret.txt",
        "..%2fsecret.txt",
        "/etc/passwd",
        "..\\secret.txt",
        "a.txt%00",
        "%2Fetc%2Fpasswd",
    ],
)
async def test_nothing_outside_is_served(files, path):
    async with make_client(files) as client:
        assert (await client.get(f"/static/{path}")).status == 404


@pytest.mark.row("HI-39", "ST-11")
@pytest.mark.parametrize("mounts", [(), ("/in ner",), ("/ö", "/b%2Fc")])
async def test_an_encoded_slash_names_no_file_however_the_prefix_is_spelled(files, mounts):
    app = web.Application()
    app.add_routes([web.static("/st", files), web.static("/x y", files)])
    for mount in reversed(mounts):
        outer = web.Application()
        outer.add_subapp(mount, app)
        app = outer
    before = "".join(mounts).replace(" ", "%20").replace("ö", "%C3%B6")
    spelled = before.replace("in", "%69%6E").replace("%C3", "%c3").replace("%2F", "%2f").replace("b", "%62")
    async with TestClient(app) as client:
        for prefix in ("/st", "/%73t", "/s%74", "/x%20y", "/%78%20%79"):
            for where in (before, spelled):
                assert (await client.get(f"{where}{prefix}/sub/b.css")).status == 200
                assert (await client.get(f"{where}{prefix}/%73ub/b.css")).status == 200
                for encoded in ("sub%2fb.css", "sub%2Fb.css", "%2Fa.txt", "sub%2f..%2fa.txt", "a.txt%2F"):
                    assert (await client.get(f"{where}{prefix}/{encoded}")).status == 404, (
                        where,
                        prefix,
                        encoded,
                    )
        assert (await client.get(f"{before}/st%2Fa.txt")).status == 404


@pytest.mark.row("HI-39")
async def test_a_target_changed_after_the_match_makes_no_slash_of_an_encoded_one(files):
    @web.middleware
    async def change(request, handler):
        return await handler(request.clone(rel_url="/en" + request.rel_url.raw_path))

    app = web.Application(middlewares=[change])
    app.add_routes([web.static("/st", files)])
    async with TestClient(app) as client:
        for path, status in {"/st/sub/b.css": 200, "/st/sub%2fb.css": 404, "/%73t/sub%2Fb.css": 404}.items():
            assert (await client.get(path)).status == status


@pytest.mark.row("ST-08", "ST-09", "CF-05")
async def test_versions(files):
    app = web.Application()
    resource = app.router.add_static("/static", files, name="static", append_version=True)
    assert isinstance(resource, web.StaticResource)
    url = app.router["static"].url_for(filename="a.txt")
    assert url.path == "/static/a.txt"
    version = url.query["v"]
    with pytest.warns(DeprecationWarning, match="url_for"):
        assert resource.url(filename="/a.txt") == str(url)
    with pytest.warns(DeprecationWarning, match="url_for"):
        assert resource.url(filename="a.txt", query={"x": "1"}) == f"/static/a.txt?v={version}&x=1"
    assert "v" not in resource.url_for(filename="none.txt").query
    assert "v" not in resource.url_for(filename="a.txt", append_version=False).query
    async with TestClient(app) as client:
        assert (await client.get(str(url))).text == "a file"
        (files / "a.txt").write_text("changed")
        assert resource.url_for(filename="a.txt").query["v"] != version


@pytest.mark.row("MW-16")
async def test_middlewares_see_refusals(files):
    seen = []

    @web.middleware
    async def look(request, handler):
        try:
            response = await handler(request)
        except web.HTTPException as error:
            seen.append(error.status)
            raise
        seen.append(response.status)
        return response

    app = web.Application(middlewares=[look])
    app.router.add_static("/static", files)
    async with TestClient(app) as client:
        for path in ("a.txt", "none.txt", "sub/"):
            await client.get(f"/static/{path}")
    assert seen == [200, 404, 403]


async def test_a_dropped_response_closes_its_file(files):
    (files / "big.bin").write_bytes(b"x" * 200_000)

    @web.middleware
    async def drop(request, handler):
        await handler(request)
        return web.Response(text="other")

    app = web.Application(middlewares=[drop])
    app.router.add_static("/static", files)
    async with TestClient(app) as client:
        assert (await client.get("/static/big.bin")).text == "other"
    # An unclosed file would be a ResourceWarning, and those are errors here.


async def test_a_large_file_by_the_kernel(files):
    content = os.urandom(1_000_000)
    (files / "big.bin").write_bytes(content)
    app = web.Application()
    app.router.add_static("/static", files)
    async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
        url = str(server.make_url("/static/big.bin"))
        assert (await client.get(url)).content == content
        part = await client.get(url, headers={"Range": "bytes=100-99999"})
        assert part.content == content[100:100_000]
        several = await client.get(url, headers={"Range": "bytes=0-9,500000-500009"})
        assert several.headers["Content-Type"].startswith("multipart/byteranges")
        assert content[500_000:500_010] in several.content


@pytest.mark.row("HI-46")
async def test_a_peer_that_leaves_a_large_file(files):
    (files / "big.bin").write_bytes(bytes(20_000_000))
    app = web.Application()
    app.router.add_static("/static", files)
    async with TestServer(app) as server:
        stream = await anyio.connect_tcp("127.0.0.1", server.port)
        await stream.send(b"GET /static/big.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        assert (await stream.receive(100)).startswith(b"HTTP/1.1 200")
        await stream.aclose()
    with anyio.fail_after(PATIENCE):
        while is_open(files / "big.bin"):  # until a thread that still reads from it has ended
            await anyio.sleep(0)


async def test_a_root_with_an_executor_waits_for_the_disk_in_its_threads(files):
    (files / "big.bin").write_bytes(bytes(range(256)) * 1000)
    loop_thread = threading.current_thread().name
    seen = set()

    class Root(StaticRoot):
        def plan(self, *args, **options):
            seen.add(threading.current_thread().name)
            return super().plan(*args, **options)

    with ThreadPoolExecutor(2, "disk") as executor:
        async with make_client(Root(files, executor=executor)) as client:
            small = await client.get("/static/a.txt")
            assert (small.status, small.text) == (200, "a file")
            big = await client.get("/static/big.bin")
            assert (big.status, big.body) == (200, bytes(range(256)) * 1000)
            assert big.headers["Content-Length"] == "256000"
            parts = await client.get("/static/big.bin", headers={"Range": "bytes=0-1,200000-200001"})
            assert (parts.status, parts.body.count(b"Content-Range: bytes ")) == (206, 2)
            part = await client.get("/static/big.bin", headers={"Range": "bytes=256-511"})
            assert (part.status, part.body) == (206, bytes(range(256)))
            head = await client.head("/static/big.bin")
            assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", "256000")
            assert (await client.get("/static/none")).status == 404
    assert seen
    assert loop_thread not in seen


def test_mistakes(files):
    router = web.UrlDispatcher()
    with pytest.raises(ValueError, match="cannot serve"):
        router.add_static("/static", files / "none")
    with pytest.raises(ValueError, match="cannot serve"):
        router.add_static("/static", files / "a.txt")
    with pytest.raises(ValueError, match="start with"):
        router.add_static("static", files)


async def test_options_can_have_a_handler(files):
    async def preflight(request):
        return web.Response(headers={"X-Cors": "yes"})

    app = web.Application()
    resource = app.router.add_static("/static", files)
    resource.set_options_route(preflight)
    with pytest.raises(RuntimeError, match="OPTIONS"):
        resource.set_options_route(preflight)
    assert sorted(route.method for route in resource) == ["GET", "HEAD", "OPTIONS"]
    assert resource.get_info() == {"directory": files, "prefix": "/static", "routes": resource.methods}
    assert not resource.raw_match("/static")
    async with TestClient(app) as client:
        assert (await client.options("/static/a.txt")).headers["X-Cors"] == "yes"


@pytest.mark.row("WB-07")
async def test_prepare_signals_see_files(files):
    async def add(request, response):
        response.headers["X-Added"] = response.headers["Content-Length"]

    app = web.Application()
    app.on_response_prepare.append(add)
    app.router.add_static("/static", files)
    (files / "big.bin").write_bytes(bytes(100_000))
    async with TestClient(app) as client:
        assert (await client.get("/static/big.bin")).headers["X-Added"] == "100000"


async def test_one_small_file_is_one_write(files):
    exchange = MemoryExchange(b"GET /static/a.txt HTTP/1.1\r\nHost: a\r\n\r\n")
    async with make_client(files) as client:
        await client.answer(exchange)
    assert len(exchange.writes) == 1


async def test_a_root_with_options_of_its_own(files):
    (files / "index.html").write_text("<!doctype html>")
    (files / "app.3f2a.js").write_text("1")
    root = StaticRoot(
        files,
        index_file="index.html",
        fallback="index.html",
        append_version=True,
        manifest={"app.js": "app.3f2a.js"},
        cache_control="no-cache",
    )
    app = web.Application()
    app.add_routes([web.static("/", root, name="static")])
    resource = app.router["static"]
    assert str(resource.url_for(filename="app.js")) == "/app.3f2a.js"
    assert set(resource.url_for(filename="a.txt").query) == {"v"}
    assert str(resource.url_for(filename="a.txt", append_version=False)) == "/a.txt"
    assert str(resource.url_for(filename="//evil.example/a?b", append_version=False)) == "/evil.example/a%3Fb"
    async with TestClient(app) as client:
        for path in ("/", "/some/page"):
            response = await client.get(path, headers={"Accept": "text/html"})
            assert (response.status, response.text) == (200, "<!doctype html>")
        hashed = await client.get(str(resource.url_for(filename="app.js")))
        assert hashed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (await client.get("/a.txt")).headers["Cache-Control"] == "no-cache"
        assert (await client.get("/none.js")).status == 404


def test_a_root_has_its_options_already(files):
    with pytest.raises(ValueError, match="options of its own"):
        web.Application().router.add_static("/", StaticRoot(files), show_index=True)


@pytest.mark.row("ST-04", "HI-40")
async def test_listing_does_not_hold_up_the_loop(files):
    class Counting(ThreadPoolExecutor):
        count = 0

        def submit(self, call, *args):
            self.count += 1
            return super().submit(call, *args)

    asyncio.get_running_loop().set_default_executor(executor := Counting(1))
    async with make_client(files, show_index=True) as client:
        assert (await client.get("/static/a.txt")).status == 200
        assert executor.count == 0
        assert "b.css" in (await client.get("/static/sub/")).text
        assert executor.count == 1


@pytest.mark.row("HI-39")
async def test_one_name_for_each_file(files):
    async with make_client(files) as client:
        assert (await client.get("/static/a.txt")).status == 200
        assert (await client.get("/static//a.txt")).status == 404
        assert (await client.get("/%73tatic/a.txt")).status == 200
        assert (await client.get("/%73tatic//a.txt")).status == 404
