"""Other people's WebSockets: `websockets`, wsproto and aiohttp against our server, our client against theirs.

Chromium is driven by the tests of muntin.web, which has the pages.
"""

import asyncio

import pytest
import wsproto
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)
from wsproto.extensions import PerMessageDeflate

from muntin.websocket import Deflate, WSMsgType
from muntin.websocket.aio import connect, serve

# Seconds after which a test hangs, however busy the machine is
PATIENCE = 120.0

aiohttp = pytest.importorskip("aiohttp")
websockets = pytest.importorskip("websockets")
websockets_server = pytest.importorskip("websockets.asyncio.server")
websockets_client = pytest.importorskip("websockets.asyncio.client")

pytestmark = pytest.mark.anyio

MESSAGES = ["", "x", "héllo ☃", "a" * 126, "b" * 65536, b"", b"\x00\xff" * 500, "c" * 200_000]
SETUPS = [None, Deflate(), Deflate(True, True, 9, 9)]


async def echo(socket, request):
    async for message in socket:
        send = socket.send_str if message.type is WSMsgType.TEXT else socket.send_bytes
        await send(message.data)


@pytest.mark.parametrize("deflate", SETUPS)
async def test_websockets_talks_to_us(deflate):
    async with (
        await serve(echo, "127.0.0.1", 0, deflate=deflate, subprotocols=["chat"]) as server,
        websockets_client.connect(
            f"ws://127.0.0.1:{server.port}/", subprotocols=["x", "chat"], proxy=None
        ) as socket,
    ):
        assert socket.subprotocol == "chat"
        for message in MESSAGES:
            await socket.send(message)
            assert await socket.recv() == message
        await socket.send(["in ", "parts"])
        assert await socket.recv() == "in parts"
        await (await socket.ping(b"?"))
        await socket.close(3000, "bye")
        assert (socket.close_code, socket.close_reason) == (3000, "")


