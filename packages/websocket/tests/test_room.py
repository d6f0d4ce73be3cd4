"""Bounds of a read: messages are inflated while there is room for them, and the rest stays as it was received."""

import asyncio
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import (
    Connection,
    ConnectionClosed,
    Deflate,
    ProtocolViolation,
    Role,
    State,
    WSMsgType,
)
from muntin.websocket._frames import format_frame

MASK = b"\x37\xfa\x21\x3d"
MIB = 1 << 20
BINARY, PING, PONG, CLOSE, ERROR = (
    WSMsgType.BINARY,
    WSMsgType.PING,
    WSMsgType.PONG,
    WSMsgType.CLOSE,
    WSMsgType.ERROR,
)


def make_bomb(count, size=4 * MIB, opcode=2):
    """Build `count` compressed frames that inflate to `size` bytes each."""
    stream, frames = zlib.compressobj(9, zlib.DEFLATED, -15), []
    for _ in range(count):
        payload = (stream.compress(bytes(size)) + stream.flush(zlib.Z_SYNC_FLUSH))[:-4]
        frames.append(format_frame(0xC0 | opcode, payload, MASK))
    return b"".join(frames)


BOMB = make_bomb(60)


def peak_of(call):
    """Return the result of a call, and the peak of its memory in bytes."""
    tracemalloc.start()
    try:
        result = call()
        return result, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def receive_all(connection, data=b"", room=0):
    """Receive all messages, one by one or a few at a time."""
    messages = connection.receive(data, room)
    while connection.has_more:
        messages += connection.receive(b"", room)
    return messages


# The engine


@pytest.mark.row("HI-44")
def test_a_read_does_not_inflate_more_than_there_is_room_for():
    server = Connection(Role.SERVER, deflate=Deflate())
    messages, peak = peak_of(lambda: server.receive(BOMB))
    assert [len(message.data) for message in messages] == [4 * MIB]
    assert peak < 12 * MIB
    assert server.has_more
    del messages
    for _ in range(59):
        messages, peak = peak_of(server.receive)
        assert (len(messages), peak < 12 * MIB) == (1, True)
    assert not server.has_more
    assert server.receive() == []


def test_who_never_asks_for_more_gets_everything_later_and_in_order(pair):
    client, server = pair(Deflate())
    texts = [str(number) * 50 for number in range(6)]
    found = []
    for text in texts:
        found += server.receive(client.send_text(text), 0)
    assert not server.has_more
    first = b"".join(map(client.send_text, texts))
    found = (
        server.receive(first, 0) + server.receive(client.send_text("and"), 0) + server.receive(b"", 10_000)
    )
    assert [message.data for message in found] == [*texts, "and"]


def test_without_room_nothing_is_looked_at(pair):
    client, server = pair(Deflate())
    data = client.send_text("a") + client.ping() + client.close()
    assert server.receive(data, -1) == []
    assert (server.has_more, server.state) == (True, State.OPEN)
    assert [message.type.name for message in receive_all(server)] == ["TEXT", "PING", "CLOSE"]
    assert not server.has_more


def test_a_crowd_of_small_frames_waits_too(pair):
    """Their messages take more memory than the bytes that were read."""
    for deflate in (None, Deflate()):
        client, server = pair(deflate)
        data = client.send_bytes(b"xy", compress=0) * 50_000
        messages, peak = peak_of(lambda server=server, data=data: server.receive(data, 100_000))
        assert len(messages) < 4000
        assert peak < 2 * MIB
        assert len(receive_all(server, b"", 100_000)) + len(messages) == 50_000


@pytest.mark.row("HI-44")
def test_an_error_follows_the_messages_before_it(pair):
    client, server = pair(Deflate())
    data = client.send_text("a") + client.send_text("b") + b"\xff\xff"
    assert [message.data for message in server.receive(data, 0)] == ["a"]
    [b] = server.receive(client.send_text("not looked at"), 0)
    assert (b.data, server.state) == ("b", State.OPEN)
    [error] = server.receive(b"", 0)
    assert isinstance(error.data, ProtocolViolation)
    assert (server.state, server.has_more) == (State.FAILED, False)


def test_parts_of_a_message_wait_too(pair):
    client, server = pair(Deflate())
    parts = [
        client.send_text("x" * 1000, final=False),
        client.send_text("y", final=False),
        client.send_text("z"),
    ]
    data = client.send_text("first") + b"".join(parts) + client.send_text("last")
    assert [len(message.data) for message in receive_all(server, data)] == [5, 1002, 4]


conversations = st.lists(
    st.tuples(st.sampled_from(["text", "part", "ping", "plain"]), st.text(max_size=60)), max_size=12
)


