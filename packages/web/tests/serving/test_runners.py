"""Applications on real sockets."""

import asyncio
import contextvars
import logging
import socket
from contextlib import suppress

import anyio
import httpx
import pytest

from muntin import web
from muntin.http_core import Limits
from muntin.runner import Caps, Timeouts
from muntin.web.testing import TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio

VARIABLE = contextvars.ContextVar("VARIABLE", default="default")


async def hello(request):
    return web.Response(text="hello")


@pytest.fixture
def app():
    app = web.Application()
    app.router.add_get("/", hello)
    return app


@pytest.mark.row("RN-08", "RN-09", "RN-10")
async def test_a_runner_with_two_sites(app):
    runner = web.AppRunner(app)
    await runner.setup()
    sites = [web.TCPSite(runner, "127.0.0.1", 0) for _ in range(2)]
    for site in sites:
        await site.start()
    assert runner.app is app
    assert len(runner.addresses) == 2
    async with httpx.AsyncClient(timeout=None) as client:
        for site in sites:
            assert (await client.get(site.name)).text == "hello"
    await runner.cleanup()
    async with httpx.AsyncClient(timeout=None) as client:
        with pytest.raises(httpx.ConnectError):
            await client.get(f"http://127.0.0.1:{sites[0].port}")


def test_only_applications_are_run():
    with pytest.raises(TypeError, match="none"):
        web.AppRunner("app")


async def test_unknown_options_are_refused_and_leave_nothing_started(app):
    log = []

    async def context(app):
        log.append("up")
        yield
        log.append("down")

    app.cleanup_ctx.append(context)
    with pytest.raises(TypeError, match="no argument nonsense"):
        await web.AppRunner(app, nonsense=1).setup()
    assert log == ["up", "down"]


async def test_a_bare_server():
    async def handler(request):
        assert type(request) is web.BaseRequest
        return web.Response(text=request.path)

    async with TestServer(web.Server(handler)) as server, httpx.AsyncClient(timeout=None) as client:
        assert (await client.get(str(server.make_url("/a")))).text == "/a"


@pytest.mark.row("HC-46")
async def test_each_request_has_a_task_of_its_own():
    tasks = set()

    async def handler(request):
        await asyncio.sleep(0)
        tasks.add(asyncio.current_task())
        return web.Response()

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
        for _ in range(3):
            await client.get(str(server.make_url("/")))
    assert len(tasks) == 3


@pytest.mark.row("RN-19")
async def test_context_variables(app):
    seen = []

    async def start(app):
        VARIABLE.set("from start-up")

    async def handler(request):
        seen.append(VARIABLE.get())
        VARIABLE.set("from a request")
        return web.Response()

    async def end(app):
        seen.append(VARIABLE.get())

    app.router.add_get("/context", handler)
    app.on_startup.append(start)
    app.on_cleanup.append(end)
    async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
        for _ in range(2):
            await client.get(str(server.make_url("/context")))
    assert seen == ["from start-up", "from start-up", "from start-up"]


@pytest.mark.row("RN-20", "RN-21", "RN-22", "RN-07")
async def test_a_slow_handler_ends_within_the_timeout(app):
    begun, go_on = asyncio.Event(), asyncio.Event()
    log = []

    async def slow(request):
        begun.set()
        await go_on.wait()
        return web.Response(text="done")

    async def shutdown(app):
        log.append("shutdown")
        go_on.set()

    async def cleanup(app):
        log.append("cleanup")

    app.router.add_get("/slow", slow)
    app.on_shutdown.append(shutdown)
    app.on_cleanup.append(cleanup)
    server = TestServer(app, shutdown_timeout=PATIENCE)
    async with server, httpx.AsyncClient(timeout=None) as client:
        asking = asyncio.create_task(client.get(str(server.make_url("/slow"))))
        await begun.wait()
        await server.close()
        response = await asking
    assert response.text == "done"
    assert response.headers["Connection"] == "close"
    assert log == ["shutdown", "cleanup"]


async def test_an_application_that_did_not_start_does_not_end(app):
    log = []

    async def note(app):
        log.append("shutdown")

    async def fail(app):
        raise OSError("no database")

    app.on_startup.append(fail)
    app.on_shutdown.append(note)
    runner = web.AppRunner(app)
    with pytest.raises(OSError, match="no database"):
        await runner.setup()
    await runner.cleanup()
    assert log == []


