"""Content codings of responses: each piece arrives when it is written, and what is empty stays so."""

import asyncio
import io
from typing import Any

import pytest

from muntin import web
from muntin.http_core.coding.decoder import ContentDecoder, decode_content
from muntin.http_core.coding.encoder import encode_content
from muntin.http_core.coding.registry import available_codings
from muntin.web.multipart import MultipartWriter
from muntin.web.testing import TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio

CODINGS = available_codings()
EACH_CODING = pytest.mark.parametrize("coding", CODINGS)


def readable(request: web.Request, coding: str) -> bytes:
    """What the peer can read of a body that is still being sent (to HTTP/1.0, so there are no chunks)."""
    body = bytes(request.exchange.sent).partition(b"\r\n\r\n")[2]
    return b"".join(ContentDecoder([coding]).decode(body))


@pytest.fixture
def ask(make_request: Any) -> Any:
    return lambda coding: make_request("GET", "/", f"Accept-Encoding: {coding}", version="1.0")


def encoded(response: Any) -> Any:
    response.enable_compression()
    return response


# Pieces


@EACH_CODING
async def test_each_written_piece_can_be_read_at_once(ask, coding):
    request, response = ask(coding), encoded(web.StreamResponse())
    await response.prepare(request)
    so_far = b""
    for piece in (b"a", b"hello " * 50, b"", bytes(range(256)) * 300, b"\0"):
        so_far += piece
        await response.write(piece)
        assert readable(request, coding) == so_far
    response.write(bytearray(b"not awaited"))
    assert readable(request, coding) == so_far + b"not awaited"
    await response.write_eof(b"end")
    assert decode_content(request.exchange.answer.body, [coding]) == so_far + b"not awaitedend"


@EACH_CODING
async def test_what_is_written_at_once_costs_no_flush(ask, coding):
    whole = encode_content(b"hello " * 1000, coding)
    request, response = ask(coding), encoded(web.StreamResponse())
    await response.prepare(request)
    await response.write(b"")
    assert readable(request, coding) == b""
    await response.write_eof(b"hello " * 1000)
    assert request.exchange.answer.body == whole
    request, response = ask(coding), encoded(web.Response(body=b"hello " * 1000))
    response.enable_chunked_encoding()
    await response.deliver(request)
    assert request.exchange.answer.body == whole


@EACH_CODING
async def test_each_event_and_comment_can_be_read_at_once(ask, coding):
    request, stream = ask(coding), encoded(web.EventStream(retry=1.0))
    async with stream.open(request):
        assert readable(request, coding) == b"retry: 1000\n\n"
        for number in range(3):
            await stream.send(str(number))
            assert readable(request, coding).endswith(b"data: %d\n\n" % number)
        await stream.comment("still here")
        assert readable(request, coding).endswith(b": still here\n\n")
    assert request.exchange.answer.headers["Content-Encoding"] == coding


@EACH_CODING
async def test_each_piece_of_an_iterator_can_be_read_at_once(ask, coding):
    request = ask(coding)
    seen = []

    async def pieces():
        for piece in (b"one", b"two", b"three"):
            yield piece
            seen.append(readable(request, coding))

    await encoded(web.Response(body=pieces())).deliver(request)
    assert seen == [b"one", b"onetwo", b"onetwothree"]
    assert decode_content(request.exchange.answer.body, [coding]) == b"onetwothree"


@EACH_CODING
async def test_each_piece_of_an_encoded_part_can_be_read_at_once(make_request, coding):
    request = make_request(version="1.0")
    seen = []

    async def pieces():
        for piece in (b"one", b"two", b"three"):
            yield piece
            part = bytes(request.exchange.sent).split(b"\r\n\r\n")[-1]
            seen.append(b"".join(ContentDecoder([coding]).decode(part)))

    writer = MultipartWriter()
    writer.append(pieces(), {"Content-Encoding": coding})
    await web.Response(body=writer).deliver(request)
    assert seen == [b"one", b"onetwo", b"onetwothree"]


