"""The exchange in memory keeps the promises of the seam, so that tests with it mean something."""

import asyncio

import pytest

from muntin.http_core import LocalProtocolError, RemoteProtocolError, ResponseHead
from muntin.runner import Duplex, Exchange, Peer
from muntin.web.testing import MemoryExchange, MemoryPeer

pytestmark = pytest.mark.anyio

GET = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"


def test_it_is_an_exchange():
    exchange: Exchange = MemoryExchange()
    peer: Peer = exchange.peer
    assert peer.get_extra_info("sockname") == peer.local_address
    assert exchange.body.at_eof
    assert exchange.body.receive_nowait() == b""


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_a_request_may_come_in_pieces(size):
    raw = b"POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: y\r\n\r\n"
    exchange = MemoryExchange(raw[at : at + size] for at in range(0, len(raw), size))
    got = b""
    while piece := await exchange.body.receive():
        got += piece
    assert (exchange.head.target, got) == ("/a", b"abc")
    assert list(exchange.body.trailers) == [(b"X-T", b"y")]


def test_a_refused_or_incomplete_head():
    with pytest.raises(RemoteProtocolError) as caught:
        MemoryExchange(b"GET / HTTP/2.0\r\n\r\n")
    assert caught.value.status == 505
    with pytest.raises(ValueError):
        MemoryExchange(b"GET / HTTP/1.1\r\n")


