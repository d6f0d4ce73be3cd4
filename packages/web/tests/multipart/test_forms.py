"""Forms: fields, files, and everything that can be wrong with them."""

import asyncio
import base64
import gc
import gzip
import os
import threading
import tracemalloc

import pytest

from muntin.web.multipart import _spool
from muntin.web.multipart._spool import Spool
from muntin.web.multipart.forms import FILES_IN_MEMORY, FileField
from muntin.web.request.request import Request
from muntin.web.response.exceptions import (
    HTTPBadRequest,
    HTTPException,
    HTTPRequestEntityTooLarge,
    HTTPServiceUnavailable,
)
from muntin.web.testing.exchange import MemoryExchange

pytestmark = pytest.mark.anyio

URLENCODED = "Content-Type: application/x-www-form-urlencoded"
MULTIPART = "Content-Type: multipart/form-data; boundary=B"


def part(name, content=b"", filename=None, *lines):
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if filename is not None:
        disposition += f'; filename="{filename}"'
    head = "\r\n".join(["--B", disposition, *lines, "", ""])
    return head.encode() + content + b"\r\n"


def form(*parts):
    return b"".join(parts) + b"--B--\r\n"


@pytest.mark.row("HC-19")
@pytest.mark.parametrize(
    ("line", "body", "fields"),
    [
        (URLENCODED, b"a=1&b=&a=%D0%B0+b\r\n", [("a", "1"), ("b", ""), ("a", "а b")]),
        (URLENCODED + "; charset=koi8-r", b"a=%D1", [("a", "я")]),
        ("X: y", b"a=1", []),
        (f"{URLENCODED}\r\n{URLENCODED}", b"a=1", [("a", "1")]),
        (URLENCODED, b"", []),
        ("Content-Type: application/json", b"a=1", []),
    ],
)
async def test_urlencoded(make_request, line, body, fields):
    request = make_request("POST", "/", line, body=body)
    found = await request.post()
    assert list(found.items()) == fields
    assert await request.post() is found


async def test_only_some_methods_have_forms(make_request):
    assert not await make_request("GET", "/", URLENCODED, body=b"a=1").post()
    assert await make_request("PATCH", "/", URLENCODED, body=b"a=1").post()


@pytest.mark.row("HC-19", "HC-20", "HC-21", "HI-30")
async def test_multipart(make_request):
    body = form(
        part("a", b"1"),
        part("a", "ü".encode()),
        part("up", b"\x00\xff", "../evil\\x.bin", "Content-Type: audio/mpeg", "X-Own: y"),
        part("empty", b"", "", "Content-Type: application/octet-stream"),
        part("raw", b"\xff", None, "Content-Type: image/png"),
        part("koi", b"\xd1", None, "Content-Type: text/plain; charset=koi8-r"),
    )
    request = make_request("POST", "/", MULTIPART, body=body)
    data = await request.post()
    assert data.getall("a") == ["1", "ü"]
    assert (data["raw"], data["koi"]) == (b"\xff", "я")
    file = data["up"]
    assert isinstance(file, FileField)
    assert (file.name, file.filename, file.content_type) == ("up", "../evil\\x.bin", "audio/mpeg")
    assert file.safe_filename is not None
    assert "/" not in file.safe_filename
    assert ".." not in file.safe_filename
    assert file.headers["X-Own"] == "y"
    assert file.file.read() == b"\x00\xff"
    assert isinstance(data["empty"], FileField)
    assert (data["empty"].filename, data["empty"].file.read()) == ("", b"")


async def test_a_body_that_was_read_is_still_a_form(make_request):
    request = make_request("POST", "/", MULTIPART, body=form(part("a", b"1")))
    assert (await request.read()).startswith(b"--B")
    assert (await request.post())["a"] == "1"


@pytest.mark.row("HI-29")
async def test_the_default_charset_of_a_form(make_request):
    body = form(part("_charset_", b"koi8-r"), part("a", b"\xd1"))
    assert (await make_request("POST", "/", MULTIPART, body=body).post())["a"] == "я"
    body = form(part("_charset_", b"zlib"), part("a", b"x"))
    with pytest.raises(HTTPException) as caught:
        await make_request("POST", "/", MULTIPART, body=body).post()
    assert caught.value.status == 400


