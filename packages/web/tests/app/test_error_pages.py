"""Error pages: what answers errors, whoever raised them, and what a developer is shown."""

import asyncio
import json
import logging

import httpx
import pytest

from muntin import web
from muntin.web.testing import TestClient, TestServer

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = pytest.mark.anyio


class Unknown(LookupError):
    pass


class Teapot(web.HTTPClientError):
    status_code = 418


async def fails(request):
    raise {
        "zero": ZeroDivisionError("by nothing"),
        "unknown": Unknown("ann"),
        "forbidden": web.HTTPForbidden(headers={"X-Why": "because"}),
        "unavailable": web.HTTPServiceUnavailable(headers={"Retry-After": "9"}),
        "teapot": Teapot(),
        "found": web.HTTPFound("/elsewhere"),
    }[request.match_info["how"]]


async def returns(request):
    return web.HTTPForbidden()


async def nothing(request):
    return None


def page(label):
    async def respond(request, error):
        return web.Response(status=getattr(error, "status", 500), text=f"{label}: {type(error).__name__}")

    return respond


def make_app(pages, **kwargs):
    app = web.Application(**kwargs)
    app.add_routes(
        [web.get("/fails/{how}", fails), web.get("/returns", returns), web.get("/nothing", nothing)]
    )
    for cause, response in pages.items():
        app.on_error(cause)(response)
    return app


async def fetch(app, *paths):
    async with TestClient(app) as client:
        return [(response.status, response.text) for response in [await client.get(path) for path in paths]]


@pytest.mark.row("HC-37", "HC-48")
async def test_raised_and_returned_exceptions_have_the_page_of_their_status():
    app = make_app({403: page("no")})
    assert await fetch(app, "/fails/forbidden", "/returns") == [(403, "no: HTTPForbidden")] * 2


async def test_the_router_has_no_other_errors_than_handlers():
    app = make_app({404: page("where"), web.HTTPMethodNotAllowed: page("how")})
    async with TestClient(app) as client:
        assert (await client.get("/none")).text == "where: HTTPNotFound"
        refused = await client.post("/returns")
        assert (refused.status, refused.text) == (405, "how: HTTPMethodNotAllowed")
        assert refused.headers["Allow"] == "GET,HEAD", "RFC 9110 §15.5.6 demands it, whoever wrote the page"


async def test_a_response_of_another_status_is_left_alone():
    async def index(request, error):
        return web.Response(text="the application starts")

    async with TestClient(make_app({503: index})) as client:
        response = await client.get("/fails/unavailable")
        assert response.status == 200
        assert "Retry-After" not in response.headers


async def test_the_status_comes_first_and_then_the_nearest_class():
    app = make_app(
        {403: page("status"), web.HTTPForbidden: page("class"), web.HTTPClientError: page("family")}
    )
    app.on_error(web.HTTPError)(page("errors"))
    assert await fetch(app, "/fails/forbidden", "/fails/teapot", "/fails/unavailable") == [
        (403, "status: HTTPForbidden"),
        (418, "family: Teapot"),
        (503, "errors: HTTPServiceUnavailable"),
    ]


async def test_responses_that_are_no_errors_have_no_page():
    app = make_app({web.HTTPException: page("error")})
    async with TestClient(app) as client:
        assert (await client.get("/fails/found")).headers["Location"] == "/elsewhere"


async def test_what_nobody_expected_is_500_and_logged(caplog):
    app = make_app({500: page("sorry")})
    assert await fetch(app, "/fails/zero") == [(500, "sorry: ZeroDivisionError")]
    assert "by nothing" in caplog.text


async def test_exception_stands_for_what_nobody_expected_and_not_for_responses(caplog):
    app = make_app({Exception: page("sorry"), 500: page("never")})
    assert await fetch(app, "/fails/zero", "/fails/forbidden") == [
        (500, "sorry: ZeroDivisionError"),
        (403, "403: Forbidden"),
    ]
    assert "by nothing" in caplog.text


async def test_an_exception_with_a_page_of_its_own_is_no_failure(caplog):
    async def unknown(request, error):
        return web.json_response({"unknown": str(error)}, status=404)

    app = make_app({LookupError: unknown, 500: page("sorry")}, debug=True)
    assert await fetch(app, "/fails/unknown") == [(404, '{"unknown": "ann"}')]
    assert not caplog.records


