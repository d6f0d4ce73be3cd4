import asyncio
from contextlib import asynccontextmanager

import pytest

from muntin.websocket import HandshakeError
from muntin.websocket.aio import connect

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("url", ["http://x/", "ws:///path", "x", "ws://x/#fragment", "ws://x:99999/"])
async def test_what_is_no_url(url):
    with pytest.raises(ValueError, match=r"is not the URL|Port out of range"):
        await connect(url)


async def test_no_field_is_smuggled_in():
    with pytest.raises(ValueError, match="line break"):
        await connect("ws://127.0.0.1:1/", fields=[("A", "b\r\nC: d")])


@asynccontextmanager
async def answering(data, *, hang_up=True):
    """Run a server that answers everybody with the same bytes; give its URL."""
    handlers = set()

    async def handle(reader, writer):
        handlers.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        if not hang_up:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"ws://{host}:{port}"
    await asyncio.gather(*handlers)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no answer from the server"),
        (b"HTTP/1.1 101 x\r\nA: " + b"a" * 70000, "no answer from the server"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "our key"),
    ],
)
async def test_a_server_that_does_not_agree(data, reason):
    async with answering(data) as url:
        with pytest.raises(HandshakeError, match=reason):
            await connect(url)


async def test_a_server_that_says_nothing():
    async with answering(b"", hang_up=False) as url:
        with pytest.raises(TimeoutError):
            await connect(url, open_timeout=0.05)


async def test_nobody_there():
    async with answering(b"") as url:
        pass
    with pytest.raises(OSError, match="Connect"):
        await connect(url)
