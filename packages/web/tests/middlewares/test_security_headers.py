"""Security headers: which fields browsers are sent, and when."""

import httpx
import pytest

from muntin import web
from muntin.web.middlewares.proxies import trusted_proxies_middleware
from muntin.web.middlewares.security_headers import SECURITY_HEADERS, security_headers_middleware
from muntin.web.testing import MemoryExchange, MemoryPeer, TestClient, TestServer

pytestmark = pytest.mark.anyio

HSTS = "Strict-Transport-Security"
ALWAYS = {name: value for name, value in SECURITY_HEADERS.items() if name != HSTS}


async def hello(request):
    return web.Response(text="hello")


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write_eof(b"streamed")
    return response


async def refuse(request):
    raise web.HTTPForbidden


async def fail(request):
    raise ZeroDivisionError


async def own(request):
    return web.Response(text="own", headers={"Referrer-Policy": "no-referrer"})


@pytest.fixture
def make_app():
    def make(*arguments, outside=(), inside=()):
        app = web.Application(
            middlewares=[*outside, security_headers_middleware(*arguments), *inside],
        )
        app.add_routes([web.get(f"/{each.__name__}", each) for each in (hello, stream, refuse, fail, own)])
        return app

    return make


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/hello", 200),
        ("GET", "/stream", 200),
        ("GET", "/refuse", 403),
        ("GET", "/fail", 500),
        ("GET", "/missing", 404),
        ("POST", "/hello", 405),
    ],
)
async def test_all_answers_have_the_fields(make_app, method, path, status):
    async with TestClient(make_app()) as client:
        response = await client.request(method, path)
    assert response.status == status
    assert {name: response.headers.getall(name) for name in ALWAYS} == {k: [v] for k, v in ALWAYS.items()}
    assert HSTS not in response.headers


async def test_transport_security_is_promised_under_tls_alone(make_app):
    line = b"GET /hello HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    proxies = trusted_proxies_middleware(networks=["10.0.0.0/8"])
    async with TestClient(make_app(outside=[proxies])) as client:
        tls = await client.answer(MemoryExchange(line, peer=MemoryPeer(is_secure=True)))
        behind = await client.answer(MemoryExchange(line, peer=MemoryPeer(address=("10.0.0.1", 1))))
        forged = await client.answer(MemoryExchange(line, peer=MemoryPeer(address=("192.0.2.2", 1))))
    promises = [each.headers.get(HSTS) for each in (tls, behind, forged)]
    assert promises == ["max-age=31536000", "max-age=31536000", None]


async def test_behind_proxies_the_responses_to_failures_have_them_too(make_app):
    lines = b"GET /fail HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n\r\n"
    proxies = trusted_proxies_middleware(networks=["10.0.0.0/8"])
    async with TestClient(make_app(outside=[proxies])) as client:
        response = await client.answer(MemoryExchange(lines, peer=MemoryPeer(address=("10.0.0.1", 1))))
    assert (response.status, response.headers.getall(HSTS)) == (500, ["max-age=31536000"])


async def test_what_the_handler_says_stays(make_app):
    async with TestClient(make_app()) as client:
        assert (await client.get("/own")).headers.getall("Referrer-Policy") == ["no-referrer"]


async def test_changes_of_the_table(make_app):
    changes = {"x-frame-options": "DENY", "Referrer-Policy": None, "Permissions-Policy": "camera=()"}
    async with TestClient(make_app(changes)) as client:
        response = await client.get("/hello")
    assert response.headers.getall("X-Frame-Options") == ["DENY"]
    assert "Referrer-Policy" not in response.headers
    assert response.headers["Permissions-Policy"] == "camera=()"
    assert response.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("changes", [{"bad name": "x"}, {"X-A": "a\r\nb"}])
def test_mistakes(changes):
    with pytest.raises(ValueError, match="field"):
        security_headers_middleware(changes)


async def test_an_error_page_made_outside_of_it(make_app):
    @web.middleware
    async def page(request, handler):
        try:
            return await handler(request)
        except ZeroDivisionError:
            return web.Response(text="sorry", status=500)

    async with TestClient(make_app(outside=[security_headers_middleware({"X-Outer": "1"}), page])) as client:
        response = await client.get("/fail")
    assert (response.text, response.headers["X-Outer"], response.headers["X-Frame-Options"]) == (
        "sorry",
        "1",
        "SAMEORIGIN",
    )


async def test_a_handler_that_gives_no_response(make_app, caplog):
    async def nothing(request):
        return None

    app = make_app()
    app.router.add_get("/nothing", nothing)
    async with TestClient(app) as client:
        assert (await client.get("/nothing")).status == 500
    assert "returned NoneType instead of a response" in caplog.text


async def test_over_a_socket(make_app):
    async with TestServer(make_app()) as server, httpx.AsyncClient(timeout=None) as client:
        for path in ("/hello", "/stream", "/refuse"):
            response = await client.get(str(server.make_url(path)))
            assert response.headers["X-Content-Type-Options"] == "nosniff"
            assert response.headers.get_list("X-Frame-Options") == ["SAMEORIGIN"]
