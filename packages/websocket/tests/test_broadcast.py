import zlib

import pytest

from muntin.websocket import Deflate, WSMessage, WSMsgType
from muntin.websocket.aio import broadcast, skip_slow

pytestmark = pytest.mark.anyio


async def test_everybody_gets_it(open_socket):
    rooms = [
        open_socket(),
        open_socket(Deflate()),
        open_socket(Deflate()),
        open_socket(Deflate(server_max_window_bits=9)),
    ]
    assert broadcast([socket for socket, *_ in rooms], "hello " * 20) == 4
    wires = [duplex.take() for _, duplex, _ in rooms]
    assert wires[1] == wires[2] != wires[0]
    for (_, _, peer), wire in zip(rooms, wires, strict=True):
        assert peer.receive(wire) == [WSMessage(WSMsgType.TEXT, "hello " * 20)]


async def test_it_is_compressed_once(open_socket, monkeypatch):
    made = []
    compressobj = zlib.compressobj
    monkeypatch.setattr(zlib, "compressobj", lambda *args: made.append(args) or compressobj(*args))
    broadcast([open_socket(Deflate())[0] for _ in range(10)], b"x" * 1000)
    assert len(made) == 1


async def test_the_slow_are_dropped_or_skipped(open_socket):
    fast, slow = open_socket(), open_socket()
    slow[1].stall()
    broadcast([fast[0], slow[0]], bytes(1000))
    assert broadcast([fast[0], slow[0]], "skipped", slow=skip_slow, slow_limit=999) == 1
    assert not slow[0].closed
    assert broadcast({fast[0], slow[0]}, "dropped", slow_limit=999) == 1
    assert slow[0].closed
    assert [message.data for message in slow[2].receive(slow[1].take())][1:] == [1008]


async def test_the_closed_are_left_out(open_socket):
    closed, full = open_socket()[0], open_socket(writer_limit=10, buffer_limit=10)
    closed.close_nowait()
    full[1].stall()
    full[0].send_str("x" * 20)
    assert broadcast([closed, full[0]], "x", slow_limit=1000) == 0
    assert full[0].closed
