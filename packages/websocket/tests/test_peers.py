"""Other people's WebSockets: `websockets` and the client of aiohttp against our server, our client against theirs."""

import asyncio

import pytest

from muntin.websocket import Deflate, WSMsgType
from muntin.websocket.aio import connect, serve

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
    async with await serve(echo, "127.0.0.1", 0, heartbeat=5) as server:
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

        async with asyncio.timeout(60):
            for _ in range(5):
                await asyncio.gather(*(visit(number) for number in range(20)))
            while server.sockets or not asyncio.all_tasks() <= before:
                await asyncio.sleep(0)
        assert asyncio.all_tasks() <= before
