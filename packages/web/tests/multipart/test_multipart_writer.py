"""Multipart bodies that are sent: read back by our own reader."""

import gzip
import io

import pytest

from muntin.web.multipart.writer import MultipartWriter
from muntin.web.response.whole import Response

pytestmark = pytest.mark.anyio


async def read_back(make_request, writer):
    size = writer.size
    raw = await writer.as_bytes()
    assert size in (None, len(raw))
    request = make_request("POST", "/", f"Content-Type: {writer.content_type}", body=raw)
    return [
        (dict(part.headers), bytes(await part.read(decode=True))) async for part in await request.multipart()
    ]


async def test_parts_of_all_kinds(make_request):
    writer = MultipartWriter("mixed", boundary="B")
    assert bool(writer)
    writer.append("ü")
    writer.append(b"\x00", {"X-Own": "y"})
    writer.append_json({"a": 1})
    writer.append_form({"a": "1 2"})
    writer.append_form([("b", "ü")])
    writer.append(io.BytesIO(b"file"))
    assert (len(writer), writer.boundary) == (6, "B")
    assert [part.content_type for part in writer][:2] == [
        "text/plain; charset=utf-8",
        "application/octet-stream",
    ]
    parts = await read_back(make_request, writer)
    assert [content for _, content in parts] == [
        "ü".encode(),
        b"\x00",
        b'{"a": 1}',
        b"a=1+2",
        b"b=%C3%BC",
        b"file",
    ]
    assert parts[1][0]["X-Own"] == "y"
    assert not writer.autoclose
    await writer.close()


@pytest.mark.parametrize("transfer", ["base64", "quoted-printable", "binary"])
@pytest.mark.parametrize("content", ["gzip", "identity"])
async def test_codings_are_not_only_said_but_done(make_request, transfer, content):
    writer = MultipartWriter()
    writer.append(
        b"\x00\xff=\r\n" * 100, {"Content-Transfer-Encoding": transfer, "Content-Encoding": content}
    )
    ((headers, read),) = await read_back(make_request, writer)
    assert read == b"\x00\xff=\r\n" * 100
    assert headers["Content-Encoding"] == content


async def test_a_form(make_request):
    writer = MultipartWriter("form-data")
    writer.append("1").set_content_disposition("form-data", name="a")
    file = writer.append(b"x")
    file.set_content_disposition("form-data", name="f", filename='q"ü.txt')
    raw = await writer.as_bytes()
    request = make_request("POST", "/", f"Content-Type: {writer.content_type}", body=raw)
    data = await request.post()
    assert data["a"] == "1"
    assert data["f"].filename == 'q"ü.txt'


@pytest.mark.row("AH-28", "HI-34")
@pytest.mark.parametrize("bad", ["a\r\nX: y", "a\0", "a\nb"])
def test_what_would_break_a_head_is_refused_before_anything_is_sent(bad):
    writer = MultipartWriter()
    for attempt in (
        lambda: writer.append("x", {"X-A": bad}),
        lambda: writer.append("x", {bad: "y"}),
        lambda: writer.append("x", {"Content-Type": bad}),
        lambda: writer.append("x").set_content_disposition("form-data", name=bad),
        lambda: writer.append("x", {"Content-Encoding": "nope"}),
        lambda: writer.append("x", {"Content-Transfer-Encoding": "nope"}),
        lambda: MultipartWriter(bad),
        lambda: MultipartWriter(boundary=bad),
    ):
        with pytest.raises(ValueError):
            attempt()


async def test_as_the_body_of_a_response(make_request):
    writer = MultipartWriter("related", boundary="B")
    writer.append("one")
    writer.append(b"two", {"Content-Encoding": "gzip"})
    request = make_request()
    await Response(body=writer).deliver(request)
    response = request.exchange.answer
    assert response.headers["Content-Type"] == "multipart/related; boundary=B"
    assert b"one" in response.body
    assert gzip.compress(b"two")[:4] in response.body