async def test_codings_of_parts_are_undone(make_request):
    body = form(
        part("a", base64.b64encode(b"hello"), None, "Content-Transfer-Encoding: base64"),
        part("b", gzip.compress(b"hello"), None, "Content-Encoding: gzip"),
        part(
            "c",
            base64.b64encode(gzip.compress(b"hello")),
            "f",
            "Content-Encoding: gzip",
            "Content-Transfer-Encoding: base64",
        ),
    )
    data = await make_request("POST", "/", MULTIPART, body=body).post()
    assert (data["a"], data["b"]) == ("hello", "hello")
    assert data["c"].file.read() == b"hello"


@pytest.mark.row("HI-28", "HI-29", "AH-09", "AH-24", "AH-42", "DM-34")
@pytest.mark.parametrize(
    ("line", "body", "status"),
    [
        (MULTIPART, b"", 400),
        (MULTIPART, b"garbage", 400),
        (MULTIPART, part("a", b"1"), 400),
        (MULTIPART, b"--B\r\nContent-Disposition: form-data; name=a\r\n", 400),
        (MULTIPART, form(b"--B\r\n\r\nno name\r\n"), 400),
        (MULTIPART, form(part("a", b"1", None, "Content-Length: 5")), 400),
        (MULTIPART, form(part("a", b"1", None, "Content-Length: +1")), 400),
        (MULTIPART, form(part("a", b"1", None, "Content-Length: 1_0")), 400),
        (MULTIPART, form(part("a", b"1", None, "Content-Transfer-Encoding: nonsense")), 400),
        (MULTIPART, form(part("a", b"%%%", None, "Content-Transfer-Encoding: base64")), 400),
        (MULTIPART, form(part("a", b"1", None, "Content-Encoding: lzma")), 415),
        (MULTIPART, form(part("a", b"\xff")), 400),
        (MULTIPART, form(part("a", b"1", None, "Content-Type: text/plain; charset=nope")), 400),
        (MULTIPART, form(part("a", b"1", None, *(f"X-{n}: y" for n in range(99)))), 413),
        (MULTIPART, form(part("a", b"1", None, "X: " + "y" * 9000)), 413),
        (MULTIPART, form(*(part("a", b"") for _ in range(1001))), 413),
        (MULTIPART, form(part("a", gzip.compress(b"\0" * (20 << 20)), "f", "Content-Encoding: gzip")), 413),
        ("Content-Type: multipart/form-data", form(part("a", b"1")), 400),
        (f"Content-Type: multipart/form-data; boundary={'b' * 71}", b"", 400),
        (URLENCODED, b"&".join([b"a=1"] * 1001), 413),
        (URLENCODED, b"a=%FF", 400),
        (URLENCODED + "; charset=idna", b"a=1", 415),
        (MULTIPART, form(b'--B\r\nContent-Disposition: form-data; name="a\r\n\r\n1\r\n'), 400),
        (MULTIPART, form(b"--B\r\nContent-Disposition: form-data; name=a; name=b\r\n\r\n1\r\n"), 400),
    ],
)
async def test_what_is_wrong_is_never_the_servers_fault(make_request, line, body, status):
    with pytest.raises(HTTPException) as caught:
        await make_request("POST", "/", line, body=body).post()
    assert caught.value.status == status


SLOPPY = [
    *(
        "; charset",
        "; charset=",
        '; charset=""',
        "; charset = utf-8",
        "; charset=utf-8; charset=UTF-8",
        "; =x",
    ),
    *(
        '; charset="utf-8',
        '; charset="utf-8"x',
        "; x y",
        ";;;",
        "; x=(,)/?",
        "".join(f"; p{n}=v" for n in range(900)),
    ),
]


@pytest.mark.parametrize("parameters", SLOPPY)
async def test_sloppy_parameters_do_not_make_another_type(make_request, parameters):
    field = f"{URLENCODED}{parameters}"
    request = make_request("POST", "/", field, body="a=ü".encode())
    assert request.content_type == "application/x-www-form-urlencoded"
    assert (request.charset or "utf-8").lower() == "utf-8"
    assert list((await request.post()).items()) == [("a", "ü")]
    assert await make_request("POST", "/", field, body="ü".encode()).text() == "ü"
    field = f"Content-Type: application/json{parameters}"
    assert await make_request("POST", "/", field, body='"ü"'.encode()).json() == "ü"
    field = f"Content-Type: multipart/form-data; boundary=B{parameters}"
    assert list((await make_request("POST", "/", field, body=form(part("a", b"1"))).post()).items()) == [
        ("a", "1")
    ]
    reader = await make_request("POST", "/", field, body=form(part("a", b"1"))).multipart()
    assert [await each.text() async for each in reader] == ["1"]


