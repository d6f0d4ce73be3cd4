"""Reading the body of a request, whatever clients send: every way beside aiohttp's."""

import gzip
import zlib

from conformance.messages.sides import Case, make_request

__all__ = ["DIFFERENCES", "cases"]


async def drain(pieces):
    return b"".join([piece async for piece in pieces])


async def chunks(pieces):
    """Return what chunks were there, and no more than that of what never ends."""
    data, count = b"", 0
    async for piece, _ in pieces:
        data, count = data + piece, count + 1
        if count > 1000 and not data:
            return "endless"
    return data


async def lines(content):
    return [line async for line in content]


async def form(request):
    return [(name, await field(value)) for name, value in (await request.post()).items()]


async def field(value):
    if hasattr(value, "file"):
        return [
            value.name,
            value.filename,
            value.content_type,
            value.file.read(),
            list(value.headers.items()),
        ]
    return bytes(value) if isinstance(value, (bytes, bytearray)) else value


async def parts(reader):
    found = []
    async for part in reader:
        if hasattr(part, "fetch_next_part"):
            found.append(await parts(part))
        else:
            found.append([part.name, part.filename, list(part.headers.items()), bytes(await part.read())])
    return found


async def twice(request):
    return [await request.read(), await request.read(), request.can_read_body, request.body_exists]


async def after(request):
    await request.read()
    return await form(request)


async def state(request):
    content = request.content
    before = [content.at_eof(), content.exception()]
    data = await content.read()
    after = [
        content.at_eof(),
        content.is_eof(),
        content.total_bytes,
        await content.read(),
        await content.readany(),
    ]
    return [*before, data, *after]


READS = {
    "read": lambda r: r.read(),
    "text": lambda r: r.text(),
    "json": lambda r: r.json(),
    "post": form,
    "multipart": lambda r: _multipart(r),
    "twice": twice,
    "post after read": after,
    "content.state": state,
    "release": lambda r: r.release(),
    "content.read 3": lambda r: r.content.read(3),
    "content.read 0": lambda r: r.content.read(0),
    "content.readany": lambda r: r.content.readany(),
    "content.readexactly": lambda r: r.content.readexactly(4),
    "content.readline": lambda r: r.content.readline(),
    "content.readline 2": lambda r: r.content.readline(max_line_length=2),
    "content.readuntil": lambda r: r.content.readuntil(b"b"),
    "content.iter_any": lambda r: drain(r.content.iter_any()),
    "content.iter_chunked": lambda r: drain(r.content.iter_chunked(2)),
    "content.iter_chunks": lambda r: chunks(r.content.iter_chunks()),
    "content.lines": lambda r: lines(r.content),
    "charset": lambda r: r.charset,
    "length": lambda r: r.content_length,
}


async def _multipart(request):
    return await parts(await request.multipart())


URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=B"


def part(head, body=b"x"):
    lines = head.encode("utf-8", "surrogateescape") if isinstance(head, str) else head
    return b"--B\r\n" + lines + b"\r\n\r\n" + body + b"\r\n"


END = b"--B--\r\n"
NAMED = 'Content-Disposition: form-data; name="a"'

