import asyncio
import logging

import pytest

from muntin.websocket import HandshakeError, WSCloseCode, WSMsgType
from muntin.websocket.aio import WebSocketServer, connect, serve

# Seconds after which a test hangs, however busy the machine is
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


async def echo(socket, request):
    async for message in socket:
        if message.type is WSMsgType.TEXT:
            await socket.send_str(message.data)
        elif message.type is WSMsgType.BINARY:
            await socket.send_bytes(message.data)


HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


async def exchange(port, data):
    """Send bytes to the server, and return its whole response."""
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
            (b"GET nonsense\r\n\r\n", b"400 Bad Request"),
            (HANDSHAKE.replace(b"Host: x\r\n", b""), b"400 Bad Request"),
            (HANDSHAKE.replace(b"GET / ", b"GET x "), b"400 Bad Request"),
            (HANDSHAKE.replace(b"13", b"8"), b"426 Upgrade Required"),
            (HANDSHAKE.replace(b"\r\n\r\n", b"\r\nContent-Length: 2\r\n\r\nab"), b"400 Bad Request"),
            (HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/1.0"), b"400 Bad Request"),
            (HANDSHAKE.replace(b"HTTP/1.1", b"HTTP/3.0"), b"505 HTTP Version Not Supported"),
            (b"GET / HTTP/1.1\r\n" + b"A: " + b"b" * 70000 + b"\r\n\r\n", b"431 Request Header Fields"),
        ):
            response = await exchange(server.port, request)
            assert response.startswith(b"HTTP/1.1 " + status)
            assert b"\r\nConnection: close\r\n" in response
            # RFC 9110 §9.3.2: the response to HEAD is that to GET, without the content.
            response = await exchange(server.port, request.replace(b"GET", b"HEAD", 1))
            assert response.endswith(b"\r\n\r\n")
        with pytest.raises(HandshakeError, match="403"):
            await connect(f"ws://127.0.0.1:{server.port}/", fields=[("Origin", "https://evil.example")])


async def test_who_asks_for_nothing_is_cut_off():
    async with await serve(echo, "127.0.0.1", 0, open_timeout=0) as server:
        try:
            response = await exchange(server.port, b"GET / HT")
        except ConnectionResetError:
            response = b""
        assert response == b""


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


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({"heartbeet": 5}, TypeError, "heartbeet"),
        ({"heartbeat": -5}, ValueError, "heartbeat is -5"),
        ({"heartbeat": float("nan")}, ValueError, "heartbeat is nan"),
        ({"timeout": None}, TypeError, "timeout is a number of seconds, not NoneType"),
        ({"receive_timeout": "5"}, TypeError, "receive_timeout is a number of seconds, not str"),
        ({"open_timeout": -1}, ValueError, "open_timeout is -1"),
        ({"inbox_limit": -1}, ValueError, "inbox_limit is -1"),
        ({"writer_limit": 0.5}, TypeError, "writer_limit is a number of bytes, not float"),
        ({"buffer_limit": None}, TypeError, "buffer_limit is a number of bytes, not NoneType"),
        ({"max_message_size": -1}, ValueError, "max_message_size is -1"),
        ({"deflate": True}, TypeError, "deflate is a Deflate or None"),
        ({"handler": None}, TypeError, "a handler is an asynchronous function"),
    ],
)
async def test_options_are_checked_before_it_listens(options, error, reason):
    with pytest.raises(error, match=reason):
        await serve(**({"handler": echo, "host": "127.0.0.1", "port": 0} | options))


async def test_a_handler_that_is_not_asynchronous(caplog):
    async with await serve(lambda socket, request: None, "127.0.0.1", 0) as server:
        socket = await connect(f"ws://127.0.0.1:{server.port}/")
        assert (await socket.receive()).data == WSCloseCode.INTERNAL_ERROR
        await socket.close()
    assert "is not an asynchronous function" in caplog.text


@pytest.mark.row("HI-45")
@pytest.mark.parametrize(
    "options", [{"origins": "https://a.example"}, {"subprotocols": "chat"}, {"subprotocols": ["a b"]}]
)
async def test_names_are_checked_before_it_listens(options):
    with pytest.raises(ValueError, match=r"collection of|not a token"):
        await serve(echo, "127.0.0.1", 0, **options)


async def test_a_server_that_does_not_listen():
    server = WebSocketServer(
        echo, subprotocols=(), deflate=None, origins=None, engine={}, options={}, open_timeout=1
    )
    with pytest.raises(RuntimeError, match="does not listen"):
        server.port  # noqa: B018
    await server.close()
