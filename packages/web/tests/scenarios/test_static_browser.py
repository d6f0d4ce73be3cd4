"""Files in a real browser: headless Chromium seeks in a sound, and shows what is in a directory."""

import re
import wave

import pytest

from muntin import web
from muntin.web.testing import TestServer

pytestmark = [pytest.mark.anyio, pytest.mark.browser]

SECONDS = 120

# Loads a sound, jumps to a second of it, and tells how long it is and where it stands.
SEEK = """
async ([path, second]) => {
    const sound = new Audio(path);
    sound.preload = "metadata";
    const happens = name => new Promise((resolve, reject) => {
        sound.addEventListener(name, resolve, {once: true});
        sound.addEventListener("error", () => reject(new Error(sound.error.message)), {once: true});
    });
    await happens("loadedmetadata");
    const jumped = happens("seeked");
    sound.currentTime = second;
    await jumped;
    return [sound.duration, sound.currentTime];
}
"""


@pytest.fixture(scope="module")
def anyio_backend():
    return "asyncio"  # where the browser is driven from


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    files = tmp_path_factory.mktemp("files")
    with wave.open(str(files / "long.wav"), "wb") as sound:
        sound.setparams((2, 2, 44_100, 0, "NONE", ""))
        sound.writeframes(bytes(4 * 44_100 * SECONDS))
    (files / "blank.html").write_text("<!doctype html><title>sound</title>")
    (files / "<img src=x onerror=alert(1)>.txt").write_text("harmless")
    (files / "javascript:alert(1)").write_text("harmless")
    (files / "sub & more").mkdir()
    (files / "sub & more" / "100% done?.txt").write_text("done")
    return files


@pytest.mark.row("BH-11")
async def test_chromium_seeks_by_ranges(files, browser):
    asked = []

    @web.middleware
    async def note(request, handler):
        response = await handler(request)
        if request.path == "/files/long.wav":
            asked.append(
                (request.headers.get("Range"), response.status, response.headers.get("Content-Range"))
            )
        return response

    app = web.Application(middlewares=[note])
    app.add_routes([web.static("/files", files, show_index=True)])
    async with TestServer(app) as server:
        page = await browser.new_page()
        await page.goto(str(server.make_url("/files/blank.html")))
        duration, position = await page.evaluate(SEEK, ["/files/long.wav", SECONDS - 5])
        await page.close()
    assert (round(duration), round(position)) == (SECONDS, SECONDS - 5)
    assert asked[0][:2] == ("bytes=0-", 206)
    # 304: it may ask whether a part that it has is still right.
    assert {status for _, status, _ in asked} <= {206, 304}
    told = [given for _, status, given in asked if status == 206]
    size = (files / "long.wav").stat().st_size
    parts = [re.fullmatch(rf"bytes (\d+)-\d+/{size}", given) for given in told]
    assert all(parts)
    assert max(int(part[1]) for part in parts) > size // 2  # it went there without all that lies before


@pytest.mark.row("ST-04", "HI-40", "AH-08")
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_chromium_shows_a_directory(files, browser, scheme):
    app = web.Application()
    app.add_routes([web.static("/files", files, show_index=True)])
    complaints = []
    async with TestServer(app) as server:
        page = await browser.new_page(color_scheme=scheme, viewport={"width": 390, "height": 640})
        page.on("console", lambda message: complaints.append(message.text))
        await page.goto(str(server.make_url("/files/")))
        assert await page.locator("a").all_inner_texts() == [
            "sub & more/",
            "<img src=x onerror=alert(1)>.txt",
            "blank.html",
            "javascript:alert(1)",
            "long.wav",
        ]
        # Its style was allowed in, follows the wish for light or dark, and fits a telephone.
        red = await page.evaluate("getComputedStyle(document.querySelector('a')).color.match(/\\d+/)[0]")
        assert (int(red) > 128) is (scheme == "dark")
        assert await page.evaluate("document.documentElement.scrollWidth") == 390
        assert complaints == []
        await page.click("text=sub & more")
        await page.click("text=100% done")
        assert await page.inner_text("body") == "done"
        await page.go_back()
        await page.click("text=../")
        await page.click("text=<img")
        assert await page.inner_text("body") == "harmless"
        await page.close()
