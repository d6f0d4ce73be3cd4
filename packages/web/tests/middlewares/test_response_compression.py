"""Response compression: which responses are compressed, and how."""

import gzip

import httpx
import pytest

from muntin import web
from muntin.http_core.coding.decoder import decode_content
from muntin.http_core.coding.registry import available_codings
from muntin.web.middlewares.response_compression import compression_middleware
from muntin.web.testing import TestClient, TestServer

pytestmark = pytest.mark.anyio

TEXT = "the quick brown fox " * 200
GZIP = {"Accept-Encoding": "gzip"}


@pytest.fixture
def ask():
    """Let a response go through the middleware to a client; return the response."""

    async def ask(make_response, *, fields=GZIP, method="GET", **options):
        async def handler(request):
            return make_response()

        app = web.Application(middlewares=[compression_middleware(**options)])
        app.router.add_route("*", "/", handler)
        async with TestClient(app) as client:
            return await client.request(method, "/", headers=fields)

    return ask


def text(body=TEXT, **options):
    return lambda: web.Response(text=body, **options)


def typed(content_type):
    return lambda: web.Response(body=TEXT.encode(), content_type=content_type)


async def test_a_large_text_is_compressed(ask):
    response = await ask(text(headers={"ETag": '"a"', "Vary": "Origin"}))
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(response.body).decode() == TEXT
    assert int(response.headers["Content-Length"]) == len(response.body) < len(TEXT) // 10
    assert response.headers["ETag"] == 'W/"a"'
    assert response.headers.getall("Vary") == ["Origin", "Accept-Encoding"]


@pytest.mark.parametrize(
    ("accepted", "coding"),
    [
        ("gzip;q=0.5, br", "br"),
        ("gzip, br;q=0.5", "gzip"),
        ("zstd, br;q=0.9, gzip;q=0.8", "zstd"),
        ("br;q=0, gzip;q=0.1", "gzip"),
        ("*", available_codings()[0]),
        ("identity, gzip;q=0.5", None),
        ("gzip;q=0", None),
        ("unknown", None),
        ("", None),
        (None, None),
    ],
)
async def test_the_client_chooses(ask, accepted, coding):
    if coding is not None and coding not in available_codings():
        pytest.skip(f"{coding} is not installed")
    response = await ask(text(), fields={} if accepted is None else {"Accept-Encoding": accepted})
    assert response.headers.get("Content-Encoding") == coding
    assert response.headers["Vary"] == "Accept-Encoding"
    body = response.body
    if coding is not None:
        body = decode_content(body, [coding])
    assert body.decode() == TEXT


@pytest.mark.parametrize(
    ("content_type", "is_compressed"),
    [
        ("text/css", True),
        ("application/json", True),
        ("application/ld+json", True),
        ("image/svg+xml", True),
        ("image/png", False),
        ("application/zip", False),
        ("application/octet-stream", False),
    ],
)
async def test_types(ask, content_type, is_compressed):
    response = await ask(typed(content_type))
    assert ("Content-Encoding" in response.headers, "Vary" in response.headers) == (
        is_compressed,
        is_compressed,
    )


async def test_types_of_ones_own(ask):
    own = {"types": ["Application/X-Own"]}
    assert "Content-Encoding" in (await ask(typed("application/x-own"), **own)).headers
    assert "Content-Encoding" not in (await ask(typed("text/plain"), **own)).headers


async def test_sizes(ask):
    for size, is_compressed in ((1023, False), (1024, True)):
        assert ("Content-Encoding" in (await ask(text("x" * size))).headers) == is_compressed
    assert "Content-Encoding" in (await ask(text("x" * 50), smallest=50)).headers


@pytest.mark.parametrize(
    "make_response",
    [
        text(headers={"Content-Encoding": "x-own"}),
        text(status=206, headers={"Content-Range": "bytes 0-3999/5000"}),
        lambda: web.Response(status=204),
        lambda: web.Response(status=304, headers={"Content-Type": "text/plain"}),
    ],
)
async def test_what_is_left_as_it_is(ask, make_response):
    plain, response = await ask(make_response, fields={}), await ask(make_response)
    assert (response.body, response.headers.get("Content-Encoding")) == (
        plain.body,
        plain.headers.get("Content-Encoding"),
    )
    assert "Vary" not in response.headers