async def test_the_innermost_application_with_a_page_wins():
    inner = make_app({403: page("inner")})
    middle = make_app({web.HTTPError: page("middle")})
    outer = make_app({403: page("outer"), 404: page("outer"), 503: page("outer")})
    middle.add_subapp("/inner/", inner)
    outer.add_subapp("/middle/", middle)
    deep = "/middle/inner"
    found = await fetch(outer, f"{deep}/returns", f"{deep}/none", f"{deep}/fails/unavailable", "/returns")
    assert [text.split(":")[0] for _, text in found] == ["inner", "middle", "middle", "outer"]


async def test_middlewares_see_the_exception_and_not_its_page():
    seen = []

    @web.middleware
    async def note(request, handler):
        try:
            return await handler(request)
        except web.HTTPException as error:
            seen.append(error.status)
            raise

    await fetch(make_app({403: page("no")}, middlewares=[note]), "/fails/forbidden")
    assert seen == [403]


async def test_a_page_may_raise_a_response():
    async def login(request, error):
        raise web.HTTPFound("/login")

    async with TestClient(make_app({403: login})) as client:
        assert (await client.get("/returns")).headers["Location"] == "/login"


@pytest.mark.parametrize("broken", [page, lambda label: nothing_page])
async def test_a_page_that_fails_leaves_the_plain_response(broken, caplog):
    async def fails_too(request, error):
        raise RuntimeError("the template is missing")

    app = make_app({403: fails_too if broken is page else nothing_page, 500: fails_too})
    assert await fetch(app, "/returns", "/fails/zero") == [
        (403, "403: Forbidden"),
        (500, "500: Internal Server Error"),
    ]
    assert "fails_too" in caplog.text
    assert ("returned NoneType instead of a response" in caplog.text) is (broken is not page)


async def nothing_page(request, error):
    return None


@pytest.mark.row("HI-53")
async def test_a_handler_without_a_response_has_the_page_too_and_is_named(caplog):
    app = make_app({500: page("sorry"), TypeError: page("wrong"), RuntimeError: page("wrong")})
    [(status, text)] = await fetch(app, "/nothing")
    assert (status, text) == (500, "sorry: NotAResponse")
    [record] = caplog.records
    assert "handler" in record.message
    assert "nothing" in record.message
    assert "NoneType" in record.message


@pytest.mark.parametrize("cause", [200, 399, 600, web.HTTPFound, web.HTTPOk, web.HTTPRedirection])
def test_only_errors_have_pages(cause):
    with pytest.raises(ValueError, match="no error"):
        web.Application().on_error(cause)


@pytest.mark.parametrize("cause", ["404", None, BaseException, int, web.HTTPNotFound()])
def test_an_error_is_a_status_or_a_class(cause):
    with pytest.raises(TypeError):
        web.Application().on_error(cause)


def test_one_page_for_each_error():
    app = make_app({404: page("where")})
    with pytest.raises(ValueError, match="has a page"):
        app.on_error(404)
    app.freeze()
    with pytest.raises(RuntimeError, match="frozen"):
        app.on_error(403)


# Debug mode


@pytest.mark.row("CF-20", "HI-53")
@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, "text/plain"),
        ("*/*", "text/plain"),
        ("text/html,application/xhtml+xml,*/*;q=0.8", "text/html"),
        ("application/json", "text/plain"),
    ],
)
async def test_a_developer_sees_the_traceback(accept, kind):
    async def escapes(request):
        raise ValueError("<script>alert(1)</script> \udcff")

    app = web.Application(debug=True)
    app.router.add_get("/", escapes)
    app.on_error(500)(page("sorry"))
    async with TestClient(app) as client:
        response = await client.get("/", headers={} if accept is None else {"Accept": accept})
    assert response.status == 500
    assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
    assert response.headers["Vary"] == "Accept"
    assert "Traceback" in response.text
    assert "escapes" in response.text
    assert ("<script>" in response.text) is (kind == "text/plain")


@pytest.mark.row("CF-20", "HI-53")
async def test_nobody_else_does():
    async with TestClient(make_app({}, debug=False)) as client:
        response = await client.get("/fails/zero", headers={"Accept": "text/html"})
    assert (response.status, response.text) == (500, "500: Internal Server Error")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"