async def test_a_failing_signal_leaves_no_connections_behind(app):
    log = []

    async def fail(app):
        raise OSError("cannot say goodbye")

    async def stream(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"begun")
        try:
            await asyncio.Event().wait()
        finally:
            log.append("stream")

    async def cleanup(app):
        log.append("cleanup")

    app.router.add_get("/stream", stream)
    app.on_shutdown.append(fail)
    app.on_cleanup.append(cleanup)
    server = TestServer(app, shutdown_timeout=0.01)
    await server.start_server()
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /stream HTTP/1.1\r\nHost: a\r\n\r\n")
    await reader.readuntil(b"begun")
    with pytest.raises(OSError, match="goodbye"):
        await server.close()
    with suppress(ConnectionError):
        await reader.read()
    writer.close()
    assert log == ["stream", "cleanup"]


@pytest.mark.row("RN-20")
async def test_spawned_tasks_are_waited_for(app):
    """One that a handler left behind, at the stop of the server, and one of an inner application."""
    log, go_on = [], asyncio.Event()

    async def work(name):
        await go_on.wait()
        log.append(name)

    async def begin(request):
        request.app.spawn(work("inner"))
        app.spawn(work("outer"))
        return web.Response(text="begun")

    async def shutdown(app):
        log.append("shutdown")
        asyncio.get_running_loop().call_soon(go_on.set)

    async def cleanup(app):
        log.append("cleanup")

    inner = web.Application()
    inner.router.add_get("/begin", begin)
    app.add_subapp("/inner", inner)
    app.on_shutdown.append(shutdown)
    app.on_cleanup.append(cleanup)
    server = TestServer(app, shutdown_timeout=PATIENCE)
    async with server, httpx.AsyncClient(timeout=None) as client:
        assert (await client.get(str(server.make_url("/inner/begin")))).text == "begun"
        assert log == []
    assert log == ["shutdown", "inner", "outer", "cleanup"]


async def test_a_spawned_task_that_does_not_end_is_cancelled(app, caplog):
    log = []

    async def endless():
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            log.append("cancelled")
            raise

    async def start(app):
        app.spawn(endless(), name="endless")

    app.on_startup.append(start)
    async with TestServer(app, shutdown_timeout=0.01):
        pass
    assert log == ["cancelled"]
    assert caplog.records == []


async def test_an_endless_handler_is_cancelled(app):
    begun, ended = asyncio.Event(), asyncio.Event()

    async def endless(request):
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    app.router.add_get("/endless", endless)
    server = TestServer(app, shutdown_timeout=0.05)
    async with server, httpx.AsyncClient(timeout=None) as client:
        asking = asyncio.create_task(client.get(str(server.make_url("/endless"))))
        await begun.wait()
        await server.close()
        with pytest.raises(httpx.HTTPError):
            await asking
    assert ended.is_set()