BODIES: dict[str, tuple[tuple[str, ...], bytes]] = {
    "none": (("POST /",), b""),
    "empty": (("POST /", "Content-Length: 0"), b""),
    "get": (("GET /",), b""),
    "bytes": (("POST /",), b"abc\ndef\n"),
    "without line end": (("POST /",), b"abc"),
    "chunked": (("POST /", "Transfer-Encoding: chunked"), b"3\r\nabc\r\n2;x=y\r\nd\n\r\n0\r\n\r\n"),
    "chunked trailers": (("POST /", "Transfer-Encoding: chunked"), b"3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n"),
    "chunked empty": (("POST /", "Transfer-Encoding: chunked"), b"0\r\n\r\n"),
    "text latin-1": (("POST /", "Content-Type: text/plain; charset=latin-1"), b"\xfc"),
    "text utf-8 broken": (("POST /", "Content-Type: text/plain"), b"\xfc"),
    "text utf-16": (("POST /", "Content-Type: text/plain; charset=utf-16"), "ü".encode("utf-16")),
    "text bom": (("POST /", "Content-Type: text/plain"), b"\xef\xbb\xbfx"),
    "text unknown charset": (("POST /", "Content-Type: text/plain; charset=nope"), b"x"),
    "text charset base64": (("POST /", "Content-Type: text/plain; charset=base64"), b"eA=="),
    "text charset quoted": (("POST /", 'Content-Type: text/plain; charset="latin-1"'), b"\xfc"),
    "json": (("POST /", "Content-Type: application/json"), b'{"a": [1, null, "\xc3\xbc"]}'),
    "json latin-1": (("POST /", "Content-Type: application/json; charset=latin-1"), b'"\xfc"'),
    "json broken": (("POST /", "Content-Type: application/json"), b'{"a": '),
    "json empty": (("POST /", "Content-Type: application/json"), b""),
    "json other type": (("POST /", "Content-Type: text/plain"), b"[1]"),
    "json nan": (("POST /", "Content-Type: application/json"), b"[NaN, 1e999]"),
    "json twice": (("POST /", "Content-Type: application/json"), b'{"a": 1, "a": 2}'),
    "json deep": (("POST /", "Content-Type: application/json"), b"[" * 50_000),
    "gzip": (("POST /", "Content-Encoding: gzip"), gzip.compress(b"abc")),
    "deflate": (("POST /", "Content-Encoding: deflate"), zlib.compress(b"abc")),
    "deflate raw": (("POST /", "Content-Encoding: deflate"), zlib.compress(b"abc")[2:-4]),
    "gzip broken": (("POST /", "Content-Encoding: gzip"), b"abc"),
    "gzip cut": (("POST /", "Content-Encoding: gzip"), gzip.compress(b"abc")[:-5]),
    "gzip more": (("POST /", "Content-Encoding: gzip"), gzip.compress(b"abc") + b"def"),
    "gzip members": (("POST /", "Content-Encoding: gzip"), gzip.compress(b"abc") + gzip.compress(b"def")),
    "coding identity": (("POST /", "Content-Encoding: identity"), b"abc"),
    "coding unknown": (("POST /", "Content-Encoding: foo"), b"abc"),
    "coding x-gzip": (("POST /", "Content-Encoding: x-gzip"), gzip.compress(b"abc")),
    "coding twice": (("POST /", "Content-Encoding: gzip, deflate"), zlib.compress(gzip.compress(b"abc"))),
    "form": (("POST /", URLENCODED), b"a=1&b=2&a=3"),
    "form blank": (("POST /", URLENCODED), b"a=&b&=c&&d=1"),
    "form encoded": (("POST /", URLENCODED), b"a=%C3%BC+x&%26=%3D"),
    "form raw utf-8": (("POST /", URLENCODED), b"a=\xc3\xbc"),
    "form broken percent": (("POST /", URLENCODED), b"a=%zz&b=%"),
    "form broken utf-8": (("POST /", URLENCODED), b"a=%FF"),
    "form semicolon": (("POST /", URLENCODED), b"a=1;b=2"),
    "form charset": (("POST /", f"{URLENCODED}; charset=latin-1"), b"a=%FC"),
    "form unknown charset": (("POST /", f"{URLENCODED}; charset=nope"), b"a=1"),
    "form line end": (("POST /", URLENCODED), b"a=1\r\n"),
    "form empty": (("POST /", URLENCODED), b""),
    "form put": (("PUT /", URLENCODED), b"a=1"),
    "form delete": (("DELETE /", URLENCODED), b"a=1"),
    "form get": (("GET /", URLENCODED), b"a=1"),
    "form query": (("QUERY /", URLENCODED), b"a=1"),
    "form without type": (("POST /",), b"a=1"),
    "form other type": (("POST /", "Content-Type: text/plain"), b"a=1"),
    "form upper-case type": (("POST /", "Content-Type: Application/X-WWW-Form-Urlencoded"), b"a=1"),
    "form 1000": (("POST /", URLENCODED), b"&".join(b"a=1" for _ in range(1000))),
    "form 1001": (("POST /", URLENCODED), b"&".join(b"a=1" for _ in range(1001))),
    "too large": (("POST /",), b"x" * 65537),
    "just not too large": (("POST /",), b"x" * 65536),
    "parts": (
        ("POST /", MULTIPART),
        part(NAMED) + part('Content-Disposition: form-data; name="b"', b"y") + END,
    ),
    "part file": (
        ("POST /", MULTIPART),
        part(f'{NAMED}; filename="f.txt"\r\nContent-Type: text/plain', b"file") + END,
    ),
    "part file without type": (("POST /", MULTIPART), part(f'{NAMED}; filename="f.bin"', b"file") + END),
    "part file empty name": (
        ("POST /", MULTIPART),
        part(f'{NAMED}; filename=""\r\nContent-Type: application/octet-stream', b"") + END,
    ),
    "part file path": (("POST /", MULTIPART), part(f'{NAMED}; filename="../../etc/passwd"') + END),
    "part file backslash": (("POST /", MULTIPART), part(f'{NAMED}; filename="C:\\dir\\f.txt"') + END),
    "part file utf-8": (("POST /", MULTIPART), part(f'{NAMED}; filename="ü.txt"') + END),
    "part file star": (("POST /", MULTIPART), part(f"{NAMED}; filename*=UTF-8''%C3%BC.txt") + END),
    "part file percent": (("POST /", MULTIPART), part(f'{NAMED}; filename="a%22b.txt"') + END),
    "part file quote": (("POST /", MULTIPART), part(f'{NAMED}; filename="a\\"b.txt"') + END),
    "part typed": (("POST /", MULTIPART), part(f"{NAMED}\r\nContent-Type: application/json", b"{}") + END),
    "part charset": (
        ("POST /", MULTIPART),
        part(f"{NAMED}\r\nContent-Type: text/plain; charset=latin-1", b"\xfc") + END,
    ),
    "part _charset_": (
        ("POST /", MULTIPART),
        part('Content-Disposition: form-data; name="_charset_"', b"latin-1") + part(NAMED, b"\xfc") + END,
    ),
    "part broken utf-8": (("POST /", MULTIPART), part(NAMED, b"\xfc") + END),
    "part base64": (
        ("POST /", MULTIPART),
        part(f"{NAMED}\r\nContent-Transfer-Encoding: base64", b"eA==") + END,
    ),
    "part quoted-printable": (
        ("POST /", MULTIPART),
        part(f"{NAMED}\r\nContent-Transfer-Encoding: quoted-printable", b"=C3=BC") + END,
    ),
    "part transfer unknown": (
        ("POST /", MULTIPART),
        part(f"{NAMED}\r\nContent-Transfer-Encoding: nope", b"x") + END,
    ),
    "part gzip": (
        ("POST /", MULTIPART),
        part(f"{NAMED}\r\nContent-Encoding: gzip", gzip.compress(b"abc")) + END,
    ),
    "part length": (("POST /", MULTIPART), part(f"{NAMED}\r\nContent-Length: 1") + END),
    "part length too long": (("POST /", MULTIPART), part(f"{NAMED}\r\nContent-Length: 100") + END),
    "part length signed": (("POST /", MULTIPART), part(f"{NAMED}\r\nContent-Length: +1") + END),
    "part nameless": (("POST /", MULTIPART), part("Content-Disposition: form-data") + END),
    "part without head": (("POST /", MULTIPART), b"--B\r\n\r\nx\r\n" + END),
    "part other disposition": (
        ("POST /", MULTIPART),
        part('Content-Disposition: attachment; name="a"') + END,
    ),
    "part same names": (("POST /", MULTIPART), part(NAMED, b"1") + part(NAMED, b"2") + END),
    "part with lines": (("POST /", MULTIPART), part(NAMED, b"a\r\nb\r\n\r\n-- B\r\n--Bx") + END),
    "part empty": (("POST /", MULTIPART), part(NAMED, b"") + END),
    "parts none": (("POST /", MULTIPART), END),
    "parts preamble": (("POST /", MULTIPART), b"hello\r\n" + part(NAMED) + END + b"bye"),
    "parts without end": (("POST /", MULTIPART), part(NAMED)),
    "parts cut": (("POST /", MULTIPART), b"--B\r\nContent-Dispo"),
    "parts empty body": (("POST /", MULTIPART), b""),
    "parts bare line feeds": (("POST /", MULTIPART), b"--B\n" + NAMED.encode() + b"\n\nx\n--B--\n"),
    "parts boundary quoted": (
        ("POST /", 'Content-Type: multipart/form-data; boundary="B"'),
        part(NAMED) + END,
    ),
    "parts boundary missing": (("POST /", "Content-Type: multipart/form-data"), part(NAMED) + END),
    "parts boundary wrong": (("POST /", "Content-Type: multipart/form-data; boundary=C"), part(NAMED) + END),
    "parts mixed": (
        ("POST /", "Content-Type: multipart/mixed; boundary=B"),
        part("Content-Type: text/plain") + END,
    ),
    "parts nested": (
        ("POST /", "Content-Type: multipart/mixed; boundary=B"),
        part("Content-Type: multipart/mixed; boundary=C", b"--C\r\nX-A: 1\r\n\r\nin\r\n--C--")
        + part(NAMED)
        + END,
    ),
    "parts upper-case type": (("POST /", "Content-Type: MULTIPART/Form-Data; BOUNDARY=B"), part(NAMED) + END),
}