@pytest.mark.row("CF-20")
@pytest.mark.parametrize("debug", [False, True])
async def test_a_bare_handler_is_debugged_by_the_argument_of_its_server(debug, caplog):
    async def handler(request):
        raise ZeroDivisionError("by nothing")

    caplog.set_level(logging.CRITICAL, "muntin")
    async with (
        TestServer(web.Server(handler, debug=debug)) as server,
        httpx.AsyncClient(timeout=None) as client,
    ):
        response = await client.get(str(server.make_url("/")))
    assert ("by nothing" in response.text) is debug


# What never became a request


async def exchange_bytes(server, data):
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    try:
        writer.write(data)
        async with asyncio.timeout(PATIENCE):
            return await reader.read()
    finally:
        writer.close()


REFUSALS = {
    b"GET / HTTP/1.1\r\nHost: a\r\nbad line\r\n\r\n": (400, "HTTPBadRequest"),
    b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"x" * 10000): (414, "HTTPRequestURITooLong"),
    b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 200 + b"\r\n": (431, "HTTPRequestHeaderFieldsTooLarge"),
    b"GET / HTTP/3.0\r\nHost: a\r\n\r\n": (505, "HTTPVersionNotSupported"),
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n": (501, "HTTPNotImplemented"),
}


@pytest.mark.row("HI-52", "HI-53")
@pytest.mark.parametrize(("data", "expected"), REFUSALS.items(), ids=[str(s) for s, _ in REFUSALS.values()])
@pytest.mark.parametrize("is_logged", [False, True])
async def test_requests_that_cannot_be_read_have_pages(data, expected, is_logged, caplog):
    async def problem(request, error):
        await asyncio.sleep(0)
        body = {"status": error.status, "kind": type(error).__name__, "method": request.method}
        body["app"] = request.app is app
        return web.json_response(body, status=error.status, headers={"X-Page": "yes"})

    app = make_app({web.HTTPError: problem})
    caplog.set_level(logging.INFO, "muntin.access")
    options = {} if is_logged else {"access_log": None}
    async with TestServer(app, **options) as server:
        response = await exchange_bytes(server, data)
    head, _, body = response.partition(b"\r\n\r\n")
    status, kind = expected
    assert head.startswith(b"HTTP/1.1 %d " % status)
    assert b"\r\nX-Page: yes\r\n" in head
    assert b"\r\nConnection: close" in head
    assert json.loads(body) == {"status": status, "kind": kind, "method": "UNKNOWN", "app": True}
    lines = [record.getMessage() for record in caplog.records if record.name == "muntin.access"]
    assert [f'"UNKNOWN / HTTP/1.0" {status} ' in line for line in lines] == [True] * is_logged


@pytest.mark.row("HI-52")
async def test_requests_that_cannot_be_read_are_answered_plainly_without_one():
    async with TestServer(make_app({})) as server:
        response = await exchange_bytes(server, b"GET /?secret HTTP/1.1\r\n\r\n")
    assert response.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert response.endswith(b"\r\n\r\n400: exactly one Host is required")
    assert b"secret" not in response


async def test_a_page_that_fails_leaves_the_plain_refusal(caplog):
    async def fails_too(request, error):
        raise RuntimeError("the template is missing")

    async with TestServer(make_app({400: fails_too})) as server:
        response = await exchange_bytes(server, b"GET / HTTP/1.1\r\n\r\n")
    assert response.endswith(b"\r\n\r\n400: exactly one Host is required")
    assert "the template is missing" in caplog.text


async def test_streams_are_understood_by_whoever_could_not_be_read():
    async def stream(request, error):
        response = web.StreamResponse(status=error.status)
        await response.prepare(request)
        await response.write(b"in pieces")
        await response.write_eof()
        return response

    async with TestServer(make_app({400: stream})) as server:
        received = await exchange_bytes(server, b"GET / HTTP/1.1\r\n\r\n")
    assert received.endswith(b"\r\n\r\nin pieces")
    assert b"chunked" not in received


async def test_a_bare_handler_refuses_too():
    async def handler(request):
        return web.Response(text="hello")

    async with TestServer(web.Server(handler)) as server:
        response = await exchange_bytes(server, b"GET / HTTP/1.1\r\n\r\n")
    assert response.endswith(b"400: exactly one Host is required")
