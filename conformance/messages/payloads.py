"""Bodies that are made of something: multipart writers, files, text, and what else is a payload."""

import io

import aiohttp

from conformance.messages.sides import ask_each
from muntin import web as ours

__all__ = ["DIFFERENCES", "cases"]


def of_aiohttp(web, name):
    """Return what aiohttp has at its root and muntin in `web`."""
    return getattr(web if web is ours else aiohttp, name)


# Payloads and multipart


async def writer(web, request, note):
    parts = of_aiohttp(web, "MultipartWriter")("mixed", boundary="B")
    note("1", [parts.boundary, parts.content_type, len(parts), bool(parts), parts.size, parts.consumed])
    parts.append("text")
    parts.append(b"bytes", {"X-A": "1"})
    parts.append_json({"a": 1})
    parts.append_form([("a", "ü"), ("b", "2 3")])
    parts.append_form({"c": "d"})
    parts.append(io.BytesIO(b"file"))
    note("2", len(parts))
    note("size", parts.size)
    note("fields", [sorted(_payload_of(each).headers.items()) for each in parts])
    return web.Response(body=parts)


def _payload_of(part):
    """Return a part of a writer, which iterates over more than payloads in one of them."""
    return part[0] if isinstance(part, tuple) else part


async def writer_form(web, request, note):
    parts = of_aiohttp(web, "MultipartWriter")("form-data", boundary="B")
    part = parts.append("text")
    part.set_content_disposition("form-data", name="a")
    part = parts.append(b"x")
    part.set_content_disposition("form-data", name="ü", filename='a"b;ü.txt')
    note("1", [part.headers["Content-Disposition"], part.filename])
    return web.Response(body=parts)


async def writer_empty(web, request, note):
    return web.Response(body=of_aiohttp(web, "MultipartWriter")("mixed", boundary="B"))


async def writer_nested(web, request, note):
    kind = of_aiohttp(web, "MultipartWriter")
    parts = kind("mixed", boundary="B")
    inner = kind("related", boundary="C")
    inner.append("in")
    parts.append(inner)
    return web.Response(body=parts)


async def writer_coded(web, request, note):
    parts = of_aiohttp(web, "MultipartWriter")("mixed", boundary="B")
    parts.append("text ü", {"Content-Transfer-Encoding": "base64"})
    parts.append("text ü", {"Content-Transfer-Encoding": "quoted-printable"})
    note("1", parts.size)
    return web.Response(body=parts)


async def writer_refusing(web, request, note):
    kind = of_aiohttp(web, "MultipartWriter")
    for boundary in ("", "ü", "x" * 71, "a b", "a\r\nb", 'a"b'):
        await note.of(repr(boundary), lambda boundary=boundary: kind(boundary=boundary).content_type)
    parts = kind()
    await note.of("2", lambda: parts.append(1))
    await note.of("3", lambda: parts.append("x", {"Content-Transfer-Encoding": "nope"}))
    await note.of("4", lambda: parts.append("x", {"Content-Encoding": "nope"}))
    return web.Response()


async def payloads(web, request, note):
    make = web.get_payload if web is ours else aiohttp.get_payload
    for value in (b"abc", bytearray(b"abc"), memoryview(b"abc"), "ü", io.BytesIO(b"abc"), io.StringIO("ü")):
        kind, payload = type(value).__name__, make(value)
        note(f"{kind} told", [payload.size, payload.content_type, payload.encoding, payload.filename])
        note(f"{kind} fields", sorted(payload.headers.items()))
        await note.of(f"{kind} text", lambda payload=payload: payload.decode())
    return web.Response()


async def payloads_whole(web, request, note):
    make = web.get_payload if web is ours else aiohttp.get_payload
    for value in (b"abc", bytearray(b"abc"), memoryview(b"abc"), "ü", io.BytesIO(b"abc"), io.StringIO("ü")):
        await note.of(type(value).__name__, lambda value=value: make(value).as_bytes())
    return web.Response()


async def payload_options(web, request, note):
    make = web.get_payload if web is ours else aiohttp.get_payload
    payload = make(b"abc", headers={"X-A": "1"}, content_type="image/png", filename="a.png")
    note("1", [payload.size, payload.content_type, payload.filename, sorted(payload.headers.items())])
    payload.set_content_disposition("attachment", filename="ü.txt")
    note("2", payload.headers["Content-Disposition"])
    payload.set_content_disposition("attachment", quote_fields=False, filename="ü.txt")
    note("3", payload.headers["Content-Disposition"])
    await note.of("4", lambda: payload.set_content_disposition("bad type", filename="x"))
    note("5", make("ü", encoding="latin-1").encoding)
    note("6", await make("ü", encoding="latin-1").as_bytes())
    return web.Response()


async def payload_unknown(web, request, note):
    make = web.get_payload if web is ours else aiohttp.get_payload
    await note.of("1", lambda: make(object()))
    return web.Response()


async def payload_written(web, request, note):
    make = web.get_payload if web is ours else aiohttp.get_payload

    class Sink:
        def __init__(self):
            self.data = b""

        async def write(self, data):
            self.data += data

    for length in (None, 0, 3, 100):
        for value in (b"abcdef", io.BytesIO(b"abcdef"), "abcdef"):
            sink = Sink()
            await make(value).write_with_length(sink, length)
            note(f"{length} {type(value).__name__}", sink.data)
    return web.Response()


async def text_file(web, request, note):
    return web.Response(body=open(__file__, encoding="utf-8"))  # noqa: ASYNC230


async def coded_file(web, request, note):
    response = web.Response(body=io.BytesIO(b"hello " * 1000))
    response.enable_compression(web.ContentCoding.gzip)
    return response


async def coded_if_wanted(web, request, note):
    response = web.Response(body=io.BytesIO(b"hello " * 1000))
    response.enable_compression()
    return response


async def binary_file(web, request, note):
    return web.Response(body=open(__file__, "rb"))  # noqa: ASYNC230


def cases():
    return ask_each(globals())


DIFFERENCES = {
    "*/coded_*/answer": "`Vary` with compression",
    "HEAD/*/answer": "answers to HEAD",
    "*/writer/size": "multipart bodies as they are written",
    "*/writer/fields": "multipart bodies as they are written",
    "*/writer/answer": "multipart bodies as they are written",
    "*/writer_form/1": "multipart bodies as they are written",
    "*/writer_form/answer": "multipart bodies as they are written",
    "*/writer_nested/answer": "multipart bodies as they are written",
    "*/writer_coded/answer": "multipart bodies as they are written",
    "*/writer_refusing/*": "what no multipart body can have",
    "*/payloads/memoryview text": "payloads",
    "*/payload_options/2": "payloads",
    "*/text_file/answer": "files that were opened as text",
}
