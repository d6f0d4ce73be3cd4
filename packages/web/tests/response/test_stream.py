"""Streamed responses, over exchanges in memory."""

import asyncio
import gzip
import zlib

import pytest

from muntin.http_core import LocalProtocolError
from muntin.web.response.compression import ContentCoding
from muntin.web.response.delivery import HARD_BUFFER_LIMIT
from muntin.web.response.stream import StreamResponse

pytestmark = pytest.mark.anyio


def sent(request):
    return request.exchange.answer


@pytest.mark.row("HC-10", "BH-14")
@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_chunked_for_who_understands_it_and_until_the_close_for_who_does_not(make_request, version):
    request = make_request(version=version)
    response = StreamResponse(headers={"X-A": "b"})
    assert not response.prepared
    await response.prepare(request)
    await response.prepare(request)
    await response.write(b"ab")
    await response.write(bytearray(b"c"))
    await response.write(memoryview(b"d"))
    await response.write(b"")
    await response.write_eof(b"e")
    await response.write_eof()
    received = sent(request)
    assert (received.status, received.body, received.headers["X-A"]) == (200, b"abcde", "b")
    assert received.headers["Content-Type"] == "application/octet-stream"
    assert (received.headers.get("Transfer-Encoding") == "chunked") is (version == "1.1")
    assert request.exchange.keeps_alive is (version == "1.1")
    assert (response.body_length, response.output_length, response.finished) == (5, 5, True)


async def test_a_declared_length_frames_the_body(make_request):
    request, response = make_request(), StreamResponse()
    response.content_length = 3
    with pytest.raises(RuntimeError):
        response.enable_chunked_encoding()
    await response.prepare(request)
    await response.write(b"ab")
    with pytest.raises(LocalProtocolError):
        await response.write(b"cd")
    await response.write_eof(b"c")
    assert sent(request).headers["Content-Length"] == "3"
    assert sent(request).body == b"abc"
    short = make_request()
    response = StreamResponse(headers={"Content-Length": "3"})
    await response.prepare(short)
    with pytest.raises(LocalProtocolError):
        await response.write_eof(b"a")
    assert short.exchange.is_disconnected


@pytest.mark.row("CF-01")
async def test_calls_without_await_act_at_the_call_in_order(make_request):
    request, response = make_request(), StreamResponse()
    await response.prepare(request)
    response.write(b"a")
    assert request.exchange.sent.endswith(b"1\r\na\r\n")
    await response.write(b"b")
    response.write(b"c")
    response.drain()
    with pytest.raises(TypeError):
        response.write("text")
    response.write_eof(b"d")
    assert sent(request).body == b"abcd"


@pytest.mark.row("CF-01")
async def test_what_a_call_gives_can_be_made_a_task(make_request):
    request, response = make_request(), StreamResponse()
    await response.prepare(request)
    await asyncio.create_task(response.write(b"a"))
    request.exchange.stall()
    task = asyncio.create_task(response.write(b"b"))
    await asyncio.sleep(0)
    assert not task.done()
    cancelled = asyncio.create_task(response.drain())
    await asyncio.sleep(0)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    request.exchange.resume()
    await asyncio.gather(task, response.write_eof())
    assert sent(request).body == b"ab"
    unawaited = response.drain()
    unawaited.close()


@pytest.mark.row("HC-50")
async def test_a_writer_waits_for_a_slow_reader(make_request):
    request, response = make_request(), StreamResponse()
    await response.prepare(request)
    request.exchange.stall()
    writing = asyncio.ensure_future(response.write(b"x" * 1000))
    await asyncio.sleep(0)
    assert not writing.done()
    request.exchange.resume()
    await writing