async def test_a_broken_body_raises_when_it_is_read():
    exchange = MemoryExchange(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    with pytest.raises(RemoteProtocolError):
        await exchange.body.receive()


async def test_responses_are_taken_apart(tmp_path):
    (tmp_path / "file").write_bytes(b"0123")
    exchange = MemoryExchange(GET)
    with pytest.raises(ValueError):
        _ = exchange.answer
    exchange.inform(103, [("Link", "x")])
    exchange.start(ResponseHead(201, [("X-A", "b")], "Made"))
    exchange.send(b"abc")
    with pytest.raises(ValueError):
        _ = exchange.answer
    with (tmp_path / "file").open("rb") as file:
        await exchange.send_file(file, 1, 2)
    exchange.finish([("X-T", "y")])
    response = exchange.answer
    assert (response.status, response.reason, response.body) == (201, "Made", b"abc12")
    assert response.headers["X-A"] == "b"
    assert dict(response.trailers) == {"X-T": "y"}
    with pytest.raises(LocalProtocolError):
        exchange.respond(ResponseHead(200))


async def test_a_file_that_is_too_short_cuts_the_connection(tmp_path):
    (tmp_path / "file").write_bytes(b"0123")
    exchange = MemoryExchange(GET)
    exchange.start(ResponseHead(200, [("Content-Length", "9")]))
    with (tmp_path / "file").open("rb") as file, pytest.raises(ConnectionResetError):
        await exchange.send_file(file, 0, 9)
    assert exchange.is_disconnected


@pytest.mark.parametrize(("size", "writes"), [(0, 1), (9, 1), (65_535, 1), (65_536, 2), (600_000, 4)])
async def test_a_small_file_is_written_together_with_its_head(tmp_path, size, writes):
    (tmp_path / "file").write_bytes(b"a" * size)
    exchange = MemoryExchange(GET)
    with (tmp_path / "file").open("rb") as file:
        await exchange.respond_file(ResponseHead(200), file, 0, size)
    assert (len(exchange.writes), exchange.body_sent, exchange.is_finished) == (writes, size, True)
    assert exchange.answer.body == b"a" * size


async def test_it_is_the_exchange_of_the_runner():
    """One coroutine reads, what was queued and not taken does not count as sent, a large body is not drained."""
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n"
    exchange = MemoryExchange(head % 9)
    reading = asyncio.ensure_future(exchange.body.receive())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another coroutine"):
        await exchange.body.receive()
    exchange.feed(b"ab")
    exchange.feed(b"cd")
    assert await reading == b"abcd"
    exchange.start(ResponseHead(200, [("Content-Length", "6")]))
    exchange.send(b"abc")
    exchange.stall()
    exchange.send(b"de")
    assert (exchange.body_sent, exchange.write_buffer_size) == (3, 2)
    exchange.disconnect()
    assert exchange.body_sent == 3
    large = MemoryExchange([head % 1_000_000, bytes(500_000)])
    large.respond(ResponseHead(200))
    assert large.answer.headers["Connection"] == "close"


async def test_bytes_after_the_peer_is_gone_are_dropped():
    exchange = MemoryExchange(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\n\r\n")
    exchange.disconnect()
    exchange.feed(b"ab")
    exchange.stall()
    exchange.peer.transport.write(b"x")
    assert (exchange.sent, exchange.body.is_complete) == (b"", False)
    with pytest.raises(ConnectionResetError):
        await exchange.body.receive()


async def test_a_peer_that_stalls_and_one_that_goes():
    exchange = MemoryExchange(GET)
    exchange.start(ResponseHead(200))
    await exchange.drain()
    exchange.stall()
    exchange.send(b"abc")
    assert exchange.write_buffer_size > 0
    waiting = asyncio.ensure_future(exchange.drain())
    await asyncio.sleep(0)
    assert not waiting.done()
    exchange.resume()
    await waiting
    assert exchange.write_buffer_size == 0
    told = []
    exchange.call_on_disconnect(lambda: told.append(1))
    exchange.disconnect()
    exchange.disconnect()
    exchange.call_on_disconnect(lambda: told.append(2))
    assert told == [1, 2]
    for attempt in (
        lambda: exchange.send(b"x"),
        lambda: exchange.finish(),
        lambda: exchange.inform(103),
        lambda: exchange.respond(ResponseHead(200)),
    ):
        with pytest.raises(ConnectionResetError):
            attempt()
    with pytest.raises(ConnectionResetError):
        await exchange.drain()


async def test_an_upgrade():
    received = []

    class Receiver:
        def data_received(self, data):
            received.append(data)

        def eof_received(self):
            received.append(None)

        def connection_lost(self, error):
            received.append(error)

    exchange = MemoryExchange(
        b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\nearly",
        peer=MemoryPeer(extra={"cipher": "none"}),
    )
    duplex: Duplex = exchange.upgrade(ResponseHead(101, [("Upgrade", "chat")]))
    assert exchange.answer.status == 101
    duplex.attach(Receiver())
    exchange.feed(b"more")
    duplex.write(b"sent")
    await duplex.drain()
    duplex.pause_reading()
    duplex.resume_reading()
    assert exchange.sent.endswith(b"\r\n\r\nsent")
    assert (duplex.get_extra_info("cipher"), duplex.write_buffer_size, duplex.is_closing) == (
        "none",
        0,
        False,
    )
    exchange.stall()
    duplex.write(b"queued")
    draining = asyncio.ensure_future(duplex.drain())
    await asyncio.sleep(0)
    assert (draining.done(), duplex.write_buffer_size) == (False, 6)
    exchange.resume()
    await draining
    told = []
    duplex.call_on_shutdown(lambda: told.append("shutdown"))
    exchange.shut_down()
    assert told == ["shutdown"]
    duplex.close()
    duplex.abort()
    exchange.shut_down()
    assert told == ["shutdown"]
    assert received == [b"early", b"more", None]
    assert duplex.is_closing


async def test_an_expectation_is_met_when_somebody_reads():
    raw = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    for waive, expected in ((False, b"HTTP/1.1 100 Continue\r\n\r\n"), (True, b"")):
        exchange = MemoryExchange(raw)
        if waive:
            exchange.waive_continue()
        reading = asyncio.ensure_future(exchange.body.receive())
        await asyncio.sleep(0)
        assert bytes(exchange.sent) == expected
        exchange.feed(b"ab")
        assert await reading == b"ab"


@pytest.mark.row("HI-22")
async def test_an_early_response_is_the_last_by_the_rule_of_the_engine():
    head = b"POST / HTTP/1.1\r\nHost: h\r\nExpect: %b\r\nContent-Length: 2\r\n\r\n"
    for expectation in (b"100-continue", b"100-continue, 100-continue", b"tea", b""):
        for body, keeps in ((b"", False), (b"a", False), (b"ab", True)):
            exchange = MemoryExchange(head % expectation + body)
            exchange.waive_continue()
            exchange.respond(ResponseHead(404), b"no")
            assert exchange.keeps_alive is keeps
            assert (b"Connection: close" in exchange.sent) is not keeps
    held = MemoryExchange(head % b"tea, 100-continue")
    held.start(ResponseHead(404))
    assert b"Connection: close" in held.sent