@pytest.mark.parametrize("deflate", SETUPS)
async def test_we_talk_to_websockets(deflate):
    async def handler(socket):
        async for message in socket:
            await socket.send(message)

    async with websockets_server.serve(handler, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        async with await connect(f"ws://127.0.0.1:{port}/", deflate=deflate) as socket:
            assert socket.is_compressed == (deflate is not None)
            for message in MESSAGES:
                await (socket.send_str if isinstance(message, str) else socket.send_bytes)(message)
                assert (await socket.receive()).data == message
            await socket.close(code=3000, message="bye")
            assert (socket.close_code, socket.close_reason) == (3000, "bye")


@pytest.mark.parametrize("deflate", SETUPS)
async def test_aiohttp_talks_to_us(deflate):
    async with (
        await serve(echo, "127.0.0.1", 0, deflate=deflate) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{server.port}/", compress=15 if deflate else 0) as socket,
    ):
        for message in MESSAGES:
            await (socket.send_str if isinstance(message, str) else socket.send_bytes)(message)
            assert (await socket.receive()).data == message
        await socket.close(code=3000, message=b"bye")
        assert socket.close_code == 3000


@pytest.mark.row("CF-11")
async def test_aiohttp_sees_going_away_for_a_code_that_means_nothing():
    async def handler(socket, request):
        with pytest.warns(RuntimeWarning, match="999"):
            await socket.close(code=999, message="bye")

    async with (
        await serve(handler, "127.0.0.1", 0) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{server.port}/") as socket,
    ):
        message = await socket.receive()
        assert (message.data, message.extra) == (1001, "bye")


@pytest.mark.row("HI-46")
async def test_a_churn_of_rude_clients_leaves_nothing_behind():
    before = asyncio.all_tasks()
    async with await serve(echo, "127.0.0.1", 0, heartbeat=1000) as server:
        url = f"ws://127.0.0.1:{server.port}/"

        async def visit(number):
            socket = await connect(url, deflate=SETUPS[number % 3])
            match number % 4:
                case 0:
                    socket.abort()
                case 1:
                    socket.send_str("x" * 100_000)
                    socket.abort()
                case 2:
                    await socket.send_str("x")
                    assert await socket.receive_str() == "x"
                    await socket.close()
                case 3:
                    socket.data_received(b"\xff\xff")
                    assert (await socket.receive()).type is WSMsgType.ERROR
                    await socket.close()

        async with asyncio.timeout(PATIENCE):
            for _ in range(5):
                await asyncio.gather(*(visit(number) for number in range(20)))
            while server.sockets or not asyncio.all_tasks() <= before:
                await asyncio.sleep(0)
        assert asyncio.all_tasks() <= before


class WsprotoClient:
    """A client of wsproto's engine over streams."""

    def __init__(self, reader, writer):
        self._reader, self._writer = reader, writer
        self._connection = wsproto.WSConnection(wsproto.ConnectionType.CLIENT)
        self._events = []

    def send(self, event):
        self._writer.write(self._connection.send(event))

    async def receive(self):
        """Return the next event; the pieces of a message are joined."""
        while True:
            while not self._events:
                self._connection.receive_data(await self._reader.read(65536) or None)
                self._events.extend(self._connection.events())
            event = self._events.pop(0)
            if not isinstance(event, (TextMessage, BytesMessage)) or event.message_finished:
                return event
            rest = await self.receive()
            self._events.insert(0, type(event)(data=event.data + rest.data))

    async def at_eof(self):
        return await self._reader.read() == b""

    async def close(self):
        self._writer.close()
        await self._writer.wait_closed()


async def open_wsproto(port, **options):
    """Open a socket with wsproto; return it, and the response to its handshake."""
    client = WsprotoClient(*await asyncio.open_connection("127.0.0.1", port))
    client.send(Request(host="127.0.0.1", target="/", **options))
    return client, await client.receive()


OFFERS = [
    None,
    {},
    {"client_no_context_takeover": True, "server_no_context_takeover": True},
    {"client_max_window_bits": 9, "server_max_window_bits": 9},
]


@pytest.mark.row("WS-01", "WS-08", "HI-44")
@pytest.mark.parametrize("offer", OFFERS)
async def test_wsproto_talks_to_us(offer):
    ended = asyncio.get_running_loop().create_future()

    async def handler(socket, request):
        await echo(socket, request)
        ended.set_result((socket.close_code, socket.close_reason))

    extensions = () if offer is None else [PerMessageDeflate(**offer)]
    async with (
        await serve(handler, "127.0.0.1", 0, subprotocols=["chat"]) as server,
        asyncio.timeout(PATIENCE),
    ):
        client, accepted = await open_wsproto(server.port, extensions=extensions, subprotocols=["x", "chat"])
        assert isinstance(accepted, AcceptConnection)
        assert accepted.subprotocol == "chat"
        assert [extension.enabled() for extension in accepted.extensions] == [True] * len(extensions)
        for message in MESSAGES:
            kind = TextMessage if isinstance(message, str) else BytesMessage
            client.send(kind(data=message))
            assert await client.receive() == kind(data=message)
            # The same message in three parts, with a ping between them
            client.send(kind(data=message, message_finished=False))
            client.send(Ping(payload=b"?"))
            client.send(kind(data=message[:0], message_finished=False))
            client.send(kind(data=message))
            assert await client.receive() == Pong(payload=b"?")
            assert await client.receive() == kind(data=message + message)
        client.send(CloseConnection(code=4321, reason="bye ☃"))
        assert (await client.receive()).code == 4321
        assert await client.at_eof()
        await client.close()
        assert await ended == (4321, "bye ☃")


@pytest.mark.row("HI-43")
async def test_wsproto_is_refused():
    async with await serve(echo, "127.0.0.1", 0, origins={"https://here.example"}) as server:
        client, refused = await open_wsproto(
            server.port, extra_headers=[(b"Origin", b"https://evil.example")]
        )
        assert isinstance(refused, RejectConnection)
        assert refused.status_code == 403
        assert isinstance(await client.receive(), RejectData)
        await client.close()


CLOSINGS = [
    (1000, ""),
    (1001, "restart"),
    (1011, "прощай"),
    (3000, "x" * 123),
    (4999, ""),
]


async def _seen_by_websockets(port):
    async with websockets_client.connect(f"ws://127.0.0.1:{port}/", proxy=None) as socket:
        with pytest.raises(websockets.ConnectionClosed):
            await socket.recv()
    return socket.close_code, socket.close_reason


async def _seen_by_aiohttp(port):
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"http://127.0.0.1:{port}/") as socket,
    ):
        message = await socket.receive()
        return message.data, message.extra


async def _seen_by_wsproto(port):
    client, _ = await open_wsproto(port)
    closed = await client.receive()
    client.send(closed.response())
    assert await client.at_eof()
    await client.close()
    return closed.code, closed.reason or ""


async def _seen_by_us(port):
    async with await connect(f"ws://127.0.0.1:{port}/") as socket:
        message = await socket.receive()
        return message.data, message.extra


@pytest.mark.row("WS-08")
@pytest.mark.parametrize("see", [_seen_by_websockets, _seen_by_aiohttp, _seen_by_wsproto, _seen_by_us])
@pytest.mark.parametrize("closing", CLOSINGS)
async def test_every_peer_sees_our_code_and_reason(see, closing):
    ended = asyncio.get_running_loop().create_future()

    async def handler(socket, request):
        code, reason = closing
        await socket.close(code=code, message=reason)
        ended.set_result((socket.close_code, socket.exception()))

    async with await serve(handler, "127.0.0.1", 0) as server, asyncio.timeout(PATIENCE):
        assert await see(server.port) == closing
        # The peer has closed too; aiohttp does so with a code of its own.
        assert await ended == (1000 if see is _seen_by_aiohttp else closing[0], None)