@pytest.mark.parametrize(
    "boundary", ["=_Part", "a/b", "a:b", "a?b", "(a", "a,b", "a b", "----=_Part_7_12.34"]
)
@pytest.mark.parametrize("written", ["boundary={}", "boundary = {}", "x; boundary={} ; charset="])
async def test_boundaries_that_should_be_quoted_are_read(make_request, boundary, written):
    field = f"Content-Type: multipart/form-data; {written.format(boundary)}"
    body = form(part("a", b"1")).replace(b"--B", b"--" + boundary.encode())
    request = make_request("POST", "/", field, body=body)
    assert list((await request.post()).items()) == [("a", "1")]
    reader = await make_request("POST", "/", field, body=body).multipart()
    assert [await each.text() async for each in reader] == ["1"]


@pytest.mark.parametrize(
    "line",
    [
        *(
            "Content-Type: ",
            "Content-Type: form",
            "Content-Type: multipart / form-data",
            f"{URLENCODED} charset=utf-8",
        ),
        f"{URLENCODED}, application/x-www-form-urlencoded",
        f"{URLENCODED}\r\nContent-Type: application/json",
        f"{MULTIPART}\r\nContent-Type: multipart/form-data; boundary=C",
        *(
            f"Content-Type: multipart/form-data; boundary{rest}"
            for rest in ("", "=", '=""', '="B', "=ü", '="B"x')
        ),
        f"{MULTIPART}; boundary=C",
    ],
)
async def test_a_form_of_a_malformed_type_is_400_and_not_empty(make_request, line):
    for how in ("post", "multipart"):
        request = make_request("POST", "/", line, body=form(part("a", b"1")))
        with pytest.raises(HTTPBadRequest):
            await getattr(request, how)()
    without = make_request("POST", "/", line)
    assert line.startswith(("Content-Type: multipart/", MULTIPART)) or not await without.post()


async def test_neither_a_missing_type_nor_another_is_a_form(make_request):
    for line in ("X: y", "Content-Type: text/plain; x", "Content-Type: multipart/mixed; boundary=B"):
        assert not await make_request("POST", "/", line, body=form(part("a", b"1"))).post()


@pytest.mark.parametrize(
    ("written", "name", "filename"),
    [
        ("name=a[0]", "a[0]", None),
        ('name = "a"', "a", None),
        ("name=a; filename=my file.txt", "a", "my file.txt"),
        ('name="a\\"', "a\\", None),
        ('name="a\\"; filename="b.txt"', "a\\", "b.txt"),
        ('name="a"; filename="C:\\tmp\\"', "a", "C:\\tmp\\"),
        ('name="a\\"b"', 'a"b', None),
    ],
)
async def test_names_as_clients_write_them(make_request, written, name, filename):
    head = f"--B\r\nContent-Disposition: form-data; {written}\r\n\r\n1\r\n".encode()
    body = form(head, part("next", b"2"))
    found = await make_request("POST", "/", MULTIPART, body=body).post()
    assert list(found) == [name, "next"]
    assert getattr(found[name], "filename", None) == filename
    reader = await make_request("POST", "/", MULTIPART, body=body).multipart()
    first = await reader.next()
    assert (first.name, first.filename) == (name, filename)


async def test_a_malformed_disposition_is_named(make_request):
    body = form(b'--B\r\nContent-Disposition: form-data; name="a" b\r\n\r\n1\r\n')
    with pytest.raises(HTTPBadRequest) as caught:
        await make_request("POST", "/", MULTIPART, body=body).post()
    assert caught.value.text == "400: malformed Content-Disposition of a part"


