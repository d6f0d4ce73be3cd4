import asyncio
import socket as socket_module

import pytest

from muntin.websocket.aio import AsyncioDuplex

# Seconds after which a test hangs, however busy the machine is
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


class Sink:
    """A receiver that keeps the bytes, and records the end of the connection."""

    def __init__(self):
        self.data = bytearray()
        self.events = []
        self.changed = asyncio.Event()

    def data_received(self, data):
        self.data += data
        self.changed.set()

    def eof_received(self):
        self.events.append("eof")
        self.changed.set()

    def connection_lost(self, exc):
        self.events.append("lost")
        self.changed.set()

    async def wait(self, condition):
        async with asyncio.timeout(PATIENCE):
            while not condition():
                self.changed.clear()
                await self.changed.wait()


@pytest.fixture
async def ends():
    """Return the two ends of one connection."""
    loop = asyncio.get_running_loop()
    made = []
    pair = socket_module.socketpair()
    for end in pair:
        end.setblocking(False)
        made.append((await loop.create_connection(AsyncioDuplex, sock=end))[1])
    yield made
    for duplex in made:
        duplex.abort()
    await asyncio.sleep(0)


async def test_bytes_go_both_ways(ends):
    left, right = ends
    sinks = Sink(), Sink()
    left.attach(sinks[0])
    right.attach(sinks[1])
    left.write(b"to the right")
    right.write(b"to the left")
    await sinks[0].wait(lambda: sinks[0].data == b"to the left")
    await sinks[1].wait(lambda: sinks[1].data == b"to the right")
    left.close()
    await sinks[1].wait(lambda: sinks[1].events == ["eof", "lost"])
    await sinks[0].wait(lambda: sinks[0].events == ["lost"])
    left.write(b"into the void")
    left.pause_reading()
    left.resume_reading()
    assert left.write_buffer_size == 0
    with pytest.raises(ConnectionResetError):
        await left.drain()


async def test_what_came_early_is_kept(ends):
    left, right = ends
    left.write(b"HEAD\r\n\r\nrest")
    assert await right.read_head() == b"HEAD\r\n\r\n"
    left.close()
    with pytest.raises(ConnectionResetError, match="ended within the head"):
        await right.read_head()
    sink = Sink()
    right.attach(sink)
    assert sink.data == b"rest"
    assert sink.events[:1] == ["eof"]
    await sink.wait(lambda: sink.events == ["eof", "lost"])
    late = Sink()
    right.attach(late)
    assert late.events == ["eof", "lost"]


async def test_a_head_may_come_in_pieces(ends):
    left, right = ends
    reading = asyncio.create_task(right.read_head())
    for i in range(9):
        left.write(b"GET /\r\n\r\n"[i : i + 1])
        await asyncio.sleep(0)
    assert await reading == b"GET /\r\n\r\n"


@pytest.mark.parametrize("data", [b"x" * 101, b"x" * 98 + b"\r\n\r\n"])
async def test_a_head_is_bounded(ends, data):
    left, right = ends
    left.write(data)
    with pytest.raises(ValueError, match="more than 97 bytes"):
        await right.read_head(97)


async def test_draining_waits_for_the_peer(ends):
    left, right = ends
    right.pause_reading()
    await left.drain()
    while not left.write_buffer_size:
        left.write(bytes(1 << 20))
    waiting = [asyncio.create_task(left.drain()) for _ in range(2)]
    cancelled = asyncio.create_task(left.drain())
    await asyncio.sleep(0)
    cancelled.cancel()
    assert not any(task.done() for task in waiting)
    sink = Sink()
    right.attach(sink)
    right.resume_reading()
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*waiting)


async def test_draining_ends_when_the_peer_goes(ends):
    left, right = ends
    right.pause_reading()
    while not left.write_buffer_size:
        left.write(bytes(1 << 20))
    waiting = asyncio.create_task(left.drain())
    cancelled = asyncio.create_task(left.drain())
    await asyncio.sleep(0)
    cancelled.cancel()
    left.abort()
    with pytest.raises(ConnectionResetError, match="gone"):
        await waiting


