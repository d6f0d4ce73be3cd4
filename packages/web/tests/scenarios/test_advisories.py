"""What the published advisories about aiohttp tried, tried on a served application, over a socket.

Each conversation is what one of them sent, and a request behind it. The leaves prove more, and closer to where it is
decided.
"""

import asyncio
import gc
import gzip
import re
import sys

import pytest

from muntin import web
from muntin.web.testing import TestClient, TestServer

pytestmark = pytest.mark.anyio

NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


async def seen(request):
    request.app[SEEN].append(request.path)
    return web.Response(text="seen")


async def tell(request):
    return web.json_response([request.scheme, str(request.url)])


async def read(request):
    return web.Response(text=str(len(await request.read())))


async def post(request):
    return web.Response(text=str(len(await request.post())))


SEEN = web.AppKey("SEEN", list[str])


@pytest.fixture
def app(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "a.txt").write_text("0123456789")
    (root / "<img src=x>.txt").write_text("x")
    (tmp_path / "secret.txt").write_text("secret")
    app = web.Application(middlewares=[web.normalize_path_middleware()])
    app[SEEN] = []
    app.add_routes([web.get(f"/{name}", seen) for name in ("next", "smuggled", "evil.example/")])
    app.add_routes([web.get("/tell", tell), web.post("/read", read), web.post("/post", post)])
    app.add_routes([web.post("/unread", seen)])
    app.add_routes([web.static("/static", root, show_index=True, follow_symlinks=True)])
    return app


def get(path, *fields):
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: a", *fields, "", ""]).encode()


def send(path, body, *fields, chunked=False):
    framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
    return "\r\n".join([f"POST {path} HTTP/1.1", "Host: a", framing, *fields, "", ""]).encode() + body


def form(head, content=b"x"):
    part = b"--B\r\n" + head + b"\r\n\r\n" + content + b"\r\n--B--\r\n"
    return send("/post", part, "Content-Type: multipart/form-data; boundary=B")