@pytest.mark.row("AH-19", "AH-25", "BH-10")
async def test_the_limit_is_over_the_whole_form_and_checked_on_the_way(make_request):
    body = form(*(part(f"f{n}", b"x" * 100, "f") for n in range(10)))
    assert len(await make_request("POST", "/", MULTIPART, body=body, client_max_size=len(body)).post()) == 10
    with pytest.raises(HTTPRequestEntityTooLarge):
        await make_request("POST", "/", MULTIPART, body=body, client_max_size=len(body) - 1).post()
    with pytest.raises(HTTPRequestEntityTooLarge):
        await make_request("POST", "/", MULTIPART, body=body, client_max_fields=9).post()
    # An endless text field is refused long before its end, which here never comes.
    head = f"POST / HTTP/1.1\r\nHost: h\r\n{MULTIPART}\r\nContent-Length: 99999999\r\n\r\n".encode()
    exchange = MemoryExchange(head + part("a")[:-2] + b"x" * 3000)
    with pytest.raises(HTTPRequestEntityTooLarge):
        await Request(exchange, client_max_size=2000).post()


def descriptors():
    return len(os.listdir("/proc/self/fd"))


@pytest.mark.row("AH-40", "HI-30", "HI-46")
async def test_large_files_share_one_descriptor_off_the_loop(make_request, monkeypatch):
    threads = set()
    append = Spool._append
    monkeypatch.setattr(
        Spool, "_append", lambda *args: (threads.add(threading.get_ident()), append(*args))[1]
    )
    contents = [bytes([n]) * (FILES_IN_MEMORY // 2) for n in range(8)]
    body = form(*(part("f", content, f"{n}.bin") for n, content in enumerate(contents)))
    before = descriptors()
    request = make_request("POST", "/", MULTIPART, body=body, client_max_size=len(body))
    data = await request.post()
    assert descriptors() == before + 1
    assert threads
    assert threading.get_ident() not in threads
    files = data.getall("f")
    for field, content in zip(reversed(files), reversed(contents), strict=True):
        assert field.file.read(3) == content[:3]
        field.file.seek(-2, os.SEEK_END)
        assert field.file.read() == content[-2:]
        field.file.seek(0)
        assert field.file.read() == content
        assert field.file.readable()
        with pytest.raises(ValueError):
            field.file.seek(-1)
    del request, data, files, field
    gc.collect()
    assert descriptors() == before


@pytest.mark.row("AH-40")
async def test_descriptors_are_capped_for_the_process(make_request, monkeypatch):
    monkeypatch.setattr(_spool, "MAX_SPOOLS", Spool._open_spools)
    body = form(part("f", b"x" * (FILES_IN_MEMORY + 1), "f"))
    before = descriptors()
    with pytest.raises(HTTPServiceUnavailable) as caught:
        await make_request("POST", "/", MULTIPART, body=body, client_max_size=len(body)).post()
    assert caught.value.headers["Retry-After"] == "1"
    assert descriptors() == before
    small = form(part("f", b"x", "f"))
    assert await make_request("POST", "/", MULTIPART, body=small).post()


@pytest.mark.row("HI-46")
async def test_aborted_uploads_leave_nothing(make_request):
    head = f"POST / HTTP/1.1\r\nHost: h\r\n{MULTIPART}\r\nContent-Length: 99999999\r\n\r\n".encode()
    before, spools = descriptors(), Spool._open_spools
    for _ in range(20):
        exchange = MemoryExchange(head + part("f", b"x" * (2 * FILES_IN_MEMORY), "f")[:-2])
        exchange.disconnect()
        with pytest.raises(ConnectionResetError):
            await Request(exchange, client_max_size=0).post()
    assert descriptors() == before
    assert Spool._open_spools == spools


@pytest.mark.row("HC-20")
async def test_an_upload_of_200_megabytes_takes_constant_memory():
    piece = b"x" * (1 << 18)
    count = 800
    opening = part("f", b"", "big.bin")[:-2]
    size = len(opening) + count * len(piece) + len(b"\r\n--B--\r\n")
    head = f"POST / HTTP/1.1\r\nHost: h\r\n{MULTIPART}\r\nContent-Length: {size}\r\n\r\n".encode()
    exchange = MemoryExchange(head + opening)
    request = Request(exchange, client_max_size=0)
    tracemalloc.start()
    try:
        reading = asyncio.ensure_future(request.post())
        for more in [piece] * count + [b"\r\n--B--\r\n"]:
            # As a connection does, which reads on when there is room.
            while exchange.body.buffered and not reading.done():
                await asyncio.sleep(0)
            exchange.feed(more)
        data = await reading
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    file = data["f"].file
    assert file.seek(0, os.SEEK_END) == count * len(piece)
    assert peak < 8 << 20