@EACH_CODING
async def test_over_a_socket_events_do_not_wait_for_others(coding):
    go_on = asyncio.Event()

    async def events(request: web.Request) -> web.StreamResponse:
        stream = encoded(web.EventStream())
        async with stream.open(request):
            await stream.send("first")
            await go_on.wait()
            await stream.send("second")
        return stream

    app = web.Application()
    app.add_routes([web.get("/", events)])
    async with TestServer(app) as server, asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(f"GET / HTTP/1.0\r\nHost: h\r\nAccept-Encoding: {coding}\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        decoder, read = ContentDecoder([coding]), b""
        while b"first" not in read:
            read += b"".join(decoder.decode(await reader.read(65536)))
        assert read == b"data: first\n\n"
        go_on.set()
        read += b"".join(decoder.decode(await reader.read()))
        decoder.finish()
        assert read == b"data: first\n\ndata: second\n\n"
        writer.close()


# Nothing to encode

EMPTY = {
    "204": lambda: web.Response(status=204),
    "205": lambda: web.Response(status=205),
    "304": lambda: web.Response(status=304),
    "raised": lambda: web.HTTPNoContent(),
    "none": lambda: web.Response(),
    "bytes": lambda: web.Response(body=b""),
    "text": lambda: web.Response(text=""),
    "file": lambda: web.Response(body=io.BytesIO()),
    "stream of 204": lambda: web.StreamResponse(status=204),
    "stream of 205": lambda: web.StreamResponse(status=205, headers={"Content-Length": "0"}),
    "stream without content": lambda: web.StreamResponse(headers={"Content-Length": "0"}),
    "stream of 304": lambda: web.StreamResponse(status=304, headers={"Content-Length": "0"}),
}


@pytest.mark.parametrize("force", [None, True, web.ContentCoding.gzip])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", EMPTY)
async def test_nothing_has_no_coding(make_request, kind, method, force):
    request, response = make_request(method, "/", "Accept-Encoding: gzip"), EMPTY[kind]()
    response.enable_compression(force)
    if not response.deliver_nowait(request):
        await response.deliver(request)
    received = request.exchange.answer
    assert "Content-Encoding" not in received.headers
    assert received.headers["Vary"] == "Accept-Encoding"
    assert received.body == b""
    assert received.headers.get("Content-Length", "0") == "0"
    assert response.body_length == 0


async def test_a_304_has_the_tag_of_the_200_and_other_statuses_their_own(make_request):
    for lines, status in ((), 200), (('If-None-Match: W/"t"',), 304):
        request = make_request("GET", "/", "Accept-Encoding: gzip", *lines)
        response = encoded(web.Response(text="x" * 100, headers={"ETag": '"t"'}))
        response.make_conditional(request)
        await response.deliver(request)
        assert request.exchange.answer.status == status
        assert request.exchange.answer.headers["ETag"] == 'W/"t"'
        assert ("Content-Encoding" in request.exchange.answer.headers) is (status == 200)
    for status in (200, 204):
        request = make_request("PUT", "/", "Accept-Encoding: gzip")
        await encoded(web.Response(status=status, headers={"ETag": '"t"'})).deliver(request)
        assert request.exchange.answer.headers["ETag"] == '"t"'


# Files


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "page.txt"
    path.write_bytes(b"hello " * 50_000)
    return path


async def answer_of(request: web.Request, response: Any) -> Any:
    if not response.deliver_nowait(request):
        await response.deliver(request)
    return request.exchange.answer


async def test_a_file_that_is_encoded_has_no_ranges(make_request, file):
    response = await answer_of(
        make_request("GET", "/", "Accept-Encoding: gzip"), encoded(web.FileResponse(file))
    )
    assert "Accept-Ranges" not in response.headers
    assert decode_content(response.body, ["gzip"]) == file.read_bytes()
    again = make_request("GET", "/", "Accept-Encoding: gzip", f"If-None-Match: {response.headers['ETag']}")
    unchanged = await answer_of(again, encoded(web.FileResponse(file)))
    assert (unchanged.status, unchanged.headers["ETag"]) == (304, response.headers["ETag"])
    assert "Content-Encoding" not in unchanged.headers
    assert "Accept-Ranges" not in unchanged.headers
    text = web.Response(text="x" * 100, headers={"Accept-Ranges": "bytes"})
    response = await answer_of(make_request("GET", "/", "Accept-Encoding: gzip"), encoded(text))
    assert "Accept-Ranges" not in response.headers


async def test_a_file_that_is_not_encoded_has_ranges(make_request, file):
    for lines in ((), ("Accept-Encoding: identity",)):
        response = await answer_of(make_request("GET", "/", *lines), encoded(web.FileResponse(file)))
        assert response.headers["Accept-Ranges"] == "bytes"
        assert response.headers["Content-Length"] == str(len(response.body)) == "300000"


@pytest.mark.parametrize("ranges", ["0-9", "0-9,100-109"])
async def test_a_range_is_not_encoded(make_request, file, ranges):
    request = make_request("GET", "/", "Accept-Encoding: gzip", f"Range: bytes={ranges}")
    response = await answer_of(request, encoded(web.FileResponse(file)))
    assert response.status == 206
    assert "Content-Encoding" not in response.headers
    assert b"hello hell" in response.body


async def test_an_empty_file_is_not_encoded(make_request, file):
    file.write_bytes(b"")
    response = await answer_of(
        make_request("GET", "/", "Accept-Encoding: gzip"), encoded(web.FileResponse(file))
    )
    assert "Content-Encoding" not in response.headers
    assert (response.headers["Content-Length"], response.body) == ("0", b"")


async def test_a_file_that_is_encoded_on_the_disk_is_sent_as_it_is(make_request, file):
    packed = encode_content(b"packed before", "gzip")
    file.with_name("page.txt.gz").write_bytes(packed)
    response = await answer_of(
        make_request("GET", "/", "Accept-Encoding: gzip"), encoded(web.FileResponse(file))
    )
    assert response.headers["Content-Encoding"] == "gzip"
    assert response.headers["Accept-Ranges"] == "bytes"
    assert (response.headers["Content-Length"], response.body) == (str(len(packed)), packed)