ALWAYS = ["read", "text", "json", "post", "multipart", "post after read"]
STREAMED = [
    *("none", "empty", "bytes", "without line end", "chunked", "gzip", "gzip broken"),
    *("gzip cut", "coding unknown"),
]
"""Bodies that are read in every way; the others as a whole only."""


def reading(read):
    """Return a handler that reads in one way."""

    async def handler(web, request, note):
        await note.of("value", lambda: read(request))
        return web.Response(text="read")

    return handler


def cases():
    for body, (request, data) in BODIES.items():
        raw = make_request(*request, body=data)
        for way, read in READS.items():
            if way in ALWAYS or body in STREAMED:
                yield Case(f"{body}/{way}", reading(read), raw)


DIFFERENCES = {
    "empty/content.iter_chunks/value": "pieces of an empty body",
    "none/content.readuntil/value": "pieces of an empty body",
    "empty/content.readuntil/value": "pieces of an empty body",
    "json deep/json/value": "JSON that is nested deeply",
    "[!p]*/multipart/value": "`multipart` of what is none",
    "gzip cut/*": "a body that is cut off within its coding",
    "gzip broken/content.read 0/value": "a body that is cut off within its coding",
    "coding unknown/*": "a body in a coding that is not known",
    "coding x-gzip/*": "a body in several codings, or in `x-gzip`",
    "coding twice/*": "a body in several codings, or in `x-gzip`",
    "form broken utf-8/post*": "form fields that are not in their charset",
    "form unknown charset/post*": "form fields that are not in their charset",
    "part broken utf-8/post/value": "form fields that are not in their charset",
    "part*/post after read/value": "multipart forms after `read`",
    "part file empty name/post/value": "a file input that was left empty",
    "part file backslash/*": "backslashes in the names of files",
    "part _charset_/*": "parts: codings, `_charset_`, nesting",
    "part gzip/post/value": "parts: codings, `_charset_`, nesting",
    "parts nested/multipart/value": "parts: codings, `_charset_`, nesting",
    "part transfer unknown/post/value": "parts whose head is wrong",
    "part length too long/*": "parts whose head is wrong",
    "part length signed/*": "parts whose head is wrong",
}
