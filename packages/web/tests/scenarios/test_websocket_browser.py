"""WebSockets in a real browser: headless Chromium, driven by Playwright."""

import asyncio

import pytest

from muntin import web

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

# Opens a socket, sends each message when the last one has come back, and tells how it all went. A message is its
# piece, a text or bytes, and how often that is repeated.
TALK = """
async ([path, messages, code, reason]) => {
    const socket = new WebSocket(location.origin.replace("http", "ws") + path, ["x", "chat"]);
    socket.binaryType = "arraybuffer";
    const found = {right: 0};
    const make = ([piece, count]) => typeof piece === "string"
        ? piece.repeat(count)
        : Uint8Array.from({length: count * piece.length}, (_, index) => piece[index % piece.length]);
    const isSame = (one, other) => typeof one === "string" || typeof other === "string"
        ? one === other
        : one.length === other.byteLength && new Uint8Array(other).every((byte, index) => byte === one[index]);
    return await new Promise(resolve => {
        let sent;
        const send = () => {
            if (found.right < messages.length) socket.send(sent = make(messages[found.right]));
            else if (code) socket.close(code, reason);
        };
        socket.onopen = () => {
            found.protocol = socket.protocol;
            found.extensions = socket.extensions;
            send();
        };
        socket.onmessage = event => {
            if (isSame(sent, event.data)) found.right += 1;
            send();
        };
        socket.onclose = event => {
            found.closed = [event.code, event.reason, event.wasClean];
            resolve(found);
        };
    });
}
"""

MESSAGES = [
    ["", 0],
    ["x", 1],
    ["héllo ☃ ", 20],
    ["a", 500_000],
    [[1], 0],
    [[0, 255, 7], 500_000],
    ['{"again": "and again"}', 10],
]


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"  # Playwright's driver is a child process of this loop


@pytest.fixture(scope="module")
async def page(browser):
    """Return a page of an application, and what its handlers saw of the sockets."""
    seen = asyncio.Queue()

    async def blank(request):
        return web.Response(text="<!doctype html><title>sockets</title>", content_type="text/html")

    async def echo(request):
        ws = web.WebSocketResponse(protocols=["chat"], compress="plain" not in request.query)
        await ws.prepare(request)
        async for message in ws:
            if message.type is web.WSMsgType.TEXT:
                await ws.send_str(message.data)
            else:
                await ws.send_bytes(message.data)
        seen.put_nowait((ws.close_code, ws.exception()))
        return ws

    async def part(request):
        ws = web.WebSocketResponse(protocols=["chat"])
        await ws.prepare(request)
        await ws.close(code=4000, message="прощай")
        seen.put_nowait((ws.close_code, ws.exception()))
        return ws

    app = web.Application()
    app.add_routes([web.get("/", blank), web.get("/echo", echo), web.get("/part", part)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        opened = await browser.new_page()
        await opened.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        yield opened, seen
        await opened.close()
    finally:
        await runner.cleanup()


@pytest.mark.row("WS-01", "WS-08")
async def test_chromium_talks_to_us_compressed_and_plain(page):
    opened, seen = page
    for path, extensions in (("/echo", "permessage-deflate"), ("/echo?plain", "")):
        found = await opened.evaluate(TALK, [path, MESSAGES, 3001, "bye ☃"])
        assert found["right"] == len(MESSAGES)
        assert found["protocol"] == "chat"
        assert found["extensions"].partition(";")[0] == extensions
        assert found["closed"] == [3001, "", True]
        assert await seen.get() == (3001, None)


@pytest.mark.row("WS-08", "WS-09")
async def test_chromium_sees_our_code_and_reason(page):
    opened, seen = page
    found = await opened.evaluate(TALK, ["/part", [], 0, ""])
    assert found["closed"] == [4000, "прощай", True]
    assert await seen.get() == (4000, None)


@pytest.mark.row("WS-02")
async def test_a_page_that_is_left_ends_its_sockets(page):
    opened, seen = page
    home = opened.url
    await opened.evaluate(
        """() => new Promise(resolve => {
            window.socket = new WebSocket(location.origin.replace("http", "ws") + "/echo");
            window.socket.onopen = () => resolve();
        })"""
    )
    await opened.goto("about:blank")
    assert await seen.get() == (1001, None)
    await opened.goto(home)
