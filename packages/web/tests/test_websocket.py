"""WebSockets, over real sockets and with another implementation at the other end."""

import asyncio
import logging
import socket
import tracemalloc
import weakref
import zlib

import anyio
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from muntin import web
from muntin.web.testing import TestClient, TestServer
from muntin.websocket import Deflate
from muntin.websocket.aio import broadcast

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


def make_app(handler, path="/"):
    app = web.Application()
    app.router.add_get(path, handler)
    return app


@pytest.fixture
def open_socket():
    """Serve a handler and connect to it."""

    class Opened:
        def __init__(self, handler, **options):
            self.server = TestServer(make_app(handler), scheme="ws")
            self.options = options

        async def __aenter__(self):
            await self.server.start_server()
            try:
                self.client = await connect(str(self.server.make_url("/")), **self.options)
            except InvalidStatus:
                await self.server.close()
                raise
            return self.client

        async def __aexit__(self, *exc_info):
            await self.client.close()
            await self.server.close()

    return Opened


async def echo(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        if message.type is web.WSMsgType.TEXT:
            await ws.send_str(message.data)
        elif message.type is web.WSMsgType.BINARY:
            await ws.send_bytes(message.data)
    return ws


@pytest.mark.row("WS-01", "WS-02", "WS-07", "WS-13", "CF-02")
async def test_an_echo(open_socket):
    ended = asyncio.Event()

    async def handler(request):
        ws = await echo(request)
        ended.set()
        return ws

    async with open_socket(handler) as client:
        await client.send("text")
        assert await client.recv() == "text"
        await client.send(b"bytes")
        assert await client.recv() == b"bytes"
        await client.close()
        with anyio.fail_after(PATIENCE):
            await ended.wait()
    assert client.close_code == 1000


@pytest.mark.row("WS-06", "CF-01")
async def test_a_send_that_nobody_awaits(open_socket):
    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        ws.send_str("one")
        await ws.send_str("two")
        ws.send_json({"three": 3})
        await ws.send_json_bytes(4, dumps=lambda value: str(value).encode())
        await ws.send_frame(b"five", 1)
        with pytest.raises(TypeError):
            ws.send_str(b"bytes")
        await ws.close()
        return ws

    async with open_socket(handler) as client:
        assert [message async for message in client] == ["one", "two", '{"three": 3}', b"4", "five"]


@pytest.mark.row("WS-19", "WS-24", "HI-43")
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13"}, 400),
        (
            {
                "Upgrade": "websocket",
                "Connection": "Upgrade",
                "Sec-WebSocket-Version": "12",
                "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            },
            426,
        ),
    ],
)
async def test_what_is_no_handshake(headers, status):
    async with TestClient(make_app(echo)) as client:
        response = await client.get("/", headers=headers)
    assert response.status == status
    assert (status == 426) == ("Sec-WebSocket-Version" in response.headers)


HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


