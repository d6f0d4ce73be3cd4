import asyncio
import logging

import pytest

from muntin.websocket import HandshakeError, WSCloseCode, WSMsgType
from muntin.websocket.aio import Server, connect, serve

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


async def echo(socket, request):
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)


async def exchange(port, data):
    """Send bytes to the server, and give all that it answers."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(data)
        async with asyncio.timeout(PATIENCE):
            return await reader.read()
    finally:
        writer.close()


async def test_echo():
    async with await serve(echo, "127.0.0.1", 0) as server:
        async with await connect(f"ws://127.0.0.1:{server.port}/") as socket:
            for message in ("x", "é" * 200, "y" * 300_000):
                await socket.send_str(message)
                assert await socket.receive_str() == message
            await socket.send_bytes(b"\xff")
            assert await socket.receive_bytes() == b"\xff"
            assert socket.is_compressed
        assert socket.close_code == 1000


async def test_what_is_asked_for_and_agreed_on():
    seen = []

    async def handler(socket, request):
        seen.append((request.method, request.target, dict(request.fields)["X-Token"], socket.subprotocol))

    async with await serve(handler, "127.0.0.1", 0, subprotocols=["chat"], deflate=None) as server:
        url = f"ws://127.0.0.1:{server.port}/room?id=7"
        socket = await connect(url, fields=[("X-Token", "t")], subprotocols=["other", "chat"])
        assert socket.subprotocol == "chat"
        assert not socket.is_compressed
        assert (await socket.receive()).data == 1000
        await socket.close()
    assert seen == [("GET", "/room?id=7", "t", "chat")]


@pytest.mark.row("HI-43", "HI-45", "WS-24")
async def test_what_is_no_handshake_is_refused():
    async with await serve(echo, "127.0.0.1", 0, origins=["https://a.example"]) as server:
        for request, status in (
            (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"400 Bad Request"),
            (b"nonsense\r\n\r\n", b"400 Bad Request"),
            (b"GET / HTTP/1.1\r\n" + b"A: " + b"b" * 70000 + b"\r\n\r\n", b"400 Bad Request"),
        ):
            assert (await exchange(server.port, request)).startswith(b"HTTP/1.1 " + status)
        with pytest.raises(HandshakeError, match="403"):
            await connect(f"ws://127.0.0.1:{server.port}/", fields=[("Origin", "https://evil.example")])
        with pytest.raises(HandshakeError, match="400"):
            await connect(f"ws://127.0.0.1:{server.port}/", fields=[("Sec-WebSocket-Version", "8")])


async def test_who_asks_for_nothing_is_cut_off():
    async with await serve(echo, "127.0.0.1", 0, open_timeout=0) as server:
        try:
            answer = await exchange(server.port, b"GET / HT")
        except ConnectionResetError:
            answer = b""
        assert answer == b""


@pytest.mark.row("WS-22")
async def test_the_server_goes_away():
    server = await serve(echo, "127.0.0.1", 0)
    sockets = [await connect(f"ws://127.0.0.1:{server.port}/") for _ in range(3)]
    await sockets[0].send_str("x")
    await sockets[0].receive()
    async with asyncio.timeout(PATIENCE):
        await server.close(message="closing time")
    for socket in sockets:
        message = await socket.receive()
        assert (message.type, message.data, message.extra) == (WSMsgType.CLOSE, 1001, "closing time")
        await socket.close()
    assert not server.sockets


async def test_the_server_goes_away_before_a_handshake_is_complete():
    server = await serve(echo, "127.0.0.1", 0, open_timeout=3600)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(b"GET / HT")
    async with await connect(f"ws://127.0.0.1:{server.port}/"):
        async with asyncio.timeout(PATIENCE):
            await server.close()
    try:
        assert await reader.read() == b""
    except ConnectionResetError:
        pass  # as good
    finally:
        writer.close()


async def test_a_handler_that_fails(caplog):
    async def handler(socket, request):
        await socket.receive()
        raise LookupError("a bug")

    async with await serve(handler, "127.0.0.1", 0) as server:
        socket = await connect(f"ws://127.0.0.1:{server.port}/")
        await socket.send_str("go")
        assert (await socket.receive()).data == WSCloseCode.INTERNAL_ERROR
        await socket.close()
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.name == "muntin.websocket"
    assert "a bug" in record.exc_text


async def test_a_peer_that_vanishes_is_no_failure_of_the_handler(caplog):
    ended = asyncio.Event()

    async def handler(socket, request):
        try:
            while True:
                await socket.send_bytes(bytes(100_000))
        finally:
            ended.set()

    async with await serve(handler, "127.0.0.1", 0) as server:
        socket = await connect(f"ws://127.0.0.1:{server.port}/", deflate=None)
        await socket.receive()
        socket.abort()
        async with asyncio.timeout(PATIENCE):
            await ended.wait()
    assert not caplog.records


@pytest.mark.row("WS-18")
async def test_a_cancelled_handler_says_goodbye():
    tasks = []

    async def handler(socket, request):
        tasks.append(asyncio.current_task())
        await socket.receive()

    async with await serve(handler, "127.0.0.1", 0) as server:
        socket = await connect(f"ws://127.0.0.1:{server.port}/")
        while not tasks:
            await asyncio.sleep(0)
        tasks[0].cancel()
        assert (await socket.receive()).type is WSMsgType.CLOSE
        await socket.close()


@pytest.mark.row("HI-45")
@pytest.mark.parametrize(
    "options", [{"origins": "https://a.example"}, {"subprotocols": "chat"}, {"subprotocols": ["a b"]}]
)
async def test_names_are_checked_before_it_listens(options):
    with pytest.raises(ValueError, match=r"collection of|not a token"):
        await serve(echo, "127.0.0.1", 0, **options)


async def test_a_server_that_does_not_listen():
    server = Server(echo, subprotocols=(), deflate=None, origins=None, engine={}, options={}, open_timeout=1)
    with pytest.raises(RuntimeError, match="does not listen"):
        server.port  # noqa: B018
    await server.close()
