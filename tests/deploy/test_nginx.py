"""An application behind nginx, with the file of `examples/deploy`."""

import asyncio
import hashlib

import httpx
import pytest
from websockets.asyncio.client import connect

from muntin import web
from muntin.web.middlewares.proxies import trusted_proxies_middleware

pytestmark = [pytest.mark.anyio, pytest.mark.row("XP-12")]

MIB = 1 << 20
PATIENCE = 120.0


async def whoami(request):
    port = request.exchange.peer.address[1]
    said = {"remote": request.remote, "scheme": request.scheme, "host": request.host, "port": port}
    return web.json_response(said, headers={"X-Forwarded": request.headers.get("Forwarded", "none")})


async def upload(request):
    """Tell of each piece as it comes, and of the whole."""
    request.app[ARRIVED].set()
    digest, size = hashlib.sha256(), 0
    async for piece in request.content.iter_any():
        digest.update(piece)
        size += len(piece)
    return web.json_response({"size": size, "digest": digest.hexdigest()})


async def refuse(request):
    return web.Response(status=403, text="not you")


async def download(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for number in range(64):
        await response.write(bytes([number]) * (256 * 1024))
    await response.write_eof()
    return response


async def events(request):
    async with web.EventStream().open(request) as stream:
        await stream.send("first")
        await request.app[ARRIVED].wait()
        await stream.send("second")
    return stream


async def echo(request):
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(f"{request.remote}: {message.data}")
    return socket


ARRIVED = web.AppKey("ARRIVED", asyncio.Event)


@pytest.fixture
def app():
    app = web.Application(middlewares=[trusted_proxies_middleware(networks=["127.0.0.0/8"])])
    app[ARRIVED] = asyncio.Event()
    app.add_routes(
        [
            web.get("/whoami", whoami),
            web.post("/upload", upload),
            web.post("/refuse", refuse),
            web.get("/download", download),
            web.get("/events", events),
            web.get("/echo", echo),
        ]
    )
    return app


@pytest.fixture
async def port(app, nginx):
    async with nginx(app) as port:
        yield port


@pytest.fixture
async def client(port):
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", trust_env=False, timeout=PATIENCE
    ) as client:
        yield client


async def test_connections_to_the_application_are_kept(client):
    responses = [(await client.get("/whoami")).json() for _ in range(5)]
    assert len({response["port"] for response in responses}) == 1


@pytest.mark.row("MW-17")
async def test_who_asked_for_what_is_told(client, port):
    response = await client.get("/whoami")
    assert (
        response.json().items()
        >= {"remote": "127.0.0.1", "scheme": "http", "host": f"127.0.0.1:{port}"}.items()
    )


@pytest.mark.row("HI-48", "HC-42")
async def test_what_a_client_says_of_itself_is_not_believed(client):
    lies = {
        "X-Forwarded-For": "6.6.6.6",
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "evil.example",
        "Forwarded": "for=6.6.6.6;proto=https",
        "Host": "shop.example",
    }
    response = await client.get("/whoami", headers=lies)
    assert (
        response.json().items() >= {"remote": "127.0.0.1", "scheme": "http", "host": "shop.example"}.items()
    )
    assert response.headers["X-Forwarded"] == "none"


@pytest.mark.parametrize("is_chunked", [False, True])
async def test_a_large_upload(client, is_chunked):
    pieces = [bytes([number]) * MIB for number in range(24)]

    async def produce():
        for piece in pieces:
            yield piece

    content = produce() if is_chunked else b"".join(pieces)
    response = await client.post("/upload", content=content)
    whole = b"".join(pieces)
    assert response.json() == {"size": len(whole), "digest": hashlib.sha256(whole).hexdigest()}


async def test_an_upload_reaches_the_application_while_it_is_sent(client, app):
    async def produce():
        yield b"begin"
        # Only when the handler has begun: nginx does not keep the body to itself.
        await asyncio.wait_for(app[ARRIVED].wait(), PATIENCE)
        yield b"end"

    response = await client.post("/upload", content=produce())
    assert response.json()["size"] == len("beginend")


async def test_an_expectation_is_met(port):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /upload HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"hello")
    assert (await reader.readuntil(b"\r\n")).startswith(b"HTTP/1.1 200 ")
    writer.close()


async def test_a_body_that_nobody_reads(client):
    """The application responds and goes on: the client gets the response, and so does the next one."""
    for _ in range(3):
        assert (await client.post("/refuse", content=bytes(64 * 1024))).status_code == 403
        assert (await client.get("/whoami")).status_code == 200


async def test_a_long_download_in_chunks(client):
    async with client.stream("GET", "/download") as response:
        assert "Content-Length" not in response.headers
        size, last = 0, b""
        async for piece in response.aiter_raw():
            size, last = size + len(piece), piece
    assert size == 16 * MIB
    assert last[-1] == 63


async def test_events_are_not_held_back(client, app):
    async with client.stream("GET", "/events") as response:
        lines = response.aiter_lines()
        assert await anext(lines) == "data: first"
        app[ARRIVED].set()
        assert "data: second" in [line async for line in lines]


async def test_a_websocket(port):
    async with connect(f"ws://127.0.0.1:{port}/echo", proxy=None) as socket:
        for number in range(100):
            await socket.send(f"{number}")
            assert await socket.recv() == f"127.0.0.1: {number}"
        await socket.send("x" * 100_000)
        assert len(await socket.recv()) > 100_000
    assert socket.close_code == 1000