@pytest.mark.row("WS-24", "XP-12")
@pytest.mark.parametrize(
    ("version", "lines", "status"),
    [
        ("1.1", "Connection: Upgrade\r\nUpgrade: websocket", 101),
        ("1.1", "Connection: close, upgrade\r\nUpgrade: h2c, WebSocket", 101),
        ("1.1", "Connection: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nUpgrade: websocket", 101),
        ("1.1", "Connection: keep-alive\r\nUpgrade: websocket", 400),
        ("1.1", "Upgrade: websocket", 400),
        ("1.1", "Connection: Upgrade, " + "a, " * 200 + "\r\nUpgrade: websocket", 101),
        ("1.1", "Connection: " + "a, " * 200 + "Upgrade\r\nUpgrade: websocket", 400),
        ("1.1", "Connection: Upgrade", 400),
        ("1.1", "Connection: Upgraded\r\nUpgrade: websocket", 400),
        ("1.0", "Connection: Upgrade\r\nUpgrade: websocket", 400),
        ("1.0", "Connection: keep-alive, Upgrade\r\nUpgrade: websocket", 400),
        ("1.0", "Connection: close\r\nUpgrade: websocket", 400),
        ("1.0", "X: y", 400),
    ],
)
async def test_a_client_that_cannot_upgrade_is_told_why(version, lines, status, caplog):
    """No handshake makes it a failure of the application; `can_prepare` says beforehand what `prepare` does."""
    could = []

    async def handler(request):
        ws = web.WebSocketResponse()
        could.append(bool(ws.can_prepare(request)))
        await ws.prepare(request)
        return ws

    async with TestServer(make_app(handler)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            f"GET / HTTP/{version}\r\nHost: a\r\n{lines}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Key: {HANDSHAKE['Sec-WebSocket-Key']}\r\n\r\n".encode()
        )
        with anyio.fail_after(PATIENCE):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            assert head.split()[1] == str(status)
            if status == 400:
                size = int(head.lower().partition("content-length: ")[2].split()[0])
                reason = (await reader.readexactly(size)).decode()
                assert ("HTTP/1.1" in reason) == (version == "1.0" and "Upgrade:" in lines)
        writer.close()
    assert could == [status == 101]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"heartbeat": -1}, ValueError),
        ({"timeout": float("nan")}, ValueError),
        ({"timeout": None}, TypeError),
        ({"receive_timeout": "5"}, TypeError),
        ({"writer_limit": -1}, ValueError),
        ({"max_msg_size": -1}, ValueError),
        ({"max_msg_size": "1"}, TypeError),
    ],
)
def test_options_are_checked_before_the_handshake(options, error):
    with pytest.raises(error):
        web.WebSocketResponse(**options)


@pytest.mark.row("HI-45")
@pytest.mark.parametrize("text", ["https://here.example", b"chat", ""])
def test_one_text_is_no_collection(text):
    for what in ("origins", "protocols"):
        with pytest.raises(ValueError, match=f"collection of {what}"):
            web.WebSocketResponse(**{what: text})