@pytest.mark.row("HI-44")
@given(
    conversations,
    st.lists(st.tuples(st.integers(0, 3000), st.integers(-1, 400)), max_size=6),
    st.booleans(),
    st.sampled_from([b"", b"\x81\x00", b"\xff\xff"]),
)
def test_room_decides_when_and_never_what(conversation, reads, deflate, tail):
    client, server, other = (
        Connection(role, deflate=Deflate() if deflate else None)
        for role in (Role.CLIENT, Role.SERVER, Role.SERVER)
    )
    data = b""
    for kind, text in conversation:
        if kind == "ping":
            data += client.ping(text.encode()[:100])
        else:
            data += client.send_text(text, final=kind != "part", compress=0 if kind == "plain" else None)
    data += client.send_text("", final=True) + client.close() + tail

    def show(messages):
        return [(message.type, str(message.data), message.extra) for message in messages]

    expected = show(other.receive(data, 1 << 40))
    found, start = [], 0
    for size, room in reads:
        found += server.receive(data[start : start + size], room)
        start += size
    found += receive_all(server, data[start:], 300)
    assert show(found) == expected
    assert (server.state, server.has_more) == (other.state, other.has_more)


def test_the_stream_may_end_before_all_was_looked_at(pair):
    client, server = pair(Deflate())
    server.receive(client.send_text("a") + client.send_text("b"), 0)
    server.receive_eof()
    assert (server.state, server.close_code) == (State.STREAM_ENDED, None)
    with pytest.raises(ConnectionClosed, match="the stream has ended"):
        server.send_text("x")
    server.receive_eof()
    assert [message.data for message in server.receive(b"", 0)] == ["b"]
    assert (server.state, server.close_code) == (State.CLOSED, 1006)


@pytest.mark.parametrize(
    ("last", "kind", "code"), [(b"\x88\x80" + MASK, CLOSE, 1005), (b"\xff\xff", ERROR, 1006)]
)
def test_what_the_peer_said_before_it_went_counts(pair, last, kind, code):
    client, server = pair(Deflate())
    server.receive(client.send_text("a") + client.send_text("b") + last, 0)
    server.receive_eof()
    messages = receive_all(server)
    assert messages[-1].type is kind
    assert (server.state, server.close_code) == (State.CLOSED, code)
    assert server.reply_to(messages[-1]) == b""


@pytest.mark.row("HI-44")
def test_what_nobody_takes_is_not_inflated(client):
    server = Connection(Role.SERVER, deflate=Deflate())
    server.receive(BOMB + client().ping(b"?") + client().close(3000), -1)
    server.close()
    server.discard()
    messages, peak = peak_of(server.receive)
    assert messages == [(PING, b"?", None), (CLOSE, 3000, "")]
    assert peak < MIB // 4
    assert (server.state, server.has_more) == (State.CLOSED, False)


def test_frames_are_checked_of_what_nobody_takes_but_not_what_they_say(client):
    server = Connection(Role.SERVER, deflate=Deflate())
    server.close()
    server.discard()
    assert server.receive(format_frame(0x81, b"\xff", MASK) + format_frame(0xC2, b"\xff", MASK)) == []
    [error] = server.receive(format_frame(0x83, b"", MASK))
    assert (error.type, server.state) == (ERROR, State.CLOSED)


# The asyncio edge


async def turns(count=3):
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.anyio
@pytest.mark.row("HI-44", "HI-43")
async def test_a_socket_inflates_one_message_after_the_other(open_socket):
    socket, duplex, _ = open_socket(Deflate())
    _, peak = peak_of(lambda: socket.data_received(BOMB))
    assert peak < 12 * MIB
    assert not duplex.is_reading
    for number in range(60):
        assert not duplex.is_reading, number
        assert len((await socket.receive()).data) == 4 * MIB
    assert duplex.is_reading
    assert not socket.closed


@pytest.mark.anyio
async def test_all_that_waits_comes_in_order_and_gets_replies(open_socket):
    socket, duplex, peer = open_socket(Deflate(), inbox_limit=200)
    texts = [str(number) * 100 for number in range(50)]
    data = [peer.send_text(text) for text in texts]
    socket.data_received(b"".join([*data[:25], peer.ping(b"?"), *data[25:], peer.close(1001)]))
    assert duplex.take() == b""
    seen = []
    async for message in socket:
        seen.append(message.data)
        socket.send_str("ok")
    assert seen == texts
    replies = [message.data for message in peer.receive(duplex.take())]
    assert sorted(map(str, replies)) == sorted(["ok"] * 50 + ["b'?'", "1001"])
    assert 20 < replies.index(b"?") < 30
    assert (replies[-1], socket.close_code, socket.exception()) == (1001, 1001, None)


@pytest.mark.anyio
async def test_what_comes_while_something_waits_waits_behind_it(open_socket):
    """A duplex may have read more bytes before it is paused."""
    socket, duplex, peer = open_socket(Deflate(), inbox_limit=0)
    for text in "abc":
        socket.data_received(peer.send_text(text) + peer.send_text(text.upper()))
    assert [await socket.receive_str() for _ in range(6)] == list("aAbBcC")
    assert duplex.is_reading