URLENCODED = "Content-Type: application/x-www-form-urlencoded"
NAMED = b'Content-Disposition: form-data; name="a"'
HEAD = b"GET / HTTP/1.1\r\nHost: a\r\n"
CASES = [
    ("AH-02", "bare CR", HEAD + b"X: a\rTransfer-Encoding: chunked\r\n\r\n", [400]),
    ("AH-03", "coding", send("/read", SMUGGLED, "Transfer-Encoding: chunked123"), [400]),
    ("AH-04", "sign", b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\nx", [400]),
    (
        "AH-04",
        "underscore",
        b"POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: 1_0\r\n\r\n" + b"x" * 10,
        [400],
    ),
    ("AH-04", "folded", HEAD + b"X: a\r\n Transfer-Encoding: chunked\r\n\r\n", [400]),
    ("AH-04", "NUL", HEAD + b"X: \0\r\n\r\n", [400]),
    ("AH-06", "method", b"GE(T / HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
    ("AH-06", "separator", b"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
    ("AH-06", "name", HEAD + b"X Y: 1\r\n\r\n", [400]),
    ("AH-07", "dots", get("/static/../secret.txt"), [404, 200]),
    ("AH-07", "encoded dots", get("/static/%2e%2e/secret.txt"), [404, 200]),
    ("AH-09", "length of a part", form(NAMED + b"\r\nContent-Length: 1000"), [400, 200]),
    ("AH-12", "chunk extension", send("/read", b"1;a\nb\r\nx\r\n0\r\n\r\n", chunked=True), [400]),
    ("AH-13", "trailers", send("/read", b"0\r\n" + SMUGGLED, chunked=True), [400]),
    ("AH-13", "field", send("/read", b"0\r\nContent-Length: 9\r\n\r\n", chunked=True), [400]),
    ("AH-14", "bomb", send("/read", gzip.compress(bytes(1 << 22)), "Content-Encoding: gzip"), [413, 200]),
    ("AH-15", "digits", "POST /read HTTP/1.1\r\nHost: a\r\nContent-Length: ١\r\n\r\nx".encode(), [400]),
    ("AH-16", "range", get("/static/a.txt", "Range: bytes=١-٢"), [200, 200]),
    ("AH-19", "fields", send("/post", b"a&" * 1001, URLENCODED), [413, 200]),
    ("AH-22", "fields of a head", HEAD + b"A: b\r\n" * 1000 + b"\r\n", [431]),
    ("AH-22", "trailers", send("/read", b"0\r\n" + b"A: b\r\n" * 1000 + b"\r\n", chunked=True), [431]),
    ("AH-24", "fields of a part", form(NAMED + b"\r\nA: b" * 1000), [413, 200]),
    ("AH-25", "large field", form(NAMED, b"x" * ((1 << 20) + 1)), [413, 200]),
    ("AH-27", "two hosts", b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", [400]),
    ("AH-32", "unread", send("/unread", gzip.compress(bytes(1 << 24)), "Content-Encoding: gzip"), [200, 200]),
    ("AH-34", "upgrade", send("/read", SMUGGLED, "Connection: upgrade", "Upgrade: websocket"), [200, 200]),
    ("AH-35", "two framings", send("/read", b"0\r\n\r\n" + SMUGGLED, "Transfer-Encoding: chunked"), [400]),
    ("AH-37", "members", send("/read", gzip.compress(b"") * 8000, "Content-Encoding: gzip"), [413, 200]),
    ("AH-41", "bare LF", b"GET /\nsecret HTTP/1.1\r\nHost: a\r\n\r\n", [400]),
    ("AH-42", "signed length of a part", form(NAMED + b"\r\nContent-Length: +1"), [400, 200]),
]


async def talk(server, raw):
    """Return all that a connection brings."""
    async with asyncio.timeout(60):
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(raw)
        try:
            return await reader.read()
        finally:
            writer.close()


def statuses(responses):
    return [int(status) for status in re.findall(rb"HTTP/1\.1 (\d{3}) ", responses)]


@pytest.mark.parametrize(
    ("raw", "expected"),
    [pytest.param(*case[2:], id="-".join(case[:2]), marks=pytest.mark.row(case[0])) for case in CASES],
)
async def test_an_attack_and_the_request_behind_it(app, raw, expected):
    async with TestServer(app) as server:
        responses = await talk(server, raw + NEXT)
    assert statuses(responses) == expected
    assert "/smuggled" not in app[SEEN]
    assert ("/next" in app[SEEN]) is (len(expected) == 2)
    assert b"secret" not in responses


@pytest.mark.row("AH-01", "HI-33")
@pytest.mark.parametrize(
    "path", ["//evil.example", "///evil.example", "/\\evil.example", "//evil.example/.."]
)
async def test_slashes_lead_nowhere_else(app, path):
    async with TestServer(app) as server:
        responses = await talk(server, get(path) + NEXT)
    assert re.findall(rb"(?im)^location: (.*)\r$", responses) in ([], [b"/evil.example/"])


@pytest.mark.row("AH-08", "HI-40")
async def test_names_of_files_are_escaped(app):
    async with TestServer(app) as server:
        responses = await talk(server, get("/static/", "Connection: close"))
    assert statuses(responses) == [200]
    assert b"<img" not in responses
    assert b"&lt;img src=x&gt;.txt" in responses


@pytest.mark.row("AH-17", "HI-39")
async def test_nobody_learns_what_is_outside(app, tmp_path):
    there = tmp_path / "secret.txt"
    async with TestServer(app) as server:
        responses = [
            await talk(server, get(f"/static/{prefix}{path}", "Connection: close"))
            for prefix in ("", "/", "%2f", "..%2f")
            for path in (there, there.with_name("none.txt"))
        ]
    assert len({re.sub(rb"Date: .*", b"", response) for response in responses}) == 1
    assert statuses(responses[0]) == [404]


@pytest.mark.row("AH-36", "HI-31")
async def test_the_scheme_is_the_connections(app):
    async with TestServer(app) as server:
        responses = await talk(server, b"GET https://a/tell HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert responses.endswith(b'["http", "http://a/tell"]')


@pytest.mark.row("AH-11", "HI-38")
def test_what_is_not_found_is_not_remembered(app):
    async def ask(client, numbers):
        for number in numbers:
            assert (await client.get(f"/none/{number}")).status == 404
            assert (await client.request(f"M{number}", "/tell")).status == 405
            assert (await client.get("/none", headers={"Host": f"h{number}"})).status == 404
        gc.collect()
        return sys.getallocatedblocks()

    async def main():
        async with TestClient(app) as client:
            # The first hundreds fill what is bounded; the next leave nothing.
            return await ask(client, range(600)), await ask(client, range(600, 1200))

    before, after = asyncio.run(main())
    # One name kept for each of the 1,800 requests would be as many blocks of memory.
    assert after <= before + 600
