"""Handshakes at the server of `muntin.websocket` and at the engine of HTTP: neither is more lenient."""

import asyncio

import pytest

from muntin.http_core import NO_BODY, Rejected, RequestHead, ServerConnection
from muntin.websocket.aio import serve

pytestmark = pytest.mark.anyio

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

LINES = (
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
TARGETS = (
    b"/", b"//", b"/a%2fb?{}|", b"/a#b", b"/\xe9", b"/\x7f", b"*", b"a", b"?", b"http://a/", b"HTTPS://A?x", b"http://b/",
    b"http:///", b"http://a:80/", b"http://A:/", b"http://a:81/", b"https://a:443",
    b"https://a:80", b"http://[:::]/", b"http://:80/", b"http://x@a/", b"ftp://a/", b"ws://a/", b"a:80",
)  # fmt: skip
HOSTS = (
    b"a", b"a:80", b"a:", b"a:x", b":80", b"", b"[::1]", b"[::1", b"[v1.x]",
    b"[:::]", b"[1.2.3.4]", b"[::1%25lo]", b"[::1.2.3.4]:80", b"[]", b"a b", b"a/b", b"x@a", b"%41",
    b"%4",
    b"caf\xe9", b"a,b", b"a\tb", b"a" * 300,
)  # fmt: skip
OTHERS = (
    b"Host: a", b"Content-Length: 0", b"Content-Length: 5", b"Content-Length: +0", b"Content-Length: 0, 0",
    b"Content-Length:", b"Transfer-Encoding: chunked", b"Transfer-Encoding: identity", b"Transfer-Encoding:",
    b"X: \x01",
    b"X: \x7f", b"X: \xff", b"X : y", b" folded", b"X: a\rb", b"X: a\nb", b"X\xe9: y", b": y", b"X",
    b"Expect: 100-continue",
    b"X: " + b"y" * 8186, b"X: " + b"y" * 8190, b"\r\n".join([b"X: y"] * 120), b"\r\n".join([b"X: y"] * 130),
)  # fmt: skip
HEADS = (
    [b"GET %b HTTP/1.1\r\nHost: a\r\n" % target for target in TARGETS]
    + [b"GET / HTTP/1.1\r\nHost: %b\r\n" % host for host in HOSTS]
    + [b"GET / HTTP/1.1\r\nHost: a\r\n%b\r\n" % line for line in OTHERS]
    + [
        b"GET /" + b"a" * 8190 + b" HTTP/1.1\r\nHost: a\r\n",
        b"GET / HTTP/1.1\r\n",
        b"G@T / HTTP/1.1\r\nHost: a\r\n",
        b"get / HTTP/1.1\r\nHost: a\r\n",
        b"GET / HTTP/1.0\r\nHost: a\r\n",
        b"GET / HTTP/1.2\r\nHost: a\r\n",
        b"GET / HTTP/2.0\r\nHost: a\r\n",
        b"GET / http/1.1\r\nHost: a\r\n",
        b"GET  / HTTP/1.1\r\nHost: a\r\n",
        b"GET /\tHTTP/1.1\r\nHost: a\r\n",
        b"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n",
    ]
)


async def open_by(port: int, raw: bytes) -> bool:
    """Return whether a request opens a socket."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(raw)
        async with asyncio.timeout(PATIENCE):
            return (await reader.readuntil(b" "), await reader.readexactly(3))[1] == b"101"
    finally:
        writer.close()


def is_bodiless_request(raw: bytes) -> bool:
    """Return whether the engine of HTTP takes it for a GET that wants an upgrade, and has no body."""
    engine = ServerConnection()
    engine.receive(raw)
    event = engine.next_event()
    assert isinstance(event, (RequestHead, Rejected))
    if isinstance(event, Rejected) or event.upgrade is None:
        return False
    return event.method == "GET" and event.framing == NO_BODY


@pytest.mark.row("HI-43")
async def test_a_head_opens_a_socket_if_the_engine_takes_it():
    async def handler(socket: object, request: object) -> None: ...

    async with await serve(handler, "127.0.0.1", 0) as server:
        opened = [head for head in HEADS if await open_by(server.port, head + LINES + b"\r\n")]
    taken = [head for head in HEADS if is_bodiless_request(head + LINES + b"\r\n")]
    assert [head for head in opened if head not in taken] == []
    assert [head for head in taken if head not in opened] == []