@pytest.mark.row("RN-11", "RN-12", "RN-13", "CF-06", "CF-12")
async def test_the_older_way(app):
    log = []

    async def shutdown(app):
        log.append("shutdown")

    app.on_shutdown.append(shutdown)
    with pytest.warns(DeprecationWarning, match="AppRunner"):
        handler = app.make_handler()
    loop = asyncio.get_running_loop()
    listener = await loop.create_server(handler, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    async with httpx.AsyncClient(timeout=None) as client:
        assert (await client.get(f"http://127.0.0.1:{port}/")).text == "hello"
        listener.close()
        await app.shutdown()
        with anyio.fail_after(PATIENCE), pytest.warns(DeprecationWarning, match="cleanup"):
            await handler.finish_connections(3600.0)
        await app.cleanup()
    assert log == ["shutdown"]
    assert not handler.connections


async def test_the_access_log(app, caplog):
    caplog.set_level(logging.INFO, "muntin.access")
    async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
        await client.get(str(server.make_url("/?q=1")), headers={"Referer": 'a"b', "User-Agent": "test"})
    (line,) = [record.getMessage() for record in caplog.records if record.name == "muntin.access"]
    assert line.startswith("127.0.0.1 [")
    assert line.endswith('"GET /?q=1 HTTP/1.1" 200 5 "a\\"b" "test"')


@pytest.mark.row("HC-18")
async def test_a_peer_that_goes_away_in_the_middle_is_no_error(app, caplog):
    begun, failed = asyncio.Event(), asyncio.Event()

    async def read(request):
        begun.set()
        try:
            await request.read()
        except OSError:
            failed.set()
            raise

    app.router.add_post("/read", read)
    async with TestServer(app) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12")
        await begun.wait()
        writer.transport.abort()
        with anyio.fail_after(PATIENCE):
            await failed.wait()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.row("RN-05", "RN-06")
async def test_a_shielded_coroutine_outlives_its_peer(app):
    begun, go_on, written = asyncio.Event(), asyncio.Event(), asyncio.Event()
    log = []

    async def write():
        begun.set()
        await go_on.wait()
        written.set()

    async def handler(request):
        try:
            await asyncio.shield(write())
        except asyncio.CancelledError:
            log.append("cancelled")
            go_on.set()
            raise

    app.router.add_get("/write", handler)
    async with TestServer(app, handler_cancellation=True) as server:
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET /write HTTP/1.1\r\nHost: a\r\n\r\n")
        await begun.wait()
        writer.transport.abort()
        with anyio.fail_after(PATIENCE):
            await written.wait()
    assert log == ["cancelled"]


@pytest.mark.row("RN-24")
async def test_arguments_for_the_server_come_with_the_application():
    app = web.Application(handler_args={"timeout_ceil_threshold": 1, "max_line_size": 50})
    app.router.add_get("/{name}", hello)
    async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
        assert (await client.get(str(server.make_url("/short")))).status_code == 200
        assert (await client.get(str(server.make_url("/" + "long" * 20)))).status_code == 414


@pytest.mark.parametrize(
    ("of_application", "of_runner", "keep_alive"),
    [
        ({}, {"keepalive_timeout": 3}, 3),
        ({"keepalive_timeout": 1}, {"keepalive_timeout": 3}, 1),
        ({"keepalive_timeout": 1}, {"timeouts": Timeouts(keep_alive=5)}, 1),
        ({"timeouts": Timeouts(keep_alive=5)}, {"keepalive_timeout": 3}, 5),
        ({"timeouts": Timeouts(keep_alive=5), "keepalive_timeout": 1}, {"keepalive_timeout": 3}, 1),
        ({"limits": Limits(), "caps": Caps()}, {"keepalive_timeout": 3}, 3),
    ],
)
async def test_arguments_of_the_application_win(of_application, of_runner, keep_alive):
    runner = web.AppRunner(web.Application(handler_args=of_application), **of_runner)
    await runner.setup()
    assert runner.server.timeouts.keep_alive == keep_alive
    await runner.cleanup()


async def test_the_access_log_of_the_application_wins(caplog):
    """As in aiohttp, whatever whoever runs it says."""
    mine, theirs = logging.getLogger("mine"), logging.getLogger("theirs")
    app = web.Application(handler_args={"access_log": mine, "access_log_format": "mine %s"})
    app.router.add_get("/", hello)
    with caplog.at_level(logging.INFO):
        async with TestServer(app, access_log=theirs) as server, httpx.AsyncClient(timeout=None) as client:
            assert (await client.get(str(server.make_url("/")))).status_code == 200
    assert [record.getMessage() for record in caplog.records if record.name == "mine"] == ["mine 200"]
    assert not [record for record in caplog.records if record.name == "theirs"]


@pytest.mark.row("RN-24")
async def test_documented_arguments_take_effect(app):
    arguments = {"tcp_keepalive": True, "read_bufsize": 1000, "timeout_ceil_threshold": 0.1}
    arguments |= {"lingering_time": 3, "keepalive_timeout": 7}
    begun, go_on = asyncio.Event(), asyncio.Event()
    seen = {}

    async def wait(request):
        sock = request.get_extra_info("socket")
        seen["keepalive"] = sock.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        begun.set()
        await go_on.wait()
        seen["waiting"] = len(request.exchange.body.receive_nowait())
        return web.Response()

    app.router.add_post("/wait", wait)
    runner = web.AppRunner(app, access_log=None, **arguments)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    timeouts = runner.server.timeouts
    assert (timeouts.drain, timeouts.keep_alive, timeouts.ceil_threshold) == (3, 7, 0.1)
    _, writer = await asyncio.open_connection("127.0.0.1", site.port)
    writer.write(b"POST /wait HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n")
    await begun.wait()
    writer.write(bytes(9_000_000))
    (connection,) = runner.server.connections
    with anyio.fail_after(PATIENCE):
        while connection.is_reading:
            await asyncio.sleep(0)
    go_on.set()
    with anyio.fail_after(PATIENCE):
        while "waiting" not in seen:
            await asyncio.sleep(0)
    assert seen["keepalive"] == 1
    # One read of the loop, which is more than the buffer.
    assert 1000 <= seen["waiting"] <= 1000 + 262144
    writer.transport.abort()
    await runner.cleanup()


async def test_all_numbers_can_be_given_at_once(app):
    runner = web.AppRunner(app, timeouts=Timeouts(head=3, keep_alive=4), caps=Caps(connections=5))
    await runner.setup()
    assert (runner.server.timeouts.head, runner.server.timeouts.keep_alive) == (3, 4)
    await runner.cleanup()
    with pytest.raises(ValueError, match="keep_alive is negative"):
        await web.AppRunner(web.Application(), keepalive_timeout=-1).setup()