async def test_what_the_handler_has_asked_for_stays(ask):
    def make_response():
        response = web.Response(text=TEXT)
        response.enable_compression(web.ContentCoding.identity)
        return response

    assert "Content-Encoding" not in (await ask(make_response)).headers


@pytest.mark.parametrize(
    "line",
    [
        ("Cache-Control", "no-transform"),
        ("Cache-Control", "public, No-Transform, max-age=60"),
        ("Content-Digest", "sha-256=:YQ==:"),
        ("Repr-Digest", "sha-256=:YQ==:"),
        ("Digest", "sha-256=YQ=="),
        ("Content-MD5", "YQ=="),
    ],
)
async def test_what_says_which_bytes_it_is_stays_as_it_is(ask, line):
    """A digest would be wrong of other bytes, and `no-transform` asks for these."""
    response = await ask(text(headers=[line]))
    assert ("Content-Encoding" in response.headers, response.text) == (False, TEXT)


@pytest.mark.parametrize("control", ["max-age=60", "no-store, private", "x-no-transform", ""])
async def test_other_directives_do_not_count(ask, control):
    response = await ask(text(headers={"Cache-Control": control} if control else {}))
    assert response.headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("fields", [GZIP, {}], ids=["gzip", "plain"])
async def test_a_304_has_the_fields_of_the_200_that_it_stands_for(fields):
    async def handler(request):
        response = web.Response(text=TEXT)
        response.etag = "a"
        response.make_conditional(request)
        return response

    app = web.Application(middlewares=[compression_middleware()])
    app.router.add_get("/", handler)
    async with TestClient(app, headers=fields) as client:
        whole = await client.get("/")
        known = await client.get("/", headers={"If-None-Match": whole.headers["ETag"]})
    assert (whole.status, known.status, known.body) == (200, 304, b"")
    assert [known.headers.get(name) for name in ("ETag", "Vary")] == [
        whole.headers[name] for name in ("ETag", "Vary")
    ]
    assert "Content-Encoding" not in known.headers


async def test_the_head_of_it(ask):
    response = await ask(text(), method="HEAD")
    assert (response.headers["Content-Encoding"], response.body) == ("gzip", b"")


async def test_errors_and_streams():
    async def refuse(request):
        raise web.HTTPForbidden(text=TEXT)

    async def stream(request):
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await response.prepare(request)
        await response.write_eof(TEXT.encode())
        return response

    app = web.Application(middlewares=[compression_middleware()])
    app.add_routes([web.get("/refuse", refuse), web.get("/stream", stream)])
    async with TestClient(app, headers=GZIP) as client:
        refused = await client.get("/refuse")
        assert (refused.status, gzip.decompress(refused.body).decode()) == (403, TEXT)
        streamed = await client.get("/stream")
        assert (streamed.text, "Content-Encoding" in streamed.headers) == (TEXT, False)


async def test_files_are_left_to_their_compressed_forms(ask, tmp_path):
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    (tmp_path / "page.txt.gz").write_bytes(gzip.compress(TEXT.encode()))
    assert (await ask(lambda: web.FileResponse(path), fields={})).text == TEXT
    response = await ask(lambda: web.FileResponse(path))
    assert gzip.decompress(response.body).decode() == TEXT


@pytest.mark.parametrize("types", ["text/plain", ["text"], ["text/plain; charset=utf-8"], [""]])
def test_mistakes(types):
    with pytest.raises(ValueError, match="media type"):
        compression_middleware(types=types)


async def test_over_a_socket():
    async def large(request):
        return web.json_response([TEXT] * 100)

    app = web.Application(middlewares=[compression_middleware()])
    app.router.add_get("/", large)
    async with TestServer(app) as server, httpx.AsyncClient(timeout=None) as client:
        response = await client.get(str(server.make_url("/")), headers=GZIP)
    assert (response.headers["Content-Encoding"], response.json()) == ("gzip", [TEXT] * 100)
