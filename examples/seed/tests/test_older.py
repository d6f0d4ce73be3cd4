"""The programs of the older page: each on a real socket, and each warned of what it uses."""

import asyncio
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.fernet import Fernet
from websockets.asyncio.client import connect

from muntin import web
from muntin.web.testing import TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = [pytest.mark.anyio, pytest.mark.row("CF-17")]

FOLDER = Path(__file__).parents[1] / "older"


class Browser(httpx.AsyncClient):
    """A client of one server."""

    def __init__(self, server: TestServer) -> None:
        super().__init__(base_url=str(server.make_url("/")), timeout=PATIENCE, trust_env=False)


def url_of(server: TestServer) -> str:
    return f"ws://127.0.0.1:{server.port}/"


async def converse(server: TestServer, raw: bytes) -> bytes:
    """Send bytes, end our side, and return all that comes back."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(raw)
    writer.write_eof()
    response = await reader.read()
    writer.close()
    return response


def test_every_program_has_a_test() -> None:
    text = Path(__file__).read_text()
    missing = [path.stem for path in FOLDER.glob("*.py") if not re.search(rf"\b{path.stem}\b", text)]
    assert missing == []


@pytest.mark.row("HC-06", "RT-01")
async def test_hello(older: Any) -> None:
    async with TestServer(older("hello").app) as server, Browser(server) as client:
        response = await client.get("/")
    assert (response.content, response.headers["content-type"]) == (
        b"Good morning",
        "application/octet-stream",
    )
    assert older.caught == []


@pytest.mark.row("RN-01", "RN-02")
def test_hello_as_a_program(start: Any) -> None:
    program = start("older", "hello.py")
    assert httpx.get(program.read_url(), trust_env=False, timeout=None).content == b"Good morning"
    assert program.stop()[0] == 0


@pytest.mark.row("CF-07", "RN-14", "RN-15")
def test_command_line(start: Any) -> None:
    command = "-m muntin.web -n 127.0.0.1 -p 0 command_line.make_app --name Ada"
    program = start("older", *command.split(), any_port=False)
    assert httpx.get(program.read_url(), trust_env=False, timeout=None).text == "Hello, Ada"
    code, output = program.stop()
    assert (code, output) == (0, "Stopped\n")


@pytest.mark.row("CF-08", "RT-21", "RT-03", "HC-08", "HC-01")
async def test_handlers(older: Any) -> None:
    async with TestServer(older("handlers").app) as server, Browser(server) as client:
        responses = [
            await client.request(*asked)
            for asked in (
                ("GET", "/"),
                ("POST", "/notes"),
                ("PUT", "/notes"),
                ("PURGE", "/any"),
                ("GET", "/notes"),
            )
        ]
    assert [(response.status_code, response.text) for response in responses[:4]] == [
        (200, ""),
        (201, "added"),
        (200, "replaced"),
        (200, "PURGE"),
    ]
    assert (responses[4].status_code, responses[4].headers["allow"]) == (405, "POST,PUT")
    assert older.heard("async def")


@pytest.mark.row("RT-02", "RT-09", "RT-10", "RT-17", "RT-18", "RT-25")
async def test_resources(older: Any) -> None:
    module = older("resources")
    lines = module.describe(module.app.router)
    assert ["/notes/today" in lines[0], "/notes/yesterday" in lines[1], lines[2][:6]] == [
        True,
        True,
        "today:",
    ]
    async with TestServer(module.app) as server, Browser(server) as client:
        assert (await client.get("/notes/today")).text == "a note"
        assert (await client.put("/notes/today")).status_code == 204
        assert (await client.delete("/notes/today")).headers["allow"] == "GET,PUT"
        assert (await client.get("/notes/yesterday")).text == "a note"


@pytest.mark.row("DE-01", "RT-11", "RT-12", "RT-13", "RT-24")
async def test_variable_paths(older: Any) -> None:
    async with TestServer(older("variable_paths").app) as server, Browser(server) as client:
        assert (await client.get("/Ada")).text == "Hello, Ada"
        assert (await client.get("/orders/12")).text == "order 12"
        assert (await client.get("/orders/x")).status_code == 404
    assert older.heard("router.add_resource()")


@pytest.mark.row("CF-05", "RT-14", "RT-15", "DE-02")
async def test_named_urls(older: Any) -> None:
    async with TestServer(older("named_urls").app) as server, Browser(server) as client:
        urls = (await client.get("/")).text.split()
        assert urls == ["/search?q=tea&page=2", "/ada_l/profile?tab=notes"]
        assert [(await client.get(url)).text for url in urls] == urls
    assert older.heard("url_for")
    assert older.heard("named_resources()")


@pytest.mark.row("RT-20")
async def test_handler_class(older: Any) -> None:
    async with TestServer(older("handler_class").app) as server, Browser(server) as client:
        texts = [(await client.get(path)).text for path in ("/", "/greet", "/greet/Ada")]
    assert texts == [
        "Please ring the bell",
        "Welcome, stranger. Guests so far: 1",
        "Welcome, Ada. Guests so far: 2",
    ]


@pytest.mark.row("RT-22", "RT-23")
async def test_views(older: Any) -> None:
    async with TestServer(older("views").make_app()) as server, Browser(server) as client:
        assert (await client.post("/list", content=b"milk")).status_code == 201
        assert (await client.get("/list")).text == "milk"
        refused = await client.delete("/list")
    assert (refused.status_code, refused.headers["allow"]) == (405, "GET,POST")


@pytest.mark.row("RT-27", "DE-07", "HC-03", "HC-04")
async def test_accept_chooser(older: Any) -> None:
    async with TestServer(older("accept_chooser").app) as server, Browser(server) as client:
        assert (await client.get("/", headers={"Accept": "application/json"})).json() == {"tea": "green"}
        assert (await client.get("/", headers={"Accept": "application/xml"})).text == "<tea>green</tea>"
        assert (await client.get("/", headers={"Accept": "text/html"})).status_code == 406


@pytest.mark.row("CF-08")
async def test_templates(older: Any) -> None:
    async with TestServer(older("templates").app) as server, Browser(server) as client:
        response = await client.get("/<Ada>")
    assert response.text == "<h1>Hello, &lt;Ada&gt;!</h1>"
    assert response.headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.row("DE-09", "CF-19", "MW-04")
async def test_sessions(older: Any) -> None:
    app = older("sessions").make_app(Fernet.generate_key())
    async with TestServer(app) as server, Browser(server) as client:
        assert (await client.get("/")).text == "welcome"
        assert (await client.get("/")).text.startswith("welcome back after")
        client.cookies.clear()
        assert (await client.get("/", headers={"Cookie": "SESSION=forged"})).text == "welcome"
    with pytest.raises(ValueError, match="32"):
        older("sessions").make_app(b"Sixteen byte key")
    assert older.heard("@web.middleware")


EXPECT = "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 2\r\nExpect: {}\r\n"


@pytest.mark.row("DE-06", "DE-07", "DE-20", "HC-05", "HC-24", "HC-28", "HC-29")
@pytest.mark.parametrize("page", ["older", "current"])
async def test_expect(request: pytest.FixtureRequest, page: str) -> None:
    app = request.getfixturevalue(page)("expect").app
    async with TestServer(app) as server:
        met = EXPECT.format("100-continue") + "Authorization: me\r\n\r\nhi"
        response = await converse(server, met.encode())
        assert response.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
        assert response.endswith(b"\r\n\r\n2 bytes")
        response = await converse(server, f"{EXPECT.format('100-continue')}\r\nhi".encode())
        assert response.startswith(b"HTTP/1.1 403 Forbidden\r\n")
        response = await converse(server, f"{EXPECT.format('tea')}\r\nhi".encode())
        assert response.startswith(b"HTTP/1.1 417 Expectation Failed\r\n")
        assert response.endswith(b"Cannot meet tea")
        response = await converse(
            server, EXPECT.format("100-continue").replace("1.1", "1.0").encode() + b"\r\nhi"
        )
        assert response.endswith(b"\r\n\r\n2 bytes")
        assert b"100 Continue" not in response


MULTIPART = "multipart/form-data; boundary=b"
EMPTY_INPUT = (
    b'--b\r\nContent-Disposition: form-data; name="song"; filename=""\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n\r\n--b--\r\n"
)


@pytest.mark.row("DE-08", "HC-09", "HC-19", "HC-20", "HC-21")
async def test_upload(older: Any) -> None:
    async with TestServer(older("upload").app) as server, Browser(server) as client:
        assert "multipart/form-data" in (await client.get("/")).text
        response = await client.post("/songs", files={"song": ('my"tune.mp3', b"la la la", "audio/mpeg")})
        empty = await client.post("/songs", content=EMPTY_INPUT, headers={"Content-Type": MULTIPART})
    assert (response.content, empty.content) == (b"la la la", b"")
    assert re.fullmatch(r'attachment; filename="my(%22)?tune\.mp3"', response.headers["content-disposition"])
    with pytest.raises(TypeError, match="must be a str"):
        web.Response(headers={"Content-Disposition": open})  # type: ignore[dict-item]


@pytest.mark.row("CF-01", "CF-02", "CF-03", "WS-02", "WS-03", "WS-05", "WS-06", "WS-13")
async def test_websocket(older: Any) -> None:
    async with TestServer(older("websocket").app) as server, connect(url_of(server), proxy=None) as client:
        await client.send("hello")
        assert await client.recv() == "You said: hello"
        await client.send("bye")
        assert [message async for message in client] == []
    assert client.close_code == 1000
    assert older.heard("message.type")
    assert older.heard("web.WSMsgType")


@pytest.mark.row("CF-21", "WS-11", "WS-12")
async def test_websocket_that_breaks_off(older: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with TestServer(older("websocket").app) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            b"GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
        )
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x81\x01x")  # without a mask
        assert (await reader.read())[2:4] == (1002).to_bytes(2, "big")
        writer.close()
    assert "broken off" in caplog.text


@pytest.mark.row("HC-37", "HC-38", "HC-39", "HC-40", "CF-09", "CF-22", "DE-07")
async def test_exceptions(older: Any) -> None:
    async with TestServer(older("exceptions").app) as server, Browser(server) as client:
        returned, raised = await client.get("/returned"), await client.get("/raised")
        refused, method = await client.get("/refused"), await client.get("/method")
        arrived = await client.get("/raised", follow_redirects=True)
    assert (returned.status_code, returned.text, returned.headers["location"]) == (
        302,
        raised.text,
        "/target",
    )
    assert (refused.reason_phrase, refused.text, refused.headers["x-hint"]) == (
        "Gone Fishing",
        "not here",
        "look elsewhere",
    )
    assert (method.status_code, method.headers["allow"]) == (405, "POST,PUT")
    assert arrived.text == "arrived"


@pytest.mark.row("CF-14", "WB-02", "HC-14")
async def test_shared_data(older: Any) -> None:
    async with TestServer(older("shared_data").app) as server, Browser(server) as client:
        assert [(await client.get("/")).text for _ in range(2)] == ["Hello, visitor 1", "Hello, visitor 2"]
    assert older.heard("'greeting' is no web.AppKey")
    assert older.heard("'visitor' is no web.RequestKey")


@pytest.mark.row("CF-04", "MW-04", "MW-08", "MW-09", "DE-19")
async def test_middlewares(older: Any) -> None:
    async with TestServer(older("middlewares").app) as server, Browser(server) as client:
        responses = [await client.get(path) for path in ("/", "/secret", "/nowhere")]
    assert [(response.status_code, response.text) for response in responses] == [
        (200, "hello"),
        (403, "403: Forbidden"),
        (404, "sorry, there is nothing here"),
    ]
    assert [each.lineno for each in older.caught if "factory" in str(each.message)] == [
        number
        for number, line in enumerate((FOLDER / "middlewares.py").read_text().splitlines(), 1)
        if "(app, handler)" in line
    ]


@pytest.mark.row("CF-18", "WB-07", "WB-12", "WB-30", "CF-01")
async def test_signals(older: Any) -> None:
    async with TestServer(older("signals").app) as server, Browser(server) as client:
        responses = [await client.get(path) for path in ("/", "/stream", "/nowhere")]
    assert [response.headers["x-served-by"] for response in responses] == ["us"] * 3
    assert responses[1].text == "one two three"


@pytest.mark.row("CF-13", "HC-30", "HC-31")
async def test_flow_control(older: Any) -> None:
    async with TestServer(older("flow_control").app) as server, Browser(server) as client:
        assert (await client.get("/")).text == "bulk " * 10_000 + "and the rest"


@pytest.mark.row("DE-04", "DE-05", "CF-11", "WS-21", "WS-22")
async def test_shutdown(older: Any) -> None:
    server = TestServer(older("shutdown").app, shutdown_timeout=30)
    async with server, connect(url_of(server), proxy=None) as client:
        await client.send("hello")
        assert await client.recv() == "hello"
        await server.close()
        assert [message async for message in client] == []
    assert (client.close_code, client.close_reason) == (1001, "Closing down")
    assert older.heard("close code 999")


FINALIZATION = """
import sys
sys.path.insert(0, ".")
import finalization
finalization.serve(finalization.app, "127.0.0.1", 0)
"""


@pytest.mark.row("CF-06", "CF-12", "RN-11", "RN-12", "DE-21")
def test_finalization(start: Any) -> None:
    program = start("older", "-c", FINALIZATION, any_port=False)
    port = re.search(r", (\d+)\)", program.read_until("serving on"))[1]  # type: ignore[index]
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=None) as client:
        assert client.get("/").text == "hello"
        # The connection is kept open by this client, and closed by the server's end. Without `run_app` an interrupt may
        # still meet the handler of the request, which is told in the log.
        assert program.stop(quietly=False) == (0, "ended\n")


async def test_cors(older: Any) -> None:
    async with TestServer(older("cors").app) as server, Browser(server) as client:
        friend = await client.get("/", headers={"Origin": "https://shop.example"})
        other = await client.get("/", headers={"Origin": "https://other.example"})
    assert friend.headers["access-control-allow-origin"] == "https://shop.example"
    assert "access-control-allow-origin" not in other.headers


@pytest.mark.row("DE-10", "DE-11", "CF-20")
async def test_debug(older: Any) -> None:
    async with TestServer(older("debug").app) as server, Browser(server) as client:
        plain = await client.get("/", headers={"Accept": "text/plain"})
        html = await client.get("/", headers={"Accept": "text/html"})
        missing = await client.get("/nowhere")
    assert "ZeroDivisionError" in plain.text
    assert plain.headers["content-type"].startswith("text/plain")
    assert html.headers["content-type"].startswith("text/html")
    assert missing.headers["content-type"] == "text/plain; charset=utf-8"


def test_the_warnings_can_be_errors() -> None:
    program = "import sys; sys.path.insert(0, '.'); import variable_paths"
    command = [sys.executable, "-W", "error::DeprecationWarning", "-c", program]
    ended = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ended.returncode == 1
    assert "is spelt router.add_resource() now" in ended.stderr
    assert json.dumps("variable_paths.py")[1:-1] in ended.stderr
