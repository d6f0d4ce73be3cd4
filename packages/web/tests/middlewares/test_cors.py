"""Cross-origin sharing: who may read what."""

import httpx
import pytest

from muntin import web
from muntin.web.middlewares.cors import cors_middleware
from muntin.web.testing import MemoryExchange, TestClient, TestServer

pytestmark = pytest.mark.anyio

SHOP = "https://shop.example"
ALLOWED = "Access-Control-Allow-Origin"
PREFLIGHT = {"Origin": SHOP, "Access-Control-Request-Method": "PUT"}


async def hello(request):
    return web.Response(text="hello", headers={"Vary": "Accept-Language"})


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write_eof(b"streamed")
    return response


async def fail(request):
    raise ZeroDivisionError


@pytest.fixture
def make_app():
    def make(*arguments, **options):
        app = web.Application(middlewares=[cors_middleware(*(arguments or ([SHOP],)), **options)])
        app.add_routes([web.get("/hello", hello), web.get("/stream", stream), web.get("/fail", fail)])
        return app

    return make


@pytest.fixture
def ask(make_app):
    """Send one request to an application of its own."""

    async def ask(method, path, fields, *arguments, **options):
        async with TestClient(make_app(*arguments, **options)) as client:
            return await client.request(method, path, headers=fields)

    return ask


def varies(response):
    return {item.strip() for line in response.headers.getall("Vary", []) for item in line.split(",")}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/hello", 200),
        ("GET", "/stream", 200),
        ("GET", "/fail", 500),
        ("GET", "/missing", 404),
        ("DELETE", "/hello", 405),
    ],
)
async def test_any_response_can_be_read(ask, method, path, status):
    response = await ask(method, path, {"Origin": SHOP})
    assert (response.status, response.headers.getall(ALLOWED)) == (status, [SHOP])
    assert "Origin" in varies(response)


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://shop.example.evil.example",
        "https://shopxexample",
        "https://SHOP.example",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example/",
        "null",
        "*",
        "",
    ],
)
@pytest.mark.row("HI-49")
async def test_others_cannot(ask, origin):
    response = await ask("GET", "/hello", {"Origin": origin})
    assert (response.status, response.text) == (200, "hello")
    assert not [name for name in response.headers if name.startswith("Access-Control")]
    assert varies(response) == {"Origin", "Accept-Language"}
    refused = await ask("OPTIONS", "/hello", {**PREFLIGHT, "Origin": origin})
    assert refused.status == 403
    assert not [name for name in refused.headers if name.startswith("Access-Control")]


async def test_responses_within_the_origin_vary_too(ask):
    response = await ask("GET", "/hello", {})
    assert varies(response) == {"Origin", "Accept-Language"}
    assert ALLOWED not in response.headers


async def test_a_preflight(ask):
    asked = {"Access-Control-Request-Headers": "content-type,X-Token"}
    response = await ask(
        "OPTIONS",
        "/hello",
        PREFLIGHT | asked,
        methods=["GET", "PUT"],
        headers=["Content-Type", "X-Token"],
        max_age=5,
    )
    assert (response.status, response.body) == (204, b"")
    assert {name: value for name, value in response.headers.items() if name.startswith("Access-")} == {
        ALLOWED: SHOP,
        "Access-Control-Allow-Methods": "GET, PUT",
        "Access-Control-Allow-Headers": "Content-Type, X-Token",
        "Access-Control-Max-Age": "5",
    }
    assert varies(response) == {"Origin", "Access-Control-Request-Method", "Access-Control-Request-Headers"}


async def test_a_preflight_for_what_is_not_there(ask):
    assert (await ask("OPTIONS", "/missing", PREFLIGHT)).status == 204


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"Access-Control-Request-Method": "TRACE"}, "this method"),
        ({"Access-Control-Request-Method": "put"}, "this method"),
        ({"Access-Control-Request-Headers": "x-other"}, "one of these headers"),
        ({"Access-Control-Request-Headers": "content-type,,"}, "one of these headers"),
        ({"Access-Control-Request-Headers": "content-type," * 500}, "one of these headers"),
    ],
)
async def test_a_preflight_for_what_is_not_allowed(ask, changes, text):
    response = await ask("OPTIONS", "/hello", PREFLIGHT | changes)
    assert (response.status, response.text) == (403, f"403: {text} is not allowed across origins")
    assert "Access-Control-Allow-Methods" not in response.headers


