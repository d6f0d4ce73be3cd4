"""Files that the application names."""

import gzip

import pytest

from muntin import web
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio


@pytest.fixture
def ask():
    async def ask(make_response, method="GET", **options):
        async def handler(request):
            return make_response()

        app = web.Application()
        app.router.add_route("*", "/", handler)
        async with TestClient(app) as client:
            return await client.request(method, "/", **options)

    return ask


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "report.txt"
    path.write_text("a report")
    return path


@pytest.mark.row("BH-11")
async def test_a_file(ask, path):
    response = await ask(lambda: web.FileResponse(path))
    assert (response.status, response.text) == (200, "a report")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert {"ETag", "Last-Modified"} <= set(response.headers)
    part = await ask(lambda: web.FileResponse(str(path)), headers={"Range": "bytes=2-"})
    assert (part.status, part.text) == (206, "report")
    head = await ask(lambda: web.FileResponse(path), "HEAD")
    assert (head.body, head.headers["Content-Length"]) == (b"", "8")


async def test_given_fields_win(ask, path):
    response = await ask(
        lambda: web.FileResponse(
            path,
            status=201,
            reason="Made",
            headers={"Content-Type": "text/x-report", "Content-Disposition": "attachment", "ETag": '"mine"'},
        )
    )
    assert (response.status, response.reason, response.text) == (201, "Made", "a report")
    assert response.headers["Content-Type"] == "text/x-report"
    assert response.headers["Content-Disposition"] == "attachment"
    assert response.headers.getall("ETag") == ['"mine"']


@pytest.mark.row("BH-11")
async def test_conditions_are_judged_by_the_fields_that_were_given(ask, path):
    (path.parent / "report.txt.gz").write_bytes(gzip.compress(b"a report"))

    def make():
        return web.FileResponse(
            path, headers={"ETag": '"build-7"', "Last-Modified": "Sun, 13 Sep 2020 12:26:40 GMT"}
        )

    async def status(**fields):
        return (
            await ask(make, headers={name.replace("_", "-"): value for name, value in fields.items()})
        ).status

    assert await status(If_None_Match='"build-7"') == 304
    assert await status(If_None_Match='"other"') == 200
    assert await status(If_None_Match='"build-7"', Accept_Encoding="gzip") == 200
    assert await status(If_None_Match='"build-7-gzip"', Accept_Encoding="gzip") == 304
    assert await status(If_Match='"build-7"') == 200
    assert await status(If_Modified_Since="Sun, 13 Sep 2020 12:26:40 GMT") == 304
    assert await status(Range="bytes=0-1", If_Range='"build-7"') == 206
    assert await status(Range="bytes=0-1", If_Range='"other"') == 200
    malformed = await ask(
        lambda: web.FileResponse(path, headers={"ETag": "build-7", "Last-Modified": "today"})
    )
    assert malformed.headers["ETag"] == (await ask(lambda: web.FileResponse(path))).headers["ETag"]


@pytest.mark.parametrize("content", ["<h1>Not here</h1>", ""])
async def test_a_page_for_an_error(ask, tmp_path, content):
    (tmp_path / "404.html").write_text(content)
    for method, body in (("GET", content), ("HEAD", "")):
        response = await ask(lambda: web.FileResponse(tmp_path / "404.html", status=404), method)
        assert (response.status, response.text) == (404, body)
        assert response.headers["Content-Type"] == "text/html; charset=utf-8"
        assert response.headers["Content-Length"] == str(len(content))


@pytest.mark.row("BH-13")
async def test_a_missing_file_is_404(ask, tmp_path):
    response = await ask(lambda: web.FileResponse(tmp_path / "none", headers={"Content-Type": "image/png"}))
    assert (response.status, response.text) == (404, "404: Not Found")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


def test_chunks_have_a_size(path):
    with pytest.raises(ValueError, match="at least 1 byte"):
        web.FileResponse(path, chunk_size=0)


async def test_a_compressed_sibling(ask, path):
    (path.parent / "report.txt.gz").write_bytes(gzip.compress(b"a report"))
    response = await ask(lambda: web.FileResponse(path), headers={"Accept-Encoding": "gzip"})
    assert response.headers["Content-Encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["Vary"]
    assert gzip.decompress(response.body) == b"a report"


async def test_compression_on_the_way(ask, tmp_path):
    (tmp_path / "big.txt").write_bytes(b"x" * 300_000)

    def make():
        response = web.FileResponse(tmp_path / "big.txt")
        response.enable_compression()
        return response

    received = await ask(make, headers={"Accept-Encoding": "gzip"})
    assert received.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(received.body) == b"x" * 300_000
    plain = await ask(make)
    assert plain.body == b"x" * 300_000


async def test_cookies_go_with_a_file(ask, path):
    def make():
        response = web.FileResponse(path)
        response.set_cookie("a", "b")
        return response

    assert (await ask(make)).headers["Set-Cookie"].startswith("a=b")


async def test_prepared_by_hand(path):
    async def handler(request):
        response = web.FileResponse(path)
        await response.prepare(request)
        assert response.prepared
        await response.prepare(request)
        return response

    app = web.Application()
    app.router.add_get("/", handler)
    async with TestClient(app) as client:
        assert (await client.get("/")).text == "a report"
