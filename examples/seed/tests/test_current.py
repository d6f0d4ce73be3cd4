"""The programs of the current page, each on a real socket; no warning is heard."""

import asyncio
import os
import re
import signal
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import zmq
import zmq.asyncio
from websockets.asyncio.client import connect

from muntin import web
from muntin.web.testing import TestServer

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parents[1] / "current"
PATIENCE = 120.0


class Browser(httpx.AsyncClient):
    """A client of one server."""

    def __init__(self, server: TestServer) -> None:
        super().__init__(base_url=str(server.make_url("/")), timeout=PATIENCE, trust_env=False)


def url_of(server: TestServer, path: str = "/") -> str:
    return f"ws://127.0.0.1:{server.port}{path}"


async def begin_post(server: TestServer, path: str, missing: int) -> asyncio.StreamWriter:
    """Send a request whose body lacks some bytes."""
    _, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(f"POST {path} HTTP/1.1\r\nHost: a\r\nContent-Length: {2 + missing}\r\n\r\nhi".encode())
    await writer.drain()
    return writer


async def go_away(writer: asyncio.StreamWriter) -> None:
    """Break a connection off."""
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()
    writer.close()


async def until(found: Any) -> None:
    """Wait until something is true."""
    async with asyncio.timeout(PATIENCE):
        while not found():
            await asyncio.sleep(0)


def test_every_program_has_a_test() -> None:
    text = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    missing = [path.stem for path in FOLDER.glob("*.py") if not re.search(rf"\b{path.stem}\b", text)]
    assert missing == []


@pytest.mark.row("HC-33", "RT-29", "RT-30")
async def test_unicode_paths(current: Any) -> None:
    async with TestServer(current("unicode_paths").app) as server, Browser(server) as client:
        responses = [
            await client.get(path) for path in ("/чай", "/%d1%87%d0%b0%d0%b9", "/зая", "/зд", "/foo")
        ]
    assert [response.text for response in responses[:3]] == ["/чай", "/чай", "/зая"]
    assert [response.status_code for response in responses[3:]] == [404, 404]


@pytest.mark.row("HC-15", "HC-16", "HC-18")
async def test_disconnection(current: Any, caplog: pytest.LogCaptureFixture) -> None:
    module = current("disconnection")
    app = module.make_app()
    async with TestServer(app) as server, Browser(server) as client:
        assert (await client.post("/", content="чай".encode())).text == "3 characters"
        await go_away(await begin_post(server, "/", missing=8))
        await until(lambda: app[module.INTERRUPTED])
    assert app[module.INTERRUPTED] == ["ConnectionResetError"]
    assert caplog.records == []


@pytest.mark.row("RN-05", "RN-06", "CF-15")
async def test_cancellation(current: Any) -> None:
    module = current("cancellation")
    app = module.make_app()
    async with TestServer(app, handler_cancellation=True) as server, Browser(server) as client:
        assert (await client.post("/orders")).text == "ordered"
        writer = await begin_post(server, "/orders", missing=0)
        await until(lambda: len(app[module.LEDGER]) == 3)
        await go_away(writer)
        await until(lambda: len(app[module.LEDGER]) == 4)
    assert app[module.LEDGER] == ["order", "invoice"] * 2


@pytest.mark.row("RN-23", "RN-26")
async def test_background_jobs(current: Any) -> None:
    module = current("background_jobs")
    app = module.make_app()
    async with TestServer(app) as server, Browser(server) as client:
        assert (await client.post("/welcome", content=b"ada@example.org")).status_code == 202
        assert (await client.post("/pay")).text == "paid"
        assert (await client.get("/search")).text == "found nothing"
    assert app[module.SENT] == ["ada@example.org", "receipts@example.org"]


@pytest.mark.row("HC-46")
async def test_parallel(current: Any) -> None:
    async with TestServer(current("parallel").app) as server, Browser(server) as client:
        assert (await client.get("/")).text == "Monday: sunny"


