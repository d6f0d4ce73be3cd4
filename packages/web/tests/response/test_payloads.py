"""What bodies are made of."""

import io
from collections.abc import AsyncIterator

import pytest

from muntin.web.response import payloads
from muntin.web.response.payloads import (
    BytesPayload,
    FilePayload,
    JsonPayload,
    Payload,
    StringPayload,
    get_payload,
    register_payload,
)

pytestmark = pytest.mark.anyio


class Sink:
    def __init__(self):
        self.data = b""

    async def write(self, data):
        self.data += data


async def generate() -> AsyncIterator[bytes]:
    yield b"ab"
    yield b"cd"


@pytest.mark.parametrize(
    ("make", "content", "content_type", "size"),
    [
        (lambda: b"abcd", b"abcd", "application/octet-stream", 4),
        (lambda: bytearray(b"abcd"), b"abcd", "application/octet-stream", 4),
        (lambda: memoryview(b"abcd"), b"abcd", "application/octet-stream", 4),
        (lambda: "üü", "üü".encode(), "text/plain; charset=utf-8", 4),
        (lambda: io.BytesIO(b"abcd"), b"abcd", "application/octet-stream", 4),
        (lambda: io.StringIO("üü"), "üü".encode(), "text/plain; charset=utf-8", 4),
        (generate, b"abcd", "application/octet-stream", None),
    ],
)
async def test_kinds(make, content, content_type, size):
    payload = get_payload(make())
    assert (payload.content_type, payload.size) == (content_type, size)
    assert await payload.as_bytes() == content
    await payload.close()
    short, sink = get_payload(make()), Sink()
    await short.write_with_length(sink, 3)
    assert sink.data == content[:3]
    await short.close()
    await short.close()
    whole, sink = get_payload(make()), Sink()
    await whole.write_with_length(sink, None)
    assert sink.data == content
    await whole.close()


def test_what_is_told_wins():
    assert get_payload("я", encoding="koi8-r").headers["Content-Type"] == "text/plain; charset=koi8-r"
    text = StringPayload("я", headers={"Content-Type": "text/x; charset=koi8-r"})
    assert (text.content_type, text.encoding, text.decode()) == ("text/x; charset=koi8-r", "koi8-r", "я")
    assert BytesPayload(b"", filename="a.png").content_type == "image/png"
    # The type of the bytes, not of what is inside; and the same on every platform.
    for name, kind in {
        "a.svgz": "gzip",
        "a.tar.gz": "gzip",
        "a.tbz2": "x-bzip2",
        "a.txz": "x-xz",
        "a.wasm": "wasm",
    }.items():
        assert BytesPayload(b"", filename=name).content_type == f"application/{kind}"
    assert BytesPayload(b"", filename="a.ts").content_type == "video/mp2t"
    assert BytesPayload(b"", filename="a.nobody-knows").content_type == BytesPayload.default_content_type
    assert BytesPayload(b"", filename="a.png").filename == "a.png"
    assert JsonPayload([1]).content_type == "application/json"
    assert JsonPayload([1], headers={"Content-Type": "a/b"}).content_type == "a/b"
    assert BytesPayload(b"ab").decode() == "ab"
    assert BytesPayload(b"ab").encoding is None


async def test_files(tmp_path):
    path = tmp_path / "ü.txt"
    path.write_bytes(b"0123456789")
    payload = get_payload(path.open("rb"))
    assert isinstance(payload, FilePayload)
    assert payload.headers["Content-Disposition"].startswith("attachment; filename=")
    assert (payload.size, payload.autoclose, payload.consumed) == (10, False, False)
    assert payload.decode() == "0123456789"
    assert await payload.as_bytes() == b"0123456789"
    assert payload.consumed
    await payload.close()
    text = get_payload(path.open(encoding="utf-8"))
    assert await text.as_bytes() == b"0123456789"
    await text.close()


async def test_what_can_not_be_a_body():
    with pytest.raises(TypeError, match="int"):
        get_payload(5)
    payload = get_payload(generate())
    with pytest.raises(TypeError):
        payload.decode()
    await payload.close()
    with pytest.raises(TypeError):
        await Payload(5).as_bytes()
    with pytest.raises(ValueError):
        BytesPayload(b"").set_content_disposition("form-data", name="a\r\n")


def test_how_a_disposition_is_written():
    payload = BytesPayload(b"")
    payload.set_content_disposition("attachment", filename="a%ü")
    assert (
        payload.headers["Content-Disposition"] == "attachment; filename=\"a__\"; filename*=UTF-8''a%25%C3%BC"
    )
    payload.set_content_disposition("attachment", quote_fields=False, filename="a%ü")
    assert payload.headers["Content-Disposition"] == 'attachment; filename="a%ü"'
    with pytest.raises(ValueError, match="UTF-8"):
        payload.set_content_disposition("attachment", charset="latin-1", filename="a")


async def test_other_types_can_be_registered(monkeypatch):
    class Own:
        pass

    monkeypatch.setattr(payloads, "_FACTORIES", list(payloads._FACTORIES))
    register_payload(Own, lambda value, **kwargs: BytesPayload(b"own", **kwargs))
    assert await get_payload(Own()).as_bytes() == b"own"
    ready = BytesPayload(b"x")
    assert get_payload(ready) is ready