@pytest.mark.anyio
@pytest.mark.parametrize("end", ["eof", "lost", "both"])
@pytest.mark.parametrize("says_goodbye", [False, True])
async def test_all_messages_of_a_peer_that_went_are_received(open_socket, clock, end, says_goodbye):
    socket, duplex, peer = open_socket(Deflate(), inbox_limit=0, heartbeat=10)
    data = b"".join(map(peer.send_text, "abc"))
    socket.data_received(data + (peer.close(3000) if says_goodbye else b""))
    if end != "lost":
        socket.eof_received()
        assert duplex.is_closed
    if end != "eof":
        socket.connection_lost(None)
    assert socket.closed
    with pytest.raises(ConnectionClosed):
        socket.send_str("x")
    assert [await socket.receive_str() for _ in range(3)] == list("abc")
    last = await socket.receive()
    assert last.type is (CLOSE if says_goodbye else WSMsgType.CLOSED)
    assert socket.close_code == (3000 if says_goodbye else 1006)
    assert (socket.exception() is None) == says_goodbye
    assert duplex.take() == b""
    if end != "eof":
        assert clock.pending == 0


@pytest.mark.anyio
async def test_who_closes_does_not_wait_for_what_a_gone_peer_left(open_socket):
    socket, _, peer = open_socket(Deflate(), inbox_limit=0)
    socket.data_received(peer.send_text("a") + peer.send_text("b"))
    socket.connection_lost(None)
    assert await socket.close() is False


@pytest.mark.anyio
@pytest.mark.row("HI-44")
@pytest.mark.parametrize("end", ["close_nowait", "abort"])
async def test_closing_inflates_nothing_of_what_waits(open_socket, clock, end):
    socket, duplex, peer = open_socket(Deflate())
    socket.data_received(BOMB + peer.close(3000))
    _, peak = peak_of(getattr(socket, end))
    assert peak < MIB // 4
    assert socket.closed
    if end == "abort":
        assert (duplex.is_aborted, socket.close_code) == (True, 1006)
        return
    # The peer's close frame followed, so both sides have closed.
    assert (duplex.is_closed, socket.close_code) == (True, 3000)
    assert (await socket.receive()).type is WSMsgType.CLOSED


@pytest.mark.anyio
async def test_a_heartbeat_is_patient_while_something_waits(open_socket, clock):
    socket, _, _ = open_socket(Deflate(), heartbeat=10)
    socket.data_received(BOMB)
    clock.advance(100)
    assert not socket.closed
    await socket.receive()
    clock.advance(100)
    assert not socket.closed


@pytest.mark.anyio
async def test_a_flood_of_pings_is_no_matter_of_room(open_socket):
    socket, duplex, peer = open_socket(inbox_limit=0)
    socket.data_received(peer.ping(b"x") * 5000)
    assert not duplex.is_reading
    await turns(10)
    assert duplex.is_reading
    assert len(peer.receive(duplex.take(), 1 << 30)) == 5000


def make_rows(count, streams=999):
    """Build `count` compressed frames of empty streams."""
    return format_frame(0xC2, b"\x03\x00" * streams + b"\x00", MASK) * count


@pytest.mark.row("HI-44")
def test_rows_of_streams_take_room_too():
    """They take time, though they are empty."""
    server = Connection(Role.SERVER, deflate=Deflate())
    room = 256 * 1024
    counts = [len(server.receive(make_rows(100), room))]
    while server.has_more:
        counts.append(len(server.receive(b"", room)))
    assert sum(counts) == 100
    assert max(counts) <= room // (999 * 128) + 1


@pytest.mark.anyio
@pytest.mark.row("HI-44")
@pytest.mark.parametrize("end", [None, "eof_received", "close_nowait", "abort", "vanish"])
async def test_no_turn_of_the_loop_is_long(open_socket, clock, end):
    """Data that takes long is processed a part in each turn, and reading is paused meanwhile."""
    socket, duplex, peer = open_socket(Deflate())
    socket.data_received(make_rows(100) + peer.send_text("last") + peer.close(3000))
    counted = 0
    taker = asyncio.create_task(take(socket))
    while socket.close_code is None and end is None:
        assert not duplex.is_reading
        await asyncio.sleep(0)
        counted += 1
    if end == "vanish":
        duplex.vanish()
    elif end:
        getattr(socket, end)()
    messages = await taker
    assert socket.closed
    if end is None:
        assert counted > 10
    if end in (None, "eof_received", "vanish"):
        assert [message.data for message in messages] == [b""] * 100 + ["last"]
        assert socket.close_code == 3000
    await turns(5)
    assert socket.close_code == (1006 if end == "abort" else 3000)


async def take(socket):
    return [message async for message in socket]


@pytest.mark.anyio
async def test_what_comes_while_reading_is_put_off_waits_behind_it(open_socket):
    socket, duplex, peer = open_socket(Deflate())
    socket.data_received(make_rows(10) + peer.send_text("a"))
    socket.data_received(peer.send_text("b"))
    assert [await socket.receive() for _ in range(10)] == [(BINARY, b"", None)] * 10
    assert [await socket.receive_str() for _ in range(2)] == ["a", "b"]
    await turns()
    assert duplex.is_reading