@pytest.mark.row("WS-01", "WS-23")
async def test_the_response_to_a_handshake():
    async def handler(request):
        ws = web.WebSocketResponse(protocols=["one", "two"])
        ready = ws.can_prepare(request)
        assert ready
        assert ready.protocol == "two"
        assert not ws.prepared
        await ws.prepare(request)
        assert ws.prepared
        assert ws.ws_protocol == "two"
        with pytest.raises(RuntimeError, match="open already"):
            ws.can_prepare(request)
        request.exchange.disconnect()
        return ws

    async def add(request, response):
        response.headers["X-Added"] = "yes"

    app = make_app(handler)
    app.on_response_prepare.append(add)
    async with TestClient(app) as client:
        received = await client.get("/", headers={**HANDSHAKE, "Sec-WebSocket-Protocol": "two, three"})
    assert received.status == 101
    assert received.headers["Sec-WebSocket-Accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
    assert received.headers["Sec-WebSocket-Protocol"] == "two"
    assert received.headers["X-Added"] == "yes"


@pytest.mark.row("HI-45")
async def test_foreign_origins_can_be_refused():
    async def handler(request):
        ws = web.WebSocketResponse(origins={"https://here.example"})
        await ws.prepare(request)
        return ws

    async with TestClient(make_app(handler)) as client:
        response = await client.get("/", headers={**HANDSHAKE, "Origin": "https://evil.example"})
    assert response.status == 403


@pytest.mark.row("HI-44")
@pytest.mark.parametrize(
    ("compress", "answered"),
    [
        (True, "permessage-deflate"),
        (10, "permessage-deflate; server_max_window_bits=10"),
        (
            Deflate(server_no_context_takeover=True, client_no_context_takeover=True),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        (False, None),
    ],
)
async def test_how_much_memory_compression_takes_is_the_application_s_choice(compress, answered, open_socket):
    async def handler(request):
        ws = web.WebSocketResponse(compress=compress)
        await ws.prepare(request)
        assert ws.compress is bool(compress)
        for _ in range(2):
            await ws.send_str(await ws.receive_str())
        return ws

    async with open_socket(handler) as client:
        assert client.response.headers.get("Sec-WebSocket-Extensions") == answered
        for _ in range(2):
            await client.send("again " * 100)
            assert await client.recv() == "again " * 100


@pytest.mark.row("HI-45")
@pytest.mark.parametrize(
    ("extra", "status"),
    [
        ("Sec-WebSocket-Protocol: ch\xe4t, \xff\r\n", 101),
        ("Sec-WebSocket-Protocol: " + ", ".join(f"chat{n}" for n in range(100)) + "\r\n", 101),
        ("".join(f"X-Field-{n}: {n}\r\n" for n in range(100)), 101),
        ("".join(f"X-Field-{n}: {n}\r\n" for n in range(200)), 431),
        ("Sec-WebSocket-Extensions: permessage-deflate; server_max_window_bits=99\r\n", 101),
        ("Sec-WebSocket-Extensions: ;;;\r\n", 400),
        ("Origin: https://evil.example\r\n", 101),
    ],
)
async def test_strange_handshakes(extra, status):
    lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
    async with TestServer(make_app(echo)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET / HTTP/1.1\r\nHost: a\r\n{lines}{extra}\r\n".encode("latin-1"))
        with anyio.fail_after(PATIENCE):
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(f"HTTP/1.1 {status} ".encode())
            writer.close()
            await writer.wait_closed()


@pytest.mark.row("HI-44")
async def test_one_read_does_not_decide_how_much_memory_is_taken():
    """Sixty messages of 4 MiB in 250 KB: they are inflated one after the other, as the handler takes them."""
    stream, frames = zlib.compressobj(9, zlib.DEFLATED, -15), []
    for _ in range(60):
        payload = (stream.compress(bytes(4 << 20)) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]
        frames.append(b"\xc2\xfe" + len(payload).to_bytes(2, "big") + bytes(4) + payload)
    sizes, peaks = [], []

    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        for _ in range(60):
            sizes.append(len(await ws.receive_bytes()))
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.reset_peak()
        return ws

    lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
    async with TestServer(make_app(handler)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(
            f"GET / HTTP/1.1\r\nHost: a\r\nSec-WebSocket-Extensions: permessage-deflate\r\n{lines}\r\n".encode()
        )
        await reader.readuntil(b"\r\n\r\n")
        tracemalloc.start()
        try:
            writer.write(b"".join(frames))
            with anyio.fail_after(PATIENCE):
                assert (await reader.readexactly(1)) == b"\x88"
        finally:
            tracemalloc.stop()
        writer.close()
    assert sizes == [4 << 20] * 60
    assert max(peaks) < 24 << 20


async def test_before_prepare_there_is_no_socket():
    ws = web.WebSocketResponse(compress=False)
    assert not ws.closed
    assert not ws.compress
    assert ws.close_code is ws.ws_protocol is ws.exception() is None
    assert ws.get_extra_info("peername", 3) == 3
    for call in (lambda: ws.send_str("a"), ws.ping, lambda: ws.write_buffer_size):
        with pytest.raises(RuntimeError, match="before prepare"):
            call()
    for call in (ws.receive, ws.close, ws.receive_json):
        with pytest.raises(RuntimeError, match="before prepare"):
            await call()
    with pytest.raises(RuntimeError, match="no body"):
        ws.write(b"")
    with pytest.raises(ValueError, match="window"):
        web.WebSocketResponse(compress=3)


@pytest.mark.row("WS-08", "WS-09", "WS-10", "CF-11")
async def test_closing_with_a_code_and_a_reason(open_socket):
    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        assert await ws.close(code=web.WSCloseCode.GOING_AWAY, message="прощай")
        assert not await ws.close()
        return ws

    async with open_socket(handler) as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert (client.close_code, client.close_reason) == (1001, "прощай")


async def test_a_handler_that_returns_closes(open_socket):
    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        return ws

    async with open_socket(handler) as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert client.close_code == 1000


@pytest.mark.parametrize("turns", [0, 2])
async def test_a_handler_that_fails_closes_with_1011(open_socket, caplog, turns):
    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        for _ in range(turns):
            await asyncio.sleep(0)
        raise LookupError("secret")

    async with open_socket(handler) as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert (client.close_code, client.close_reason) == (1011, "")
    assert [record.levelno for record in caplog.records if record.name == "muntin.web"] == [logging.ERROR]


async def test_a_handler_that_fails_closes_the_socket_of_a_copy_of_its_request(open_socket):
    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request.clone().clone(scheme="https"))
        raise LookupError

    async with open_socket(handler) as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert client.close_code == 1011


@pytest.mark.row("CF-01")
async def test_a_handler_that_still_sends_when_the_socket_has_ended_is_no_failure(open_socket, caplog):
    caplog.set_level(logging.INFO, "muntin.access")
    tasks = []

    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        tasks.append(asyncio.create_task(ws.close()))
        await asyncio.sleep(0)
        await ws.send_str("too late")

    async with open_socket(handler) as client:
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert client.close_code == 1000
    assert [(record.name, record.response_status) for record in caplog.records] == [("muntin.access", 101)]


@pytest.mark.row("WS-18")
async def test_cancelling_the_handler_closes(open_socket):
    tasks = []

    async def handler(request):
        tasks.append(asyncio.current_task())
        return await echo(request)

    async with open_socket(handler) as client:
        tasks[0].cancel()
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert client.close_code == 1001


@pytest.mark.row("WS-11", "WS-12", "CF-21")
async def test_a_peer_that_breaks_the_protocol(open_socket):
    seen = []
    ended = asyncio.Event()

    async def handler(request):
        ws = web.WebSocketResponse(timeout=3600)
        await ws.prepare(request)
        seen.extend([message.type async for message in ws])
        seen.append(type(ws.exception()).__name__)
        ended.set()
        return ws

    async with TestServer(make_app(handler)) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
        writer.write(f"GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"\x81\x01a")  # not masked
        frame = await reader.readexactly(4)
        assert frame[0] == 0x88
        assert int.from_bytes(frame[2:4], "big") == 1002
        with anyio.fail_after(PATIENCE):
            await ended.wait()
        writer.close()
    assert seen == [web.WSMsgType.ERROR, "ProtocolViolation"]


@pytest.mark.row("BH-15")
async def test_a_message_that_is_too_big(open_socket):
    async def handler(request):
        ws = web.WebSocketResponse(max_msg_size=10)
        await ws.prepare(request)
        async for _ in ws:
            pass
        return ws

    async with open_socket(handler) as client:
        await client.send("x" * 11)
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert client.close_code == 1009


@pytest.mark.row("WS-14", "WS-15")
async def test_one_task_receives_at_a_time(open_socket):
    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        first = asyncio.create_task(ws.receive())
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError):
            await ws.receive()
        await ws.send_str("go")
        message = await first
        await ws.send_str(message.data)
        return ws

    async with open_socket(handler) as client:
        assert await client.recv() == "go"
        await client.send("mine")
        assert await client.recv() == "mine"


@pytest.mark.row("WS-16", "WS-17", "WS-21", "WS-22")
async def test_sockets_kept_by_the_application():
    sockets = web.AppKey("sockets", weakref.WeakSet)
    joined = asyncio.Event()

    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        request.app[sockets].add(ws)
        if len(request.app[sockets]) == 3:
            joined.set()
        async for _ in ws:
            pass
        return ws

    async def close_all(app):
        for ws in set(app[sockets]):
            await ws.close(code=web.WSCloseCode.GOING_AWAY, message="Server shutdown")

    app = make_app(handler)
    app[sockets] = weakref.WeakSet()
    app.on_shutdown.append(close_all)
    server = TestServer(app, scheme="ws", shutdown_timeout=3600)
    await server.start_server()
    clients = [await connect(str(server.make_url("/"))) for _ in range(3)]
    with anyio.fail_after(PATIENCE):
        await joined.wait()
        for ws in set(app[sockets]):
            ws.send_str("to all")
        assert [await client.recv() for client in clients] == ["to all"] * 3
        await server.close()
        for client in clients:
            with pytest.raises(ConnectionClosed):
                await client.recv()
    assert {(client.close_code, client.close_reason) for client in clients} == {(1001, "Server shutdown")}


@pytest.mark.row("WS-22")
@pytest.mark.parametrize("bare", [False, True])
async def test_open_sockets_are_closed_when_the_server_stops(bare):
    joined, ended = asyncio.Event(), asyncio.Event()

    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        joined.set()
        async for _ in ws:
            pass
        ended.set()
        return ws

    # Were the handler waited for, this would take an hour.
    if bare:
        runner = web.ServerRunner(web.Server(handler), shutdown_timeout=3600)
    else:
        runner = web.AppRunner(make_app(handler), shutdown_timeout=3600)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = await connect(f"ws://127.0.0.1:{runner.addresses[0][1]}/")
    with anyio.fail_after(PATIENCE):
        await joined.wait()
        await runner.cleanup()
        assert ended.is_set()
        with pytest.raises(ConnectionClosed):
            await client.recv()
    assert client.close_code == 1001


@pytest.mark.row("WS-22")
async def test_a_socket_opened_while_the_server_stops_is_closed_at_once():
    begun, opened = asyncio.Event(), asyncio.Event()

    async def handler(request):
        begun.set()
        await opened.wait()
        return await echo(request)

    server = TestServer(make_app(handler), scheme="ws", shutdown_timeout=3600)
    await server.start_server()
    with anyio.fail_after(PATIENCE):
        connecting = asyncio.create_task(connect(str(server.make_url("/"))).__aenter__())
        await begun.wait()
        closing = asyncio.create_task(server.close())
        await asyncio.sleep(0)
        opened.set()
        client = await connecting
        with pytest.raises(ConnectionClosed):
            await client.recv()
        await closing
    assert client.close_code == 1001


@pytest.mark.row("AH-34", "HI-43")
async def test_a_handshake_with_a_body_is_refused():
    """Or what stands in the body would be read as frames."""
    async with TestServer(make_app(echo)) as server:
        for body, status in ((b"", 101), (b"abc", 400)):
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
            writer.write(
                f"GET / HTTP/1.1\r\nHost: a\r\n{lines}Content-Length: {len(body)}\r\n\r\n".encode() + body
            )
            with anyio.fail_after(PATIENCE):
                assert (await reader.readuntil(b"\r\n\r\n")).startswith(f"HTTP/1.1 {status} ".encode())
                writer.close()
                await writer.wait_closed()


@pytest.mark.row("WS-20")
async def test_small_frames_are_not_held_back(open_socket):
    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        sock = ws.get_extra_info("socket")
        await ws.send_str(str(bool(sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))))
        return ws

    async with open_socket(handler) as client:
        assert await client.recv() == "True"


async def test_receiving_by_kind(open_socket):
    async def handler(request):
        ws = web.WebSocketResponse(decode_text=True)
        await ws.prepare(request)
        assert await ws.receive_str() == "a"
        assert await ws.receive_bytes() == b"b"
        assert await ws.receive_json() == [1]
        with pytest.raises(TypeError):
            await ws.receive_str()
        with pytest.raises(TimeoutError):
            await ws.receive(timeout=0.001)
        await ws.ping()
        await ws.pong(b"p")
        await ws.send_str("fine")
        return ws

    async with open_socket(handler, compression=None) as client:
        for message in ("a", b"b", "[1]", b"not text"):
            await client.send(message)
        assert await client.recv() == "fine"


async def test_other_responses_are_left_alone(open_socket):
    async def handler(request):
        raise web.HTTPForbidden

    with pytest.raises(InvalidStatus):
        async with open_socket(handler):
            pass


@pytest.mark.row("WS-16", "CF-01")
async def test_a_broadcast_reaches_all_and_drops_who_does_not_read():
    room, joined = set(), asyncio.Event()

    async def handler(request):
        ws = web.WebSocketResponse()
        await ws.prepare(request)
        room.add(ws)
        if len(room) == 3:
            joined.set()
        async for _ in ws:
            pass
        room.discard(ws)
        return ws

    async with TestServer(make_app(handler), scheme="ws") as server:
        url = str(server.make_url("/"))
        _, writer = await asyncio.open_connection("127.0.0.1", server.port)
        lines = "".join(f"{name}: {value}\r\n" for name, value in HANDSHAKE.items())
        writer.write(f"GET / HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
        writer.transport.pause_reading()
        async with connect(url) as packed, connect(url, compression=None) as plain:
            with anyio.fail_after(PATIENCE):
                await joined.wait()
                text = "again and again " * 4096
                sent = [broadcast(room, text)]
                while sent[-1] == 3:
                    assert [await client.recv() for client in (packed, plain)] == [text, text]
                    sent.append(broadcast(room, text))
                assert sent[-1] == 2
                [slow] = [ws for ws in room if ws.closed]
                assert slow.write_buffer_size < 1 << 20
        writer.close()
