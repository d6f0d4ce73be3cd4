"""Reading multipart bodies part by part: every way of reading a part beside aiohttp's."""

import gzip

from conformance.messages.sides import Case, make_request

__all__ = ["DIFFERENCES", "cases"]


async def chunks(part, size=8):
    data = b""
    while piece := await part.read_chunk(size):
        data += piece
    return [data, part.at_eof()]


async def small_chunks(part):
    return await chunks(part, 3)


async def lines(part):
    found = []
    while line := await part.readline():
        found.append(line)
    return found


async def decoded(part):
    return part.decode(bytes(await part.read()))


async def twice(part):
    return [await part.read(), await part.read(), part.at_eof()]


async def skipped(part):
    await part.release()
    return [part.at_eof(), await part.read()]


WAYS = {
    "read": lambda part: part.read(),
    "read decoded": lambda part: part.read(decode=True),
    "text": lambda part: part.text(),
    "text latin-1": lambda part: part.text(encoding="latin-1"),
    "json": lambda part: part.json(),
    "form": lambda part: part.form(),
    "next": lambda part: part.next(),
    "chunks": chunks,
    "small chunks": small_chunks,
    "lines": lines,
    "decoded": decoded,
    "twice": twice,
    "skipped": skipped,
    "told": lambda part: [part.name, part.filename, part.get_charset("none"), list(part.headers.items())],
}

PARTS = {
    "text": (b'Content-Disposition: form-data; name="a"', b"hello"),
    "empty": (b'Content-Disposition: form-data; name="a"', b""),
    "lines": (b'Content-Disposition: form-data; name="a"', b"a\r\nb\nc"),
    "utf-8": (b"Content-Type: text/plain; charset=utf-8", "ü".encode()),
    "latin-1": (b"Content-Type: text/plain; charset=latin-1", b"\xfc"),
    "broken utf-8": (b"Content-Type: text/plain", b"\xfc"),
    "unknown charset": (b"Content-Type: text/plain; charset=nope", b"x"),
    "json": (b"Content-Type: application/json", b'{"a": 1}'),
    "broken json": (b"Content-Type: application/json", b'{"a": '),
    "form": (b"Content-Type: application/x-www-form-urlencoded", b"a=1&b=%C3%BC&c="),
    "base64": (b"Content-Transfer-Encoding: base64", b"aGVs\r\nbG8="),
    "quoted-printable": (b"Content-Transfer-Encoding: quoted-printable", b"a=3D=\r\nb"),
    "binary": (b"Content-Transfer-Encoding: binary", b"\0\xff"),
    "gzip": (b"Content-Encoding: gzip", gzip.compress(b"hello", mtime=0)),
    "identity": (b"Content-Encoding: identity", b"hello"),
    "filename": (b'Content-Disposition: attachment; filename="a b.txt"', b"x"),
    "filename star": (b"Content-Disposition: attachment; filename*=UTF-8''a%20b; filename=c", b"x"),
    "without fields": (b"X-A: 1", b"x"),
}


def reading(read):
    """Return a handler that reads the first part in one way, and then what follows."""

    async def handler(web, request, note):
        reader = await request.multipart()
        part = await reader.next()
        await note.of("value", lambda: read(part))
        await note.of("behind", lambda: _read_behind(reader))
        return web.Response(text="read")

    return handler


async def _read_behind(reader):
    part = await reader.next()
    return [await part.text(), await reader.next(), reader.at_eof()]


def cases():
    for name, (head, content) in PARTS.items():
        body = b"--B\r\n" + head + b"\r\n\r\n" + content + b"\r\n--B\r\nX-B: 1\r\n\r\nbehind\r\n--B--\r\n"
        raw = make_request("POST /", "Content-Type: multipart/mixed; boundary=B", body=body)
        yield from (Case(f"{name}/{way}", reading(read), raw) for way, read in WAYS.items())


DIFFERENCES = {
    "*/small chunks/value": "small pieces of parts",
    "empty/lines/behind": "pieces of an empty body",
    "broken utf-8/*/value": "form fields that are not in their charset",
    "unknown charset/*/value": "form fields that are not in their charset",
    "binary/text/value": "form fields that are not in their charset",
    "binary/json/value": "form fields that are not in their charset",
}