@pytest.mark.row("RN-03", "DE-23")
def test_app_factory(current: Any, start: Any) -> None:
    assert asyncio.iscoroutinefunction(current("app_factory").make_app)
    program = start("current", "app_factory.py")
    assert httpx.get(program.read_url(), trust_env=False, timeout=None).text == "Hello from the factory"
    assert program.stop()[0] == 0


@pytest.mark.row("RT-27", "DE-07")
async def test_accept_chooser(current: Any) -> None:
    async with TestServer(current("accept_chooser").app) as server, Browser(server) as client:
        assert (await client.get("/", headers={"Accept": "application/json"})).json() == {"tea": "green"}
        assert (await client.get("/", headers={"Accept": "application/xml"})).text == "<tea>green</tea>"
        assert (await client.get("/", headers={"Accept": "text/html"})).status_code == 406


@pytest.mark.row("ST-01", "ST-02", "ST-03", "ST-04", "ST-05", "ST-06", "ST-07", "ST-08", "ST-09", "ST-12")
async def test_static_files(current: Any, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (folder / "a.txt").write_text("hello")
    (tmp_path / "outside.txt").write_text("secret")
    (folder / "out.txt").symlink_to(tmp_path / "outside.txt")
    (folder / "in.txt").symlink_to(folder / "a.txt")
    async with TestServer(current("static_files").make_app(folder)) as server, Browser(server) as client:
        paths = ["plain/a.txt", "plain/in.txt", "plain/out.txt", "linked/out.txt", "plain/", "plain/none"]
        statuses = [(await client.get(f"/{path}")).status_code for path in paths]
        assert statuses == [200, 200, 404, 200, 403, 404]
        assert "a.txt" in (await client.get("/listed/")).text
        url = (await client.get("/url/a.txt")).text
        assert re.fullmatch(r"/versioned/a\.txt\?v=.+", url)
        assert (await client.get(url)).text == "hello"


@pytest.mark.row("RT-07", "RT-08")
async def test_templates(current: Any) -> None:
    async with TestServer(current("templates").app) as server, Browser(server) as client:
        response = await client.get("/<Ada>")
    assert response.text == "<h1>Hello, &lt;Ada&gt;!</h1>"


@pytest.mark.row("WS-04", "WS-07", "WS-14", "WS-16", "DE-22")
async def test_websocket_tasks(current: Any) -> None:
    async with (
        TestServer(current("websocket_tasks").app) as server,
        connect(url_of(server), proxy=None) as client,
    ):
        assert await client.recv() == "tick 1"
        await client.send("you")
        while (message := await client.recv()) != "heard you":
            assert message.startswith("tick ")  # type: ignore[arg-type]
    assert client.close_code == 1000


@pytest.mark.row("WS-19", "WS-24")
async def test_a_websocket_without_an_upgrade_is_refused(current: Any) -> None:
    async with TestServer(current("websocket_tasks").app) as server, Browser(server) as client:
        assert (await client.get("/")).status_code == 400


@pytest.mark.row("WB-03", "WB-05", "HC-13", "HC-14", "DE-16", "CF-14")
async def test_shared_data(current: Any) -> None:
    async with TestServer(current("shared_data").app) as server, Browser(server) as client:
        responses = [await client.get(path) for path in ("/", "/admin/")]
    assert [response.text for response in responses] == ["Shop blue ada", "Shop red ada"]
    assert [response.headers["x-cost"] for response in responses] == ["3", "3"]


@pytest.mark.row("RN-18", "RN-19")
def test_context_variables(current: Any, start: Any) -> None:
    assert current("context_variables").STAGE.get() == "begin"
    program = start("current", "context_variables.py")
    said = program.read_until("making") + program.read_until("start")
    url = program.read_url()
    texts = [httpx.get(url, trust_env=False, timeout=None).text for _ in range(2)]
    code, output = program.stop()
    assert texts == ["started, then request"] * 2
    assert (code, said + output) == (
        0,
        "making sees begin\nstart sees made\nclean-up sees started\nthe program sees begin\n",
    )


@pytest.mark.row("MW-02", "MW-03", "MW-11", "MW-13", "MW-14", "HC-12")
async def test_middlewares(current: Any) -> None:
    module = current("middlewares")
    async with TestServer(module.app) as server, Browser(server) as client:
        assert (await client.get("/")).text == "HELLO!"
    with pytest.raises(TypeError, match="call it"):
        web.Application(middlewares=[module.append])


@pytest.mark.row("MW-01", "MW-06")
async def test_middleware_order(current: Any, capsys: pytest.CaptureFixture[str]) -> None:
    async with TestServer(current("middleware_order").app) as server, Browser(server) as client:
        await client.get("/")
    assert capsys.readouterr().out.splitlines() == [
        "outer begins",
        "inner begins",
        "handler",
        "inner ends",
        "outer ends",
    ]


@pytest.mark.row("MW-09", "MW-10", "MW-16", "HC-41", "DE-12", "CF-20")
async def test_error_pages(current: Any) -> None:
    async with TestServer(current("error_pages").app) as server, Browser(server) as client:
        responses = [await client.get(path) for path in ("/nowhere", "/returned", "/failed")]
    assert [(response.status_code, response.json()["error"]) for response in responses] == [
        (404, "Not Found"),
        (404, "Not Found"),
        (500, "Internal Server Error"),
    ]


@pytest.mark.row("WB-07", "WB-08", "HC-47")
async def test_signals(current: Any) -> None:
    async with TestServer(current("signals").app) as server, Browser(server) as client:
        lengths = [(await client.get(path)).headers["x-length"] for path in ("/", "/stream")]
    assert lengths == ["5", "unknown"]


@pytest.mark.row("XP-14", "WB-10", "WB-15", "DE-13", "DE-14")
async def test_databases(current: Any, postgresql: str) -> None:
    for module in (current("database"), current("database_signals")):
        app = module.make_app(postgresql)
        async with TestServer(app) as server, Browser(server) as client:
            assert (await client.get("/")).text == "42"
            assert app[module.ENGINE].pool.checkedin() == 1
        assert app[module.ENGINE].pool.checkedin() == 0


@pytest.mark.row("WB-20", "WB-24", "WB-25", "RT-16")
async def test_nested(current: Any) -> None:
    async with TestServer(current("nested").app) as server, Browser(server) as client:
        url = (await client.get("/")).text
        assert (url, (await client.get(url)).text) == ("/admin/users/ada", "user ada")


@pytest.mark.row("RT-28")
async def test_custom_resource(current: Any) -> None:
    async with TestServer(current("custom_resource").app) as server, Browser(server) as client:
        assert (await client.get("/menu")).text == "today's menu"
        assert (await client.get("/menu", headers={"Cookie": "preview=1"})).text == "preview of /menu"
        assert (await client.post("/menu")).status_code == 405


@pytest.mark.row("RN-08", "RN-09", "RN-10", "RN-21")
async def test_runners(current: Any, capsys: pytest.CaptureFixture[str]) -> None:
    main = asyncio.create_task(current("runners").main((0, 0)))
    said = ""
    while said.count("\n") < 2:
        await asyncio.sleep(0)
        said += capsys.readouterr().out
    urls = re.findall(r"http://\S+", said)
    async with httpx.AsyncClient(timeout=None, trust_env=False) as client:
        assert [(await client.get(url)).text for url in urls] == ["hello", "hello"]
        main.cancel()
        with pytest.raises(asyncio.CancelledError):
            await main
        with pytest.raises(httpx.ConnectError):
            await client.get(urls[0])


@pytest.mark.row("WS-10", "WS-17", "WS-21", "WS-22", "DE-17", "CF-11")
async def test_shutdown(current: Any) -> None:
    server = TestServer(current("shutdown").make_app(), shutdown_timeout=PATIENCE)
    async with server, connect(url_of(server), proxy=None) as client:
        await client.send("hello")
        assert await client.recv() == "hello"
        await server.close()
        assert [message async for message in client] == []
    assert (client.close_code, client.close_reason) == (1001, "Closing down")


@pytest.mark.row("RN-24")
async def test_timeouts(current: Any) -> None:
    async with TestServer(current("timeouts").app) as server, Browser(server) as client:
        assert (await client.get("/")).text == "hello"


@pytest.mark.row("XP-13", "RN-26", "DE-15", "DE-22")
async def test_redis_listener(current: Any, redis: Any) -> None:
    module = current("redis_listener")
    server, client = TestServer(module.make_app(redis.url)), module.Redis.from_url(redis.url)
    async with server, client, connect(url_of(server, "/news"), proxy=None) as socket:
        async with asyncio.timeout(PATIENCE):
            while not await client.publish("news", "hello"):
                await asyncio.sleep(0)
            assert await socket.recv() == "hello"


@pytest.mark.row("XP-15", "RN-26", "WS-16")
async def test_zeromq_listener(current: Any) -> None:
    with zmq.asyncio.Context() as context, context.socket(zmq.XPUB) as publisher:
        port = publisher.bind_to_random_port("tcp://127.0.0.1")
        module = current("zeromq_listener")
        server = TestServer(module.make_app(f"tcp://127.0.0.1:{port}"))
        async with server, asyncio.timeout(PATIENCE):
            assert await publisher.recv() == b"\x01news", (
                "somebody subscribes, so nothing is lost from here on"
            )
            async with (
                connect(url_of(server, "/news"), proxy=None) as one,
                connect(url_of(server, "/news"), proxy=None) as other,
            ):
                for topic, text in ((b"weather", b"rain"), (b"news", "привет".encode())):
                    await publisher.send_multipart([topic, text])
                assert [await one.recv(), await other.recv()] == ["привет"] * 2
        assert [task for task in asyncio.all_tasks() if "pass_on" in repr(task.get_coro())] == []


@pytest.mark.row("RN-26")
async def test_other_task(current: Any) -> None:
    module = current("other_task")
    app = module.make_app()
    async with TestServer(app) as server, Browser(server) as client:
        await until(lambda: len(app[module.BEATS]) > 2)
        assert (await client.get("/")).json()["beats"] > 2
    assert [task for task in asyncio.all_tasks() if "beat" in repr(task.get_coro())] == []


@pytest.mark.row("RN-28")
async def test_what_another_task_raises_comes_out_at_the_end(current: Any) -> None:
    async def fail(beats: list[int]) -> None:
        beats.append(1 // 0)

    module = current("other_task")
    module.beat = fail
    with pytest.raises(ZeroDivisionError):
        async with TestServer(module.make_app()) as server, Browser(server) as client:
            assert (await client.get("/")).json() == {"beats": 0}


@pytest.mark.row("RN-27", "XP-16")
async def test_process(current: Any) -> None:
    async with TestServer(current("process").make_app()) as server, Browser(server) as client:
        pid = (await client.get("/")).json()["pid"]
        os.kill(pid, 0)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


@pytest.mark.row("MW-17", "HC-42", "HC-43", "HC-44")
async def test_behind_a_proxy(current: Any) -> None:
    module = current("behind_a_proxy")
    told = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7", "X-Forwarded-Proto": "https"}
    for app in (module.app, module.same):
        async with TestServer(app) as server, Browser(server) as client:
            assert (await client.get("/")).json() == {"remote": "127.0.0.1", "scheme": "http"}
            assert (await client.get("/", headers=told)).json() == {
                "remote": "203.0.113.7",
                "scheme": "https",
            }


async def test_cors(current: Any) -> None:
    asking = {
        "Origin": "https://shop.example",
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "X-Basket",
    }
    async with TestServer(current("cors").app) as server, Browser(server) as client:
        response = await client.options("/", headers=asking)
    assert (response.status_code, response.headers["access-control-allow-origin"]) == (
        204,
        "https://shop.example",
    )


@pytest.mark.row("DE-11")
async def test_debug(current: Any) -> None:
    async with TestServer(current("debug").app) as server, Browser(server) as client:
        assert "ZeroDivisionError" in (await client.get("/")).text


@pytest.mark.row("RN-02", "RN-20")
def test_a_program_ends_in_order_by_either_signal(start: Any) -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        program = start("current", "cancellation.py")
        assert httpx.post(f"{program.read_url()}/orders", trust_env=False, timeout=None).text == "ordered"
        assert program.stop(number)[0] == 0
