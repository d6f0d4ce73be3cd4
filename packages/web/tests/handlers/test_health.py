"""Health: what is told of an application while it serves, and before it stops."""

import asyncio
import json
import signal
import sys
import urllib.error

import pytest

from muntin import web
from muntin.web.handlers.health import HEALTH, Health
from muntin.web.testing import TestClient, TestServer

PATIENCE = 120.0


@pytest.fixture
def healthy():
    """Return an application with a health of these checks."""

    def healthy(checks=None, **times):
        app = web.Application()
        Health(checks, **times).install(app)
        return app

    return healthy


@pytest.mark.anyio
async def test_what_is_told(healthy):
    async def passes(app):
        assert HEALTH in app

    async with TestClient(healthy({"database": passes})) as client:
        live, ready = await client.get("/livez"), await client.get("/readyz")
    assert (live.status, live.json()) == (200, {"status": "live"})
    assert (ready.status, ready.json()) == (200, {"status": "ready", "checks": {"database": "passed"}})
    assert ready.headers["Cache-Control"] == "no-store"


@pytest.mark.anyio
async def test_a_check_that_fails_or_hangs(healthy, caplog):
    async def passes(app):
        pass

    async def fails(app):
        raise LookupError("postgres://u:secret@h")

    async def hangs(app):
        await asyncio.Event().wait()

    app = healthy({"cache": passes, "database": fails, "queue": hangs}, patience=0.01)
    async with TestClient(app) as client:
        live, ready = await client.get("/livez"), await client.get("/readyz")
    assert live.status == 200
    assert ready.status == 503
    assert ready.json() == {
        "status": "failing",
        "checks": {"cache": "passed", "database": "failed", "queue": "failed"},
    }
    assert "secret" not in ready.text
    assert "the check database failed: LookupError" in caplog.text


@pytest.mark.anyio
async def test_it_listens_on_for_a_while():
    """What is asked at a new connection during the delay is answered; then nobody listens."""
    over = asyncio.Event()

    class Held(Health):
        async def drain(self):
            await super().drain()
            await over.wait()

    health, app = Held(), web.Application()
    health.install(app)
    server = TestServer(app)
    await server.start_server()
    ending = asyncio.create_task(server.close())
    await asyncio.sleep(0)
    assert health.is_draining
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    response = await asyncio.wait_for(reader.read(), PATIENCE)
    writer.close()
    assert response.startswith(b"HTTP/1.1 503 ")
    assert response.endswith(b'{"status": "draining"}')
    assert not ending.done()
    over.set()
    await ending
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", server.port)


@pytest.mark.parametrize("times", [{"delay": -1}, {"delay": float("inf")}, {"patience": 0}])
def test_times_that_are_none(times):
    with pytest.raises(ValueError, match="times in seconds"):
        Health(**times)


PROGRAM = """
    from muntin.web.handlers.health import Health

    async def cleanup(app):
        say("cleaned up")

    app = web.Application()
    Health(delay={delay}).install(app)
    app.add_routes([web.get("/", hello)])
    app.on_cleanup.append(cleanup)
    from muntin.runner.workers import Workers
    # Less time for the end than the delay, which is not part of it.
    workers = {workers} and Workers({workers}, cleanup_timeout=3)
    web.run_app(app, host="127.0.0.1", port={port}, shutdown_timeout=0.1, workers=workers)
    say("after")
"""


def ask(program, port):
    """Return the status that the program tells of itself."""
    try:
        return json.loads(program.fetch(port, "/readyz"))["status"]
    except urllib.error.HTTPError as error:
        with error:
            return json.loads(error.read())["status"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("workers", [None, 2])
def test_sigterm(start, free_port, workers):
    program = start(PROGRAM.format(delay=4, port=free_port, workers=workers))
    program.read_until("Serving on")
    assert ask(program, free_port) == "ready"
    program.send(signal.SIGTERM)
    while ask(program, free_port) != "draining":
        pass
    assert program.fetch(free_port) == "hello"
    code, output = program.end()
    assert code == 0
    assert output.splitlines() == ["cleaned up"] * (workers or 1) + ["after"]


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
def test_workers_that_are_replaced_do_not_drain(start, free_port):
    """The others serve, and whoever asks is not to send requests elsewhere."""
    program = start(PROGRAM.format(delay=600, port=free_port, workers=2))
    program.read_until("Serving on")
    program.send(signal.SIGHUP)
    for _ in range(2):
        program.read_until("cleaned up")
    assert ask(program, free_port) == "ready"


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("workers", [None, 1])
def test_a_second_sigterm_does_not_wait(start, free_port, workers):
    program = start(PROGRAM.format(delay=600, port=free_port, workers=workers))
    program.read_until("Serving on")
    program.send(signal.SIGTERM)
    while ask(program, free_port) != "draining":
        pass
    assert program.fetch(free_port) == "hello"
    code, output = program.stop()
    assert code == 0
    assert output.splitlines() == ["cleaned up", "after"]
