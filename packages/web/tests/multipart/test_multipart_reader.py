"""Multipart bodies, part by part."""

import asyncio
import base64
import gzip

import pytest

from muntin.web.multipart.reader import BodyPartReader, MultipartReader
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPBadRequest, HTTPException, HTTPRequestEntityTooLarge
from muntin.web.testing.exchange import MemoryExchange

pytestmark = pytest.mark.anyio

MIXED = "Content-Type: multipart/mixed; boundary=B"


def body(*parts):
    return b"".join(b"--B\r\n" + part + b"\r\n" for part in parts) + b"--B--\r\n"


async def test_parts_in_order(make_request):
    raw = body(
        b'Content-Disposition: form-data; name="a"; filename="f.txt"\r\nContent-Type: text/plain\r\n\r\none\ntwo',
        b"\r\nskipped",
        b'Content-Type: application/json\r\n\r\n{"a": 1}',
        b"Content-Type: application/x-www-form-urlencoded\r\n\r\na=1&b=%20",
        b"\r\n",
    )
    reader = await make_request("POST", "/", MIXED, body=raw).multipart()
    assert isinstance(reader, MultipartReader)
    first = await reader.next()
    assert isinstance(first, BodyPartReader)
    assert (first.name, first.filename, first.headers["content-type"]) == ("a", "f.txt", "text/plain")
    assert await first.readline() == b"one\n"
    assert await first.read_chunk(2) == b"tw"
    assert await first.read() == b"o"
    assert first.at_eof()
    second = await reader.next()
    assert (second.name, second.filename) == (None, None)
    assert await (await reader.next()).json() == {"a": 1}
    assert await (await reader.fetch_next_part()).form() == [("a", "1"), ("b", " ")]
    empty = await reader.next()
    assert await empty.next() is None
    assert await empty.json() is None
    assert not reader.at_eof()
    assert await reader.next() is None
    assert await reader.next() is None
    assert reader.at_eof()


async def test_iterating_and_nesting(make_request):
    inner = b"--I\r\n\r\nx\r\n--I\r\n\r\ny\r\n--I--\r\n"
    raw = body(b"Content-Type: multipart/related; boundary=I\r\n\r\n" + inner, b"\r\nz")
    found = []
    async for part in await make_request("POST", "/", MIXED, body=raw).multipart():
        if isinstance(part, MultipartReader):
            found.append([await nested.text() async for nested in part])
        else:
            found.append(b"".join([piece async for piece in part]))
    assert found == [["x", "y"], b"z"]
    reader = await make_request("POST", "/", MIXED, body=raw).multipart()
    await reader.next()
    assert await (await reader.next()).text() == "z"
    reader = await make_request("POST", "/", MIXED, body=raw).multipart()
    await reader.release()
    assert reader.at_eof()


async def test_codings_are_undone_on_demand(make_request):
    packed = base64.b64encode(gzip.compress("я".encode("koi8-r")))
    head = b"Content-Transfer-Encoding: base64\r\nContent-Encoding: gzip\r\n"
    head += b"Content-Type: text/plain; charset=koi8-r\r\n\r\n"
    reader = await make_request("POST", "/", MIXED, body=body(*[head + packed] * 3)).multipart()
    raw = await (await reader.next()).read()
    assert raw == packed
    assert await (await reader.next()).text() == "я"
    part = await reader.next()
    assert part.get_charset("x") == "koi8-r"
    assert part.decode(bytes(await part.read())) == "я".encode("koi8-r")


async def test_parts_come_while_the_body_does():
    exchange = MemoryExchange(
        f"POST / HTTP/1.1\r\nHost: h\r\n{MIXED}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    )

    def feed(data):
        exchange.feed(b"%x\r\n%b\r\n" % (len(data), data))

    reader = await Request(exchange).multipart()
    coming = asyncio.ensure_future(reader.next())
    await asyncio.sleep(0)
    feed(b"--B\r\nX: y\r\n\r\nabc")
    part = await coming
    assert await part.read_chunk() == b"abc"
    rest = asyncio.ensure_future(part.read())
    feed(b"def\r\n--B--\r\n")
    assert await rest == b"def"
    exchange.disconnect()
    with pytest.raises(ConnectionResetError):
        await reader.next()


@pytest.mark.row("HI-29", "DM-34")
@pytest.mark.parametrize(
    ("line", "raw", "status"),
    [
        ("Content-Type: text/plain", b"", 400),
        ("X: y", b"", 400),
        ("Content-Type: multipart/mixed", b"", 400),
        (MIXED, b"", 400),
        (MIXED, b"--B\r\n\r\ncut off", 400),
        (MIXED, body(*[b"\r\nx"] * 1001), 413),
        (MIXED, body(b"Content-Type: multipart/mixed\r\n\r\nx"), 400),
        (MIXED, body(b"\r\n" + b"x" * 2000), 413),
        (MIXED, body(b"Content-Transfer-Encoding: x\r\n\r\nx"), 400),
    ],
)
async def test_broken_bodies(make_request, line, raw, status):
    async def read():
        reader = await make_request("POST", "/", line, body=raw, client_max_size=1000).multipart()
        async for part in reader:
            await part.read(decode=True)

    with pytest.raises(HTTPException) as caught:
        await read()
    assert caught.value.status == status


@pytest.mark.row("HI-29")
async def test_deep_nesting_is_refused(make_request):
    raw = b"x"
    for depth in range(1000, 0, -1):
        raw = b"--B%d\r\nContent-Type: multipart/mixed; boundary=B%d\r\n\r\n%b\r\n--B%d--\r\n" % (
            depth,
            depth + 1,
            raw,
            depth,
        )

    async def descend():
        part = await make_request(
            "POST", "/", "Content-Type: multipart/mixed; boundary=B1", body=raw
        ).multipart()
        while part is not None:
            part = await part.next()

    with pytest.raises(HTTPBadRequest):
        await descend()


async def test_text_and_json_that_are_none(make_request):
    raw = body(b"\r\n\xff", b"\r\n{", b"\r\n" + b"[" * 100_000)
    reader = await make_request("POST", "/", MIXED, body=raw).multipart()
    with pytest.raises(HTTPBadRequest):
        await (await reader.next()).text()
    with pytest.raises(HTTPBadRequest):
        await (await reader.next()).json()
    with pytest.raises(HTTPBadRequest):
        await (await reader.next()).json()


async def test_a_part_is_only_read_whole_within_the_limit_and_streamed_beyond(make_request):
    request = make_request("POST", "/", MIXED, body=body(b"\r\n" + b"x" * 5000), client_max_size=100)
    part = await (await request.multipart()).next()
    size = 0
    while piece := await part.read_chunk(100):
        size += len(piece)
    assert size == 5000
    request = make_request("POST", "/", MIXED, body=body(b"\r\n" + b"x" * 5000), client_max_size=100)
    with pytest.raises(HTTPRequestEntityTooLarge):
        await (await (await request.multipart()).next()).text()