async def test_all_headers(ask):
    asked = {"Access-Control-Request-Headers": "x-a, authorization"}
    response = await ask("OPTIONS", "/hello", PREFLIGHT | asked, headers="*")
    assert response.headers["Access-Control-Allow-Headers"] == "x-a, authorization"
    for bad in ("x-a, b c", ",".join(f"x-{number}" for number in range(65))):
        response = await ask(
            "OPTIONS", "/hello", PREFLIGHT | {"Access-Control-Request-Headers": bad}, headers="*"
        )
        assert response.status == 403


async def test_a_private_network_is_opened_on_demand(ask):
    asked = PREFLIGHT | {"Access-Control-Request-Private-Network": "true"}
    name = "Access-Control-Allow-Private-Network"
    assert name not in (await ask("OPTIONS", "/hello", asked)).headers
    assert name not in (await ask("OPTIONS", "/hello", PREFLIGHT, private_network=True)).headers
    assert (await ask("OPTIONS", "/hello", asked, private_network=True)).headers[name] == "true"


async def test_an_options_request_that_is_no_preflight(ask):
    assert (await ask("OPTIONS", "/hello", {"Origin": SHOP})).status == 405
    assert (await ask("OPTIONS", "/hello", {"Access-Control-Request-Method": "PUT"})).status == 405


async def test_credentials_and_exposed_fields(ask):
    response = await ask("GET", "/hello", {"Origin": SHOP}, credentials=True, exposed=["X-Total", "X-Page"])
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert response.headers["Access-Control-Expose-Headers"] == "X-Total, X-Page"
    preflight = await ask("OPTIONS", "/hello", PREFLIGHT, credentials=True)
    assert preflight.headers["Access-Control-Allow-Credentials"] == "true"


async def test_all_origins(ask):
    for origin in (SHOP, "null"):
        response = await ask("GET", "/hello", {"Origin": origin}, "*")
        assert response.headers[ALLOWED] == "*"


async def test_two_origins_are_none(ask):
    response = await ask("GET", "/hello", [("Origin", f"{SHOP}, {SHOP}")])
    assert (response.status, ALLOWED in response.headers) == (200, False)
    lines = f"GET /hello HTTP/1.1\r\nHost: a\r\nOrigin: {SHOP}\r\nOrigin: https://evil.example\r\n\r\n"
    app = web.Application(middlewares=[cors_middleware([SHOP])])
    async with TestClient(app) as client:
        assert ALLOWED not in (await client.answer(MemoryExchange(lines.encode()))).headers


async def test_origins_by_a_function(ask):
    def is_ours(origin):
        return origin.endswith(".shop.example")

    response = await ask("GET", "/hello", {"Origin": "https://a.shop.example"}, is_ours, credentials=True)
    assert response.headers[ALLOWED] == "https://a.shop.example"
    assert ALLOWED not in (await ask("GET", "/hello", {"Origin": SHOP}, is_ours)).headers


@pytest.mark.parametrize(
    ("origins", "options"),
    [
        (SHOP, {}),
        ("*", {"credentials": True}),
        (["*"], {}),
        (["null"], {}),
        (["https://*.shop.example"], {}),
        (["https://shop.example/"], {}),
        (["https://Shop.example"], {}),
        (["https://shop.example:443"], {}),
        (["http://shop.example:80"], {}),
        ([r"https://shop\.example"], {}),
        (["shop.example"], {}),
        ([SHOP], {"methods": ["G T"]}),
        ([SHOP], {"methods": "GET"}),
        ([SHOP], {"headers": "X-A"}),
        ([SHOP], {"exposed": ["a\r\nb"]}),
        ([SHOP], {"max_age": -1}),
    ],
)
def test_mistakes(origins, options):
    with pytest.raises(ValueError, match=r".+"):
        cors_middleware(origins, **options)


@pytest.mark.parametrize("origin", ["http://localhost:8080", "http://[::1]:3000", "capacitor://localhost"])
async def test_origins_of_all_kinds(ask, origin):
    assert (await ask("GET", "/hello", {"Origin": origin}, [origin])).headers[ALLOWED] == origin


async def test_over_a_socket(make_app):
    async with TestServer(make_app()) as server, httpx.AsyncClient(timeout=None) as client:
        url = str(server.make_url("/hello"))
        preflight = await client.options(url, headers=PREFLIGHT)
        assert (preflight.status_code, preflight.content) == (204, b"")
        assert "PUT" in preflight.headers["Access-Control-Allow-Methods"]
        assert (await client.get(url, headers={"Origin": SHOP})).headers[ALLOWED] == SHOP
