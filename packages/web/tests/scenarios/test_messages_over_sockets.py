"""Messages over real sockets, with clients that others have written."""

import asyncio
import gzip
import json
import logging
import os
import shutil
import socket
from collections.abc import AsyncIterator

import httpx
import pytest

from muntin.runner import TCPSite
from muntin.web.app.application import Application
from muntin.web.multipart._spool import Spool
from muntin.web.response.events import EventStream
from muntin.web.response.json import json_response
from muntin.web.response.stream import StreamResponse
from muntin.web.response.whole import Response
from muntin.web.serving.runners import AppRunner

pytestmark = pytest.mark.anyio

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

SEEN: list[object] = []
HELD_BACK: list[bool] = []


async def echo(request):
    return Response(body=await request.read())


async def upload(request):
    data = await request.post()
    files = {
        name: [field.filename, len(field.file.read())]
        for name, field in data.items()
        if hasattr(field, "file")
    }
    return json_response(dict(data) | files)


async def early(request):
    return Response(text="not read")


async def stream(request):
    response = StreamResponse()
    await response.prepare(request)
    for number in range(3):
        response.write(b"%d" % number)
    await response.write_eof()
    return response


async def corked(request):
    response = StreamResponse()
    response.set_tcp_cork(True)
    await response.prepare(request)
    sock = request.transport.get_extra_info("socket")
    options = []

    def note():
        nodelay = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
        cork = hasattr(socket, "TCP_CORK") and sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_CORK) != 0
        options.append([response.tcp_nodelay, response.tcp_cork, nodelay, cork])

    note()
    response.set_tcp_nodelay(True)
    note()
    response.set_tcp_nodelay(False)
    note()
    response.set_tcp_cork(True)
    response.set_tcp_cork(False)
    note()
    await response.write_eof(json.dumps(options).encode())
    return response


async def flood(request):
    response = StreamResponse()
    await response.prepare(request)
    try:
        while True:
            sending = asyncio.ensure_future(response.write(b"x" * 65536))
            await asyncio.sleep(0)
            if not sending.done():
                HELD_BACK.append(True)
            await sending
    except ConnectionResetError as error:
        SEEN.append(error)
        raise


async def events(request):
    events = EventStream(heartbeat=0.01)
    async with events.open(request):
        await events.send("hello")
        await asyncio.Event().wait()
    SEEN.append("left")
    return events


@pytest.fixture
async def base(anyio_backend) -> AsyncIterator[str]:
    SEEN.clear()
    HELD_BACK.clear()
    app = Application()
    app.router.add_post("/echo", echo)
    app.router.add_post("/upload", upload)
    app.router.add_post("/early", early)
    for handler in (stream, corked, flood, events):
        app.router.add_get(f"/{handler.__name__}", handler)
    runner = AppRunner(app, access_log=None)
    await runner.setup()
    site = TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def connect(base):
    host, port = base.removeprefix("http://").split(":")
    return await asyncio.open_connection(host, int(port))


async def until(condition):
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0)