async def test_whoever_stopped_waiting_is_passed_over(ends):
    left, _ = ends
    left.pause_writing()
    waiting, cancelled = asyncio.create_task(left.drain()), asyncio.create_task(left.drain())
    await asyncio.sleep(0)
    cancelled.cancel()
    left.resume_writing()
    await waiting
    assert cancelled.cancelled()


async def test_adopting_asyncio_streams():
    adopted = asyncio.get_running_loop().create_future()

    async def take_over(reader, writer):
        assert await reader.readexactly(2) == b"ab"
        adopted.set_result(await AsyncioDuplex.adopt(reader, writer))

    async with await asyncio.start_server(take_over, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.write(b"abcd")
        duplex = await adopted
        sink = Sink()
        duplex.attach(sink)
        writer.write(b"ef")
        await sink.wait(lambda: sink.data == b"cdef")
        duplex.write(b"pong!!")
        assert await reader.readexactly(6) == b"pong!!"
        assert duplex.get_extra_info("peername") == writer.get_extra_info("sockname")
        assert duplex.get_extra_info("nothing", 7) == 7
        duplex.close()
        assert await reader.read() == b""
        writer.close()
        await sink.wait(lambda: "lost" in sink.events)


async def test_what_is_aborted_before_it_begins_ends_when_it_begins():
    duplex = AsyncioDuplex()
    duplex.abort()
    async with await asyncio.get_running_loop().create_server(lambda: duplex, "127.0.0.1", 0) as server:
        reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        assert await reader.read() == b""
        writer.close()


async def test_there_must_be_a_connection():
    with pytest.raises(RuntimeError, match="no connection yet"):
        AsyncioDuplex().write(b"")
    with pytest.raises(RuntimeError, match="no connection yet"):
        AsyncioDuplex().close()


async def held_back(duplex):
    """Wait until reading is paused, and return the transport."""
    transport = duplex._open_transport
    async with asyncio.timeout(PATIENCE):
        while transport.is_reading():
            await asyncio.sleep(0)
    return transport


async def test_what_nobody_takes_is_held_back(ends):
    left, right = ends
    left.write(bytes(10_000_000))
    await held_back(right)
    for _ in range(100):
        await asyncio.sleep(0)
    assert left.write_buffer_size > 5_000_000
    sink = Sink()
    right.attach(sink)
    await sink.wait(lambda: len(sink.data) == 10_000_000)


async def test_a_head_behind_what_was_held_back_is_read_on(ends):
    left, right = ends
    left.write(b"a" * 70_000 + b"\r\n\r\nrest")
    await held_back(right)
    async with asyncio.timeout(PATIENCE):
        assert len(await right.read_head(limit=100_000)) == 70_004
    sink = Sink()
    right.attach(sink)
    await sink.wait(lambda: sink.data == b"rest")


async def test_a_receiver_that_pauses_at_once_is_not_overruled(ends):
    left, right = ends
    left.write(bytes(1_000_000))
    transport = await held_back(right)

    class Full(Sink):
        def data_received(self, data):
            super().data_received(data)
            right.pause_reading()

    sink = Full()
    right.attach(sink)
    assert sink.data
    assert not transport.is_reading()
    got = len(sink.data)
    for _ in range(100):
        await asyncio.sleep(0)
    assert len(sink.data) == got


async def test_what_was_held_back_of_a_peer_that_is_gone(ends):
    left, right = ends
    left.write(bytes(100_000))
    transport = await held_back(right)
    transport.abort()
    async with asyncio.timeout(PATIENCE):
        while not right._lost:
            await asyncio.sleep(0)
    sink = Sink()
    right.attach(sink)
    assert sink.data
    assert sink.events == ["lost"]
