"""Reading bodies whole: limits, charsets, codings, JSON."""

import asyncio
import gzip
import json
import os
import zlib
from collections.abc import Coroutine, Iterator
from typing import Any

import httpx
import pytest

from muntin import web
from muntin.web.request.request import Request
from muntin.web.response.exceptions import (
    HTTPBadRequest,
    HTTPException,
    HTTPRequestEntityTooLarge,
    HTTPUnsupportedMediaType,
    PayloadAccessError,
    RequestPayloadError,
)
from muntin.web.response.json import JSON, JSONCodec
from muntin.web.response.whole import Response
from muntin.web.testing import TestServer
from muntin.web.testing.exchange import MemoryExchange

pytestmark = pytest.mark.anyio


@pytest.mark.row("HC-15")
@pytest.mark.parametrize(
    ("line", "body", "text"),
    [
        ("X: y", "ü".encode(), "ü"),
        ("Content-Type: text/plain; charset=KOI8-R", b"\xd1", "я"),
        ("Content-Type: text/plain; charset=utf-8", b"", ""),
    ],
)
async def test_text_by_its_charset(make_request, line, body, text):
    request = make_request("POST", "/", line, body=body)
    assert await request.text() == text
    assert await request.text() == text
    assert await request.read() == body


@pytest.mark.parametrize(
    ("charset", "body", "kind"),
    [
        ("utf-8", b"\xff", HTTPBadRequest),
        ("nonsense", b"x", HTTPUnsupportedMediaType),
        ("zlib", b"x", HTTPUnsupportedMediaType),
        ("idna", b"x", HTTPUnsupportedMediaType),
    ],
)
async def test_text_that_cannot_be_read_is_the_clients_fault(make_request, charset, body, kind):
    request = make_request("POST", "/", f"Content-Type: text/plain; charset={charset}", body=body)
    with pytest.raises(kind):
        await request.text()


async def test_a_request_without_a_body(make_request):
    request = make_request()
    assert not request.body_exists
    assert not request.can_read_body
    assert not request.has_body
    assert await request.read() == b""
    assert await request.text() == ""
    await request.release()


@pytest.mark.row("HC-45", "BH-10")
@pytest.mark.parametrize("chunked", [False, True])
async def test_larger_than_the_limit(make_request, chunked):
    def request(size, **kwargs):
        body = b"x" * size
        if chunked:
            return make_request(
                "POST",
                "/",
                "Transfer-Encoding: chunked",
                body=b"%x\r\n%b\r\n0\r\n\r\n" % (size, body),
                **kwargs,
            )
        return make_request("POST", "/", body=body, **kwargs)

    assert len(await request(1 << 20).read()) == 1 << 20
    with pytest.raises(HTTPRequestEntityTooLarge) as caught:
        await request((1 << 20) + 1).read()
    assert caught.value.status == 413
    assert len(await request(20, client_max_size=20).read()) == 20
    with pytest.raises(HTTPRequestEntityTooLarge):
        await request(21, client_max_size=20).read()
    assert len(await request(2 << 20, client_max_size=0).read()) == 2 << 20