async def curl(*arguments):
    found = shutil.which("curl")
    if found is None:
        pytest.skip("curl is not installed")
    process = await asyncio.create_subprocess_exec(
        found,
        "-sS",
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err
    return out


@pytest.mark.row("HC-15", "HC-20", "HC-22", "HC-49")
async def test_curl(base, tmp_path):
    file = tmp_path / "a.bin"
    file.write_bytes(b"y" * 300_000)
    assert json.loads(await curl("-F", "a=ü", "-F", f"f=@{file}", f"{base}/upload")) == {
        "a": "ü",
        "f": ["a.bin", 300_000],
    }
    out = await curl("-i", "-H", "Expect: 100-continue", "--data-binary", f"@{file}", f"{base}/echo")
    assert out.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert out.endswith(b"y" * 300_000)
    assert await curl("--http1.0", f"{base}/stream") == b"012"
    two = await curl("-v", f"{base}/stream", f"{base}/stream", "--stderr", "-")
    assert b"Re-using existing connection" in two


async def test_httpx(base):
    async with httpx.AsyncClient(timeout=None, base_url=base) as client:
        response = await client.post("/upload", data={"a": "1"}, files={"f": ("x", b"z" * 10)})
        assert response.json() == {"a": "1", "f": ["x", 10]}
        packed = gzip.compress(b"hello")
        response = await client.post("/echo", content=packed, headers={"Content-Encoding": "gzip"})
        assert response.content == b"hello"
        assert (await client.get("/stream")).text == "012"


async def test_aiohttp(base):
    aiohttp = pytest.importorskip("aiohttp")
    async with aiohttp.ClientSession(base) as client:
        form = aiohttp.FormData({"a": "1"})
        form.add_field("f", b"z" * 10, filename="z")
        async with client.post("/upload", data=form) as response:
            assert await response.json() == {"a": "1", "f": ["z", 10]}
        async with client.get("/stream") as response:
            assert [piece async for piece in response.content.iter_any()] != []


@pytest.mark.row("HC-45", "AH-32", "HI-27")
async def test_after_413_the_connection_is_sane(base):
    async with httpx.AsyncClient(timeout=None, base_url=base) as client:
        for size in ((1 << 20) + 1, 5 << 20):
            response = await client.post("/echo", content=b"x" * size)
            assert response.status_code == 413
            assert (await client.post("/echo", content=b"ok")).content == b"ok"
        bomb = gzip.compress(b"\0" * (50 << 20))
        assert (
            await client.post("/early", content=bomb, headers={"Content-Encoding": "gzip"})
        ).text == "not read"
        assert (await client.post("/echo", content=b"ok")).content == b"ok"


@pytest.mark.row("HC-30", "HC-31", "HC-32", "CF-13")
async def test_packets(base):
    async with httpx.AsyncClient(timeout=None, base_url=base) as client:
        options = (await client.get("/corked")).json()
        can_cork = hasattr(socket, "TCP_CORK")
        assert options == [
            [False, True, False, can_cork],
            [True, False, True, False],
            [False, False, False, False],
            [False, False, False, False],
        ]
        assert (await client.get("/stream")).text == "012"
    assert (StreamResponse().tcp_nodelay, StreamResponse().tcp_cork) == (True, False)
    assert (Response().tcp_nodelay, Response().tcp_cork) == (False, True)


@pytest.mark.row("HC-17", "HC-18")
async def test_a_client_that_goes_away_is_no_error_of_the_server(base, caplog):
    reader, writer = await connect(base)
    writer.write(b"GET /flood HTTP/1.1\r\nHost: h\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.abort()
    await until(lambda: SEEN)
    assert isinstance(SEEN[0], ConnectionResetError)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.row("HC-50", "HI-25")
async def test_a_client_that_does_not_read_stops_the_writer(base):
    reader, writer = await connect(base)
    writer.write(b"GET /flood HTTP/1.1\r\nHost: h\r\n\r\n")
    await reader.readuntil(b"\r\n\r\n")
    writer.transport.pause_reading()
    await until(lambda: HELD_BACK)
    assert not SEEN
    writer.transport.abort()
    await until(lambda: SEEN)


@pytest.mark.row("HC-16", "HI-46", "AH-40")
async def test_aborted_clients_leave_nothing(base, caplog):
    _, first = await connect(base)  # with which libuv opens what it keeps in reserve
    first.transport.abort()
    await asyncio.sleep(0)
    before, tasks = len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks())
    head = (
        b"POST /upload HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n"
        b"Content-Type: multipart/form-data; boundary=B\r\n\r\n"
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * 70_000
    )

    async def abort():
        _, writer = await connect(base)
        writer.write(head)
        await writer.drain()
        writer.transport.abort()

    for _ in range(20):
        await asyncio.gather(*(abort() for _ in range(25)))
    await until(lambda: len(asyncio.all_tasks()) <= tasks)
    await until(lambda: len(os.listdir("/proc/self/fd")) <= before)
    assert Spool._open_spools == 0
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.row("HI-46")
async def test_an_event_stream_ends_with_its_client(base):
    reader, writer = await connect(base)
    writer.write(b"GET /events HTTP/1.1\r\nHost: h\r\n\r\n")
    await reader.readuntil(b"data: hello\n\n")
    await reader.readuntil(b": \n\n")
    writer.close()
    await until(lambda: SEEN == ["left"])


WITHOUT_CORK = """
import socket, sys
for name in ("TCP_CORK", "TCP_NOPUSH"):
    if hasattr(socket, name):
        delattr(socket, name)
from muntin import web

async def ask(request):
    response = web.StreamResponse()
    response.set_tcp_cork(True)
    await response.prepare(request)
    nodelay = request.transport.get_extra_info("socket").getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    await response.write(f"{response.tcp_cork} {bool(nodelay)}".encode())
    return response

app = web.Application()
app.router.add_get("/", ask)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]))
"""


@pytest.mark.row("HC-32")
def test_a_system_without_cork_has_nagles_algorithm_in_its_place(start, free_port):
    program = start("", "-c", WITHOUT_CORK, str(free_port))
    program.read_until("http://")
    assert program.fetch(free_port) == "True False"
    assert program.stop() == (0, "")