@pytest.mark.row("CF-01", "HI-25")
async def test_who_never_awaits_is_bounded(make_request):
    request, response = make_request(), StreamResponse()
    await response.prepare(request)
    request.exchange.stall()
    piece = b"x" * (1 << 20)
    for _ in range(HARD_BUFFER_LIMIT // len(piece)):
        response.write(piece)
    with pytest.raises(ConnectionResetError, match="does not read"):
        response.write(piece)
    assert request.exchange.write_buffer_size <= HARD_BUFFER_LIMIT + 2 * len(piece)
    assert request.exchange.is_disconnected


@pytest.mark.row("HC-17")
async def test_writing_to_a_peer_that_is_gone(make_request):
    request, response = make_request(), StreamResponse()
    await response.prepare(request)
    request.exchange.stall()
    waiting = asyncio.ensure_future(response.write(b"x"))
    await asyncio.sleep(0)
    request.exchange.disconnect()
    with pytest.raises(ConnectionResetError):
        await waiting
    with pytest.raises(ConnectionResetError):
        await response.write(b"y")


async def test_the_order_of_calls_is_checked(make_request):
    response = StreamResponse()
    with pytest.raises(RuntimeError, match="before prepare"):
        response.write(b"x")
    with pytest.raises(RuntimeError, match="before prepare"):
        response.write_eof()
    await response.drain()
    request = make_request()
    assert response.task is None
    await response.prepare(request)
    assert response.task is asyncio.current_task()
    with pytest.raises(RuntimeError, match="before prepare"):
        response.set_status(404)
    await response.write_eof()
    with pytest.raises(RuntimeError, match="after write_eof"):
        response.write(b"x")
    with pytest.raises(RuntimeError, match="another request"):
        await response.prepare(make_request())


@pytest.mark.row("HC-10")
async def test_what_a_handler_returns_is_finished_for_it(make_request):
    fresh = make_request()
    assert not StreamResponse().deliver_nowait(fresh)
    await StreamResponse().deliver(fresh)
    assert sent(fresh).body == b""
    half = make_request()
    response = StreamResponse()
    await response.prepare(half)
    await response.write(b"x")
    assert not response.deliver_nowait(half)
    await response.deliver(half)
    assert response.deliver_nowait(half)
    assert sent(half).body == b"x"


async def test_trailers(make_request):
    for version, expected in (("1.1", {"X-Sum": "1"}), ("1.0", {})):
        request, response = make_request(version=version), StreamResponse()
        await response.prepare(request)
        await response.write(b"x")
        response.trailers["X-Sum"] = "1"
        await response.write_eof()
        assert dict(sent(request).trailers) == expected
    request, response = make_request(), StreamResponse()
    await response.prepare(request)
    for bad, kind in (("a\r\nb", ValueError), (1, TypeError)):
        with pytest.raises(kind):
            response.trailers["X"] = bad


@pytest.mark.parametrize("coding", [ContentCoding.gzip, ContentCoding.deflate, None])
async def test_a_stream_is_compressed(make_request, coding):
    request, response = make_request("GET", "/", "Accept-Encoding: gzip"), StreamResponse()
    response.content_length = 5
    response.enable_compression(coding)
    await response.prepare(request)
    for _ in range(100):
        await response.write(b"hello")
    await response.write_eof(b"!")
    received = sent(request)
    decode = zlib.decompress if coding is ContentCoding.deflate else gzip.decompress
    assert decode(received.body) == b"hello" * 100 + b"!"
    assert "Content-Length" not in received.headers
    assert response.body_length == len(received.body)


async def test_a_strategy_for_compression(make_request):
    sizes = []
    for strategy in (None, zlib.Z_HUFFMAN_ONLY):
        request, response = make_request("GET", "/", "Accept-Encoding: gzip"), StreamResponse()
        response.enable_compression(strategy=strategy)
        await response.prepare(request)
        await response.write_eof(b"hello" * 1000)
        assert gzip.decompress(sent(request).body) == b"hello" * 1000
        sizes.append(response.body_length)
    assert sizes[0] * 10 < sizes[1]


def test_the_size_of_chunks_has_no_meaning():
    with pytest.warns(DeprecationWarning, match="chunk_size") as warned:
        StreamResponse().enable_chunked_encoding(1024)
    assert warned[0].filename == __file__


async def test_signals_are_called_outer_first_before_the_head(make_request):
    request, order = make_request(), []

    async def outer(request, response):
        order.append("outer")
        assert "Date" in response.headers
        assert not request.exchange.sent

    async def inner(request, response):
        order.append("inner")
        response.headers["X-A"] = "b"

    request.prepare_signals = (outer, inner)
    response = StreamResponse()
    await response.prepare(request)
    await response.write_eof()
    assert order == ["outer", "inner"]
    assert sent(request).headers["X-A"] == "b"


async def test_force_close_and_keep_alive(make_request):
    request, response = make_request(), StreamResponse()
    response.force_close()
    await response.prepare(request)
    await response.write_eof()
    assert sent(request).headers["Connection"] == "close"
    assert response.keep_alive is False
    request, response = make_request(), StreamResponse()
    await response.prepare(request)
    assert response.keep_alive is True
    assert repr(response) == "<StreamResponse 200 OK prepared>"
