"""The guestbook in a real browser: headless Chromium, driven by Playwright."""

import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

pytestmark = pytest.mark.browser

WINDOWS = {
    "desktop-light": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "light"},
    "desktop-dark": {"viewport": {"width": 1280, "height": 860}, "color_scheme": "dark"},
    "phone-light": {"viewport": {"width": 390, "height": 844}, "color_scheme": "light"},
    "phone-dark": {"viewport": {"width": 390, "height": 844}, "color_scheme": "dark"},
}


@pytest.fixture(scope="module")
def browser():
    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    with sync_playwright() as playwright:
        # Headless, without a sandbox and calling nobody: so Playwright starts it by itself.
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu"])
        yield browser
        browser.close()


@pytest.fixture
def open_page(browser):
    """Return a function that opens a page in a window of its own; no page may complain, in whatever test."""
    contexts, complaints = [], []

    def open_page(url, *, expected=(), **window):
        contexts.append(context := browser.new_context(**window))
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda said: (
                said.type == "error"
                and not any(words in said.text for words in expected)
                and complaints.append(said.text)
            ),
        )
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def sign(page, name, message, image=None):
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Your message").fill(message)
    if image is not None:
        page.get_by_label("An image").set_input_files(image)
    page.get_by_role("button", name="Sign the book").click()


def live(page):
    expect(page.get_by_role("status")).to_have_text("Live")
    return page


def test_an_entry_appears_in_every_window_as_it_is_written(guestbook, open_page, png, artifacts):
    writer = live(open_page(guestbook.url))
    reader = live(open_page(guestbook.url))
    expect(reader.locator(".empty")).to_be_visible()

    sign(
        writer,
        "Ada",
        "The first line.\nThe second.",
        {"name": "sky.png", "mimeType": "image/png", "buffer": png},
    )

    for page in (reader, writer):
        entry = page.get_by_role("article").filter(has_text="The first line.")
        expect(entry).to_have_count(1)
        expect(entry.locator(".name")).to_have_text("Ada")
        expect(entry.get_by_role("img")).to_have_js_property("naturalWidth", 960)
        expect(entry.get_by_role("time")).to_have_text("just now")
        expect(page.locator(".empty")).to_have_count(0)
    expect(writer.get_by_label("Your message")).to_have_value("")
    reader.screenshot(path=artifacts / "guestbook-live.png")


def test_what_visitors_write_stays_text(guestbook, open_page):
    hostile = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"
    writer, reader = live(open_page(guestbook.url)), live(open_page(guestbook.url))

    sign(writer, "<b>Eve</b>", hostile)
    entry = reader.get_by_role("article").first
    expect(entry.locator(".message")).to_have_text(hostile)
    reader.reload()

    expect(entry.locator(".message")).to_have_text(hostile)
    expect(entry.locator(".name")).to_have_text("<b>Eve</b>")
    expect(reader).to_have_title("Guestbook")


def test_a_refused_entry_is_explained_beside_its_field(guestbook, open_page):
    page = live(open_page(guestbook.url, expected=["422"]))

    sign(page, "Ada", "Look!", {"name": "words.png", "mimeType": "image/png", "buffer": b"words"})

    image = page.get_by_label("An image")
    expect(image).to_have_accessible_description("This must be a PNG, JPEG, GIF or WebP image.")
    expect(image).to_be_focused()
    expect(page.get_by_label("Your message")).to_have_value("Look!")


def test_an_image_that_is_too_large_is_not_even_sent(guestbook, open_page):
    page = live(open_page(guestbook.url))
    large = {
        "name": "large.jpg",
        "mimeType": "image/jpeg",
        "buffer": b"\xff\xd8\xff" + bytes(2 * 1024 * 1024),
    }

    sign(page, "Ada", "Look!", large)

    expect(page.locator("#image-problem")).to_have_text("This image is too large.")


def test_a_window_finds_its_way_back_and_misses_nothing(start, open_page):
    settings = {"GUESTBOOK_DB": "sqlite+aiosqlite:///back.db"}
    guestbook = start(**settings)
    page = live(open_page(guestbook.url, expected=["WebSocket connection", "Failed to load resource"]))

    assert guestbook.stop() == 0
    expect(page.get_by_role("status")).to_have_text("Reconnecting …")
    again = start(GUESTBOOK_PORT=urlsplit(guestbook.url).port, **settings)
    with again.client() as client:
        client.post("/api/entries", json={"name": "Grace", "message": "While you were away."})

    expect(page.get_by_role("article").filter(has_text="While you were away.")).to_have_count(
        1, timeout=30_000
    )
    live(page)


def test_the_book_can_be_signed_without_javascript(guestbook, open_page):
    page = open_page(guestbook.url, java_script_enabled=False)

    sign(page, "Alan", "No script was run.")

    expect(page.get_by_role("article").filter(has_text="No script was run.")).to_have_count(1)
    expect(page.get_by_role("status")).to_be_hidden()


@pytest.mark.parametrize("window", WINDOWS)
def test_nothing_is_wider_than_the_window(guestbook, open_page, window):
    with guestbook.client() as client:
        client.post("/api/entries", json={"name": "n" * 60, "message": "Looooong" * 100})

    page = live(open_page(guestbook.url, **WINDOWS[window]))

    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(scope="module")
def showcase(start, png):
    """Return a guestbook that people have signed."""
    guestbook = start(GUESTBOOK_DB="sqlite+aiosqlite:///showcase.db")
    words = {
        "Ada": "The engine weaves algebraical patterns just as the loom weaves flowers and leaves.",
        "مريم": "شكرا على هذه الصفحة الجميلة",
        "Zoë": "Two lines, and a pause.\n\nThen a third: <em>& not a tag</em>.",
    }
    with guestbook.client() as client:
        for name, message in words.items():
            client.post("/api/entries", json={"name": name, "message": message})
        sky = {"image": ("sky.png", png)}
        client.post("/api/entries", data={"name": "Vincent", "message": "This morning."}, files=sky)
    return guestbook


@pytest.mark.parametrize("window", WINDOWS)
def test_it_looks_as_it_should_in_any_window(showcase, open_page, artifacts, window):
    page = live(open_page(showcase.url, **WINDOWS[window]))

    expect(page.get_by_role("article")).to_have_count(4)
    expect(page.get_by_role("img")).to_have_js_property("naturalWidth", 960)
    page.screenshot(path=artifacts / f"guestbook-{window}.png", full_page=True)
