import asyncio
import base64
import ssl
from contextlib import asynccontextmanager

import pytest

from muntin.websocket import HandshakeError
from muntin.websocket.aio import connect, serve

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("url", ["http://x/", "ws:///path", "x", "ws://x/#fragment", "ws://x:99999/"])
async def test_what_is_no_url(url):
    with pytest.raises(ValueError, match=r"is not the URL|Port out of range"):
        await connect(url)


async def test_no_field_is_smuggled_in():
    with pytest.raises(ValueError, match="control character"):
        await connect("ws://127.0.0.1:1/", fields=[("A", "b\r\nC: d")])


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("a b", "percent-encoded"),
        ("a\tb", "percent-encoded"),
        ("\n", "percent-encoded"),
        ("caf\xe9", "percent-encoded"),
        ("a\x00", "percent-encoded"),
        ("#", "percent-encoded"),
        (" ", "percent-encoded"),
    ],
)
async def test_no_target_is_sent_that_a_server_would_refuse(path, reason):
    with pytest.raises(ValueError, match=reason):
        await connect("ws://127.0.0.1:1/" + path)


@pytest.mark.parametrize(
    ("url", "options", "error", "reason"),
    [
        ("ws://b\xfccher.example/", {}, ValueError, "percent-encoded"),
        ("ws://a_b|c/", {}, ValueError, "is not a host"),
        ("ws://x:0/", {}, ValueError, "is not the URL"),
        (b"ws://x/", {}, TypeError, "the URL is a str"),
        ("ws://x/", {"fields": [("A b", "c")]}, ValueError, "'A b' is not the name"),
        ("ws://x/", {"fields": ["ab"]}, TypeError, "pairs"),
        ("ws://x/", {"fields": {"ab": "c"}}, TypeError, "pairs"),
        ("ws://x/", {"fields": [(b"A", b"b")]}, TypeError, "pairs of str"),
        ("ws://x/", {"fields": [("Host", "a"), ("host", "b")]}, ValueError, "one Host"),
        ("ws://x/", {"fields": [("Host", "a b")]}, ValueError, "is not a host"),
        ("ws://x/", {"fields": [("Upgrade", "h2c")]}, ValueError, "set by the handshake itself"),
        ("ws://x/", {"fields": [("sec-websocket-key", "x")]}, ValueError, "set by the handshake itself"),
        ("ws://x/", {"fields": [("Content-Length", "5")]}, ValueError, "set by the handshake itself"),
        ("ws://a:b@x/", {"fields": [("Authorization", "x")]}, ValueError, "in the URL and in the field"),
        ("wss://x/", {"ssl": True}, TypeError, "SSLContext"),
        ("ws://x/", {"ssl": ssl.create_default_context()}, ValueError, "not encrypted"),
        ("ws://x/", {"deflate": True}, TypeError, "a Deflate or None"),
        ("ws://x/", {"subprotocols": "chat"}, ValueError, "collection of subprotocols"),
        ("ws://x/", {"max_message_size": -1}, ValueError, "max_message_size is -1"),
        ("ws://x/", {"open_timeout": -1}, ValueError, "open_timeout is -1"),
        ("ws://x/", {"open_timeout": "1"}, TypeError, "open_timeout is a number"),
        ("ws://x/", {"heartbeat": -5}, ValueError, "heartbeat is -5"),
        ("ws://x/", {"heartbeet": 5}, TypeError, "heartbeet"),
    ],
)
async def test_arguments_are_checked_before_anything_is_sent(url, options, error, reason):
    with pytest.raises(error, match=reason):
        await connect(url, **options)


async def test_no_password_is_told_by_an_error():
    for url in ("ws://name:secret@x/ y", "http://name:secret@x/"):
        with pytest.raises(ValueError, match="is not the URL") as info:
            await connect(url)
        assert "secret" not in str(info.value)


@pytest.mark.parametrize(
    ("userinfo", "options", "host", "credentials"),
    [
        ("", {}, None, None),
        ("", {"fields": [("Host", "other.example:81")]}, "other.example:81", None),
        ("name:pass%20word@", {}, None, b"name:pass word"),
        ("name@", {}, None, b"name:"),
        ("a%3Ab:c%C3%A9@", {}, None, "a:b:cé".encode()),
    ],
)
async def test_what_a_request_says(userinfo, options, host, credentials):
    seen = []

    async def handler(socket, request):
        seen.append([*request.fields, ("target", request.target)])

    async with await serve(handler, "127.0.0.1", 0) as server:
        own = f"127.0.0.1:{server.port}"
        url = f"ws://{userinfo}{own}?q=%20{{}}"
        async with await connect(url, **options) as socket:
            await socket.receive()
    [fields] = seen
    values = {name: [value for other, value in fields if other == name] for name, _ in fields}
    assert values["Host"] == [host or own]
    assert values["target"] == ["/?q=%20{}"]
    sent = values.get("Authorization", [])
    assert sent == ([] if credentials is None else ["Basic " + base64.b64encode(credentials).decode()])


@asynccontextmanager
async def responding(data, *, hang_up=True):
    """Run a server that responds to every client with the same bytes; return its URL."""
    handlers = set()

    async def handle(reader, writer):
        handlers.add(asyncio.current_task())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(data)
        if not hang_up:
            await reader.read()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        yield f"ws://{host}:{port}"
    await asyncio.gather(*handlers)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no response from the server"),
        (b"HTTP/1.1 101 x\r\nA: " + b"a" * 70000, "no response from the server"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not HTTP"),
        (b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "our key"),
    ],
)
async def test_a_server_that_does_not_agree(data, reason):
    async with responding(data) as url:
        with pytest.raises(HandshakeError, match=reason):
            await connect(url)


async def test_a_server_that_says_nothing():
    async with responding(b"", hang_up=False) as url:
        with pytest.raises(TimeoutError):
            await connect(url, open_timeout=0.05)


async def test_nobody_there():
    async with responding(b"") as url:
        pass
    with pytest.raises(OSError, match="Connect"):
        await connect(url)