@pytest.mark.row("HC-22", "HI-22")
async def test_nobody_asks_for_a_body_that_will_not_be_taken():
    large = MemoryExchange(
        b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n"
    )
    with pytest.raises(HTTPRequestEntityTooLarge) as caught:
        await Request(large).read()
    assert not large.sent
    caught.value.deliver_nowait(Request(large))
    assert large.answer.headers["Connection"] == "close"
    small = MemoryExchange(b"POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    reading = asyncio.ensure_future(Request(small).read())
    await asyncio.sleep(0)
    assert bytes(small.sent) == b"HTTP/1.1 100 Continue\r\n\r\n"
    small.feed(b"ab")
    assert await reading == b"ab"


@pytest.mark.row("HC-16")
async def test_the_peer_goes_away_in_the_middle():
    exchange = MemoryExchange(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nab")
    request = Request(exchange)
    reading = asyncio.ensure_future(request.read())
    await asyncio.sleep(0)
    exchange.disconnect()
    with pytest.raises(ConnectionResetError):
        await reading
    with pytest.raises(OSError):
        await request.text()
    assert isinstance(request.content.exception(), ConnectionResetError)


@pytest.mark.parametrize(
    "rest", [b"zz\r\n", b"1\r\nab\r\n", b"5;\x00\r\n", b"0\r\nbad header\r\n\r\n", b"fffffffffffffffff\r\n"]
)
async def test_broken_framing_is_answered_by_its_status(rest):
    exchange = MemoryExchange(b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n" + rest)
    with pytest.raises(HTTPException) as caught:
        await Request(exchange).read()
    assert caught.value.status in (400, 413, 431)


@pytest.mark.row("HI-26", "AH-14")
@pytest.mark.parametrize(
    ("coding", "body", "status"),
    [
        ("gzip", gzip.compress(b"hello"), 200),
        ("x-gzip", gzip.compress(b"hello"), 200),
        ("identity", b"hello", 200),
        ("deflate", zlib.compress(b"hello"), 200),
        ("deflate, gzip", gzip.compress(zlib.compress(b"hello")), 200),
        ("gzip", gzip.compress(b"hello") + gzip.compress(b""), 200),
        ("lzma", b"hello", 415),
        ("gzip, gzip, gzip, gzip", b"hello", 415),
        ("gzip;", b"hello", 400),
        ("gzip", b"hello", 400),
        ("gzip", gzip.compress(b"hello")[:-1], 400),
        ("gzip", gzip.compress(b"\0" * (50 << 20)), 413),
        ("gzip, gzip", gzip.compress(gzip.compress(b"\0" * (50 << 20))), 413),
        ("gzip", gzip.compress(b"") * 30_000, 413),
    ],
)
async def test_content_codings_are_undone_within_bounds(make_request, coding, body, status):
    request = make_request("POST", "/", f"Content-Encoding: {coding}", body=body)
    if status == 200:
        assert await request.read() == b"hello"
        return
    with pytest.raises(HTTPException) as caught:
        await request.read()
    assert caught.value.status == status


def silence(before: bytes) -> Iterator[bytes]:
    """Twenty megabytes of gzip that say no more than what stands before them, as chunks."""
    encoder = zlib.compressobj(0, wbits=31)
    begin = encoder.compress(before) + encoder.flush(zlib.Z_FULL_FLUSH)
    nothing = b"\x00\x00\x00\xff\xff" * 8192
    for data in (begin, *[nothing] * 512, encoder.flush()):
        yield b"%x\r\n%b\r\n" % (len(data), data)
    yield b"0\r\n\r\n"


def silent_request(content_type: str, limit: int) -> Request:
    head = f"POST / HTTP/1.1\r\nHost: h\r\nContent-Type: {content_type}\r\nContent-Encoding: gzip\r\n"
    return Request(MemoryExchange(f"{head}Transfer-Encoding: chunked\r\n\r\n".encode()), limit)


async def read_while_it_comes(
    request: Request, pieces: Iterator[bytes], reading: Coroutine[Any, Any, Any]
) -> None:
    """Read what is fed piece by piece, for as long as somebody reads."""
    task = asyncio.ensure_future(reading)
    await asyncio.sleep(0)
    for piece in pieces:
        if task.done():
            break
        request.exchange.feed(piece)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    await task


FORM = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n'


@pytest.mark.parametrize("limit", [1 << 20, 1 << 16])
@pytest.mark.parametrize(
    ("content_type", "how", "before"),
    [
        ("text/plain", "read", b""),
        ("text/plain", "text", b"x" * 60_000),
        ("application/json", "json", b"{"),
        ("application/x-www-form-urlencoded", "post", b"a="),
        ("multipart/form-data; boundary=b", "post", b""),
        ("multipart/form-data; boundary=b", "post", FORM + b"x" * 60_000),
    ],
)
async def test_a_coding_that_says_nothing_is_bounded_by_what_was_sent(content_type, how, before, limit):
    request = silent_request(content_type, limit)
    with pytest.raises(HTTPRequestEntityTooLarge):
        await read_while_it_comes(request, silence(before), getattr(request, how)())
    assert request.content.total_raw_bytes <= limit + (1 << 16)


async def test_the_same_without_a_limit_and_where_parts_are_read_as_they_come():
    async def read_parts(request: Request) -> None:
        async for part in await request.multipart():
            await part.read()

    request = silent_request("multipart/form-data; boundary=b", 1 << 20)
    for reading in (read_parts(request), request.read(), request.release()):
        with pytest.raises(HTTPRequestEntityTooLarge):
            await read_while_it_comes(request, silence(FORM), reading)
        assert request.content.total_raw_bytes < 1 << 19
        request = silent_request("text/plain", 0)


async def test_a_stream_may_be_larger_as_sent_and_what_is_left_of_it_read_whole():
    content = os.urandom(300_000)
    packed = gzip.compress(content)
    head = b"POST / HTTP/1.1\r\nHost: h\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    pieces = [packed[at : at + 10_000] for at in range(0, len(packed), 10_000)]

    def request(limit):
        chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
        return Request(MemoryExchange([head, *chunks, b"0\r\n\r\n"]), limit)

    whole = request(1000)
    assert b"".join([piece async for piece in whole.content.iter_any()]) == content
    rest = request(100_000)
    begin = await rest.content.readexactly(250_000)
    assert begin + await rest.read() == content
    with pytest.raises(HTTPRequestEntityTooLarge):
        await request(299_000).read()


@pytest.mark.row("HI-26")
async def test_a_bomb_is_not_blown_up_for_a_stream_either(make_request):
    request = make_request(
        "POST", "/", "Content-Encoding: gzip, gzip", body=gzip.compress(gzip.compress(b"\0" * (200 << 20)))
    )
    sizes = []

    async def read():
        async for piece in request.content.iter_any():
            sizes.append(len(piece))

    with pytest.raises(HTTPRequestEntityTooLarge):
        await read()
    assert max(sizes) <= 65536
    assert sum(sizes) < 4 << 20


async def test_an_unread_body_cannot_be_read_after_the_response():
    exchange = MemoryExchange(b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n")
    request = Request(exchange)
    Response().deliver_nowait(request)
    with pytest.raises(PayloadAccessError):
        await request.read()


# JSON


async def test_json(make_request):
    request = make_request("POST", "/", body=b'{"a": [1, "\xc3\xbc"]}')
    assert await request.json() == {"a": [1, "ü"]}
    assert await request.json(loads=lambda text: len(text)) == 15


@pytest.mark.row("DM-34")
@pytest.mark.parametrize("body", [b"", b"{", b"nope", b"[" * 100_000, b'{"a":1}x', b"\xff", b"9" * 5000])
async def test_what_is_no_json_is_the_clients_fault(make_request, body):
    request = make_request("POST", "/", body=body)
    with pytest.raises(RequestPayloadError) as caught:
        await request.json()
    assert caught.value.status == 400
    with pytest.raises((ValueError, HTTPBadRequest)):
        await request.json()


async def test_malformed_json_can_be_caught_as_ever(make_request):
    with pytest.raises(json.JSONDecodeError) as caught:
        await make_request("POST", "/", body=b'{"a":').json(loads=json.loads)
    assert caught.value.pos == 5

    def loads(text):
        raise KeyError(text)

    with pytest.raises(KeyError):
        await make_request("POST", "/", body=b"x").json(loads=loads)


class Match(dict):
    """What matching gives, as far as a request asks."""

    prepare_signals = ()

    def __init__(self, *apps):
        super().__init__()
        self.apps = apps


async def test_an_application_has_a_codec_of_its_own(make_request):
    def loads(text):
        if text == "bad":
            raise LookupError(text)
        return ["own", text]

    codec = JSONCodec(loads=loads, dumps=lambda value: b"own:%d" % value)
    request = make_request("POST", "/", body=b"x")
    request.bind_info(Match({JSON: codec}, {}))
    assert await request.json() == ["own", "x"]
    assert request.json_response(5, status=201).body == b"own:5"
    assert request.json_response(5).headers["Content-Type"] == "application/json"
    other = make_request("POST", "/", body=b"bad")
    other.bind_info(Match({JSON: codec}))
    with pytest.raises(HTTPBadRequest):
        await other.json()
    plain = make_request("POST", "/", body=b"[1]")
    plain.bind_info(Match({}))
    assert await plain.json() == [1]
    assert plain.json_response([1]).text == "[1]"


@pytest.mark.parametrize("decodes", [True, False])
async def test_a_server_may_leave_bodies_in_their_codings(decodes):
    async def echo(request):
        whole = await request.read()
        return web.Response(body=whole)

    async def stream(request):
        return web.Response(body=b"".join([piece async for piece in request.content.iter_any()]))

    app = web.Application(handler_args={"auto_decompress": decodes})
    app.add_routes([web.post("/", echo), web.post("/stream", stream)])
    packed = gzip.compress(b"hello")
    fields = {"Content-Encoding": "gzip"}
    bare = web.Server(echo, auto_decompress=decodes)
    async with (
        TestServer(app) as server,
        TestServer(bare) as other,
        httpx.AsyncClient(timeout=None) as client,
    ):
        for url in (server.make_url("/"), server.make_url("/stream"), other.make_url("/")):
            response = await client.post(str(url), content=packed, headers=fields)
            assert response.content == (b"hello" if decodes else packed)
            strange = await client.post(str(url), content=b"x", headers={"Content-Encoding": "rot13"})
            assert strange.status_code == (415 if decodes else 200)


def test_whoever_makes_requests_decides_about_their_codings():
    with pytest.raises(TypeError, match="auto_decompress"):
        web.Server(lambda request: None, request_factory=web.BaseRequest, auto_decompress=False)
