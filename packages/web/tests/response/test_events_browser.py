"""Event streams and the browser that they are for."""

import asyncio

import pytest

from muntin import web

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

LISTEN = """() => new Promise((resolve) => {
    const heard = [];
    const source = new EventSource("/events");
    const note = (event) => {
        heard.push([event.type, event.data, event.lastEventId]);
        if (event.data === "last") { source.close(); resolve(heard); }
    };
    source.onmessage = note;
    source.addEventListener("news", note);
})"""


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"  # Playwright's driver is a child process of this loop


@pytest.mark.row("HI-46")
async def test_chromium_listens_and_comes_again_where_it_was(browser):
    asked, left = [], asyncio.Queue()

    async def blank(request):
        return web.Response(text="<!doctype html><title>events</title>", content_type="text/html")

    async def events(request):
        stream = web.EventStream(heartbeat=0.01, retry=0.01)
        async with stream.open(request):
            asked.append(stream.last_event_id)
            if len(asked) == 1:
                await stream.send("two\nlines", id="1")
                await stream.comment("not heard")
                await stream.send("ünï", event="news", id="2")
            else:
                await stream.send("last")
                await asyncio.Event().wait()
        left.put_nowait(len(asked))
        return stream

    app = web.Application()
    app.add_routes([web.get("/", blank), web.get("/events", events)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        page = await browser.new_page()
        await page.goto(f"http://127.0.0.1:{runner.addresses[0][1]}/")
        heard = await page.evaluate(LISTEN)
        await page.close()
        async with asyncio.timeout(PATIENCE):
            assert [await left.get(), await left.get()] == [1, 2], "the handler is left when the browser is"
    finally:
        await runner.cleanup()
    assert heard == [["message", "two\nlines", "1"], ["news", "ünï", "2"], ["message", "last", "2"]]
    assert asked == [None, "2"]
