"""Serving: what handlers may give and raise, expectations, and the order of things."""

import asyncio
import logging

import httpx
import pytest

from muntin import web
from muntin.web.serving.server import make_exchange_handler
from muntin.web.testing import MemoryExchange, TestClient, TestServer

pytestmark = pytest.mark.anyio


@pytest.fixture
def ask():
    """Send one request to an application."""

    async def ask(app, method="GET", path="/", **options):
        async with TestClient(app) as client:
            return await client.request(method, path, **options)

    return ask


def make_app(handler, *, method="*", path="/", **options):
    expect_handler = options.pop("expect_handler", None)
    app = web.Application(**options)
    app.router.add_route(method, path, handler, expect_handler=expect_handler)
    return app


# What a handler gives


async def test_a_response(ask):
    async def handler(request):
        return web.Response(text=f"{request.method} {request.path}")

    response = await ask(make_app(handler), "PURGE")
    assert (response.status, response.text) == (200, "PURGE /")


@pytest.mark.row("HI-53")
@pytest.mark.parametrize("wrong", [None, "text", 42, web.Response])
async def test_anything_else_is_500_and_the_handler_is_named(ask, caplog, wrong):
    async def careless_handler(request):
        return wrong

    response = await ask(make_app(careless_handler))
    assert (response.status, response.text) == (500, "500: Internal Server Error")
    assert "careless_handler" in caplog.text


@pytest.mark.row("MW-10", "HI-53", "HI-52")
async def test_an_exception_is_500_without_details(ask, caplog):
    async def handler(request):
        raise ValueError("a secret")

    response = await ask(make_app(handler))
    assert (response.status, response.text) == (500, "500: Internal Server Error")
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info[0] is ValueError


@pytest.mark.row("HC-37", "CF-09")
async def test_raising_and_returning_are_the_same(ask):
    async def raising(request):
        raise web.HTTPForbidden(headers={"X-Why": "no"})

    async def returning(request):
        return web.HTTPForbidden(headers={"X-Why": "no"})

    first, second = await ask(make_app(raising)), await ask(make_app(returning))
    assert first[:4] == second[:4]
    assert (first.status, first.headers["X-Why"]) == (403, "no")


async def test_a_response_cannot_be_sent_twice(ask, caplog):
    """An exception can: a copy of it is sent each time."""
    once = web.Response(status=403)

    async def handler(request):
        return once

    app = make_app(handler)
    async with TestClient(app) as client:
        assert (await client.get("/")).status == 403
        assert (await client.get("/")).status == 500
    assert "make one for each" in caplog.text


async def test_an_exception_after_the_head_cuts_the_connection(caplog):
    async def handler(request):
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b"part")
        raise LookupError

    exchange = MemoryExchange()
    async with TestClient(make_app(handler)) as client:
        with pytest.raises(LookupError):  # which the protocol below reports
            await client.answer(exchange)
    assert not exchange.is_finished
    assert b"500" not in exchange.sent
    assert caplog.records == []


@pytest.mark.row("HC-18", "HC-16", "HC-17")
async def test_a_peer_that_goes_away_is_no_error(caplog):
    exchange = MemoryExchange(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12")

    async def handler(request):
        exchange.disconnect()
        return web.Response(text=await request.text())

    with caplog.at_level(logging.INFO), pytest.raises(ConnectionResetError):
        async with TestClient(make_app(handler)) as client:
            await client.answer(exchange)
    assert caplog.records == []


async def test_an_os_error_of_another_kind_is_one(ask, caplog):
    async def handler(request):
        raise FileNotFoundError("gone")

    assert (await ask(make_app(handler))).status == 500
    assert "gone" in caplog.text


async def test_a_broken_body_has_its_own_status():
    async def handler(request):
        return web.Response(text=(await request.content.read()).decode())

    broken = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"
    async with TestClient(make_app(handler)) as client:
        response = await client.answer(MemoryExchange(broken))
    assert response.status == 400


@pytest.mark.row("HI-34", "HI-35")
async def test_a_head_that_must_not_be_sent_is_500(ask, caplog):
    async def handler(request):
        response = web.Response(text="fine")
        response.headers["X-Split"] = "a\r\nSet-Cookie: b=c"
        return response

    received = await ask(make_app(handler))
    assert received.status == 500
    assert "Set-Cookie" not in received.headers
    assert "could not be sent" in caplog.text or "failed" in caplog.text


async def test_a_failing_prepare_signal_is_500(ask, caplog):
    async def handler(request):
        return web.Response(text="fine")

    async def fail(request, response):
        raise LookupError("signal")

    app = make_app(handler)
    app.on_response_prepare.append(fail)
    assert (await ask(app)).status == 500
    assert "signal" in caplog.text


async def test_cancellation_is_not_caught():
    async def handler(request):
        await asyncio.Event().wait()

    async with TestClient(make_app(handler)) as client:
        task = asyncio.create_task(client.get("/"))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


# Expectations


@pytest.mark.row("HC-22")
async def test_100_continue_is_answered_before_the_body_is_read():
    async def handler(request):
        return web.Response(text=await request.text())

    exchange = MemoryExchange(
        b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    )
    async with TestClient(make_app(handler)) as client:
        task = asyncio.create_task(client.answer(exchange))
        while not exchange.sent:
            await asyncio.sleep(0)
        assert exchange.sent == b"HTTP/1.1 100 Continue\r\n\r\n"
        exchange.feed(b"body")
        assert (await task).text == "body"
    assert exchange.sent.count(b"100 Continue") == 1


@pytest.mark.row("HC-23")
async def test_another_expectation_is_417(ask):
    async def handler(request):
        raise AssertionError("not to be called")

    assert (await ask(make_app(handler), headers={"Expect": "the unexpected"})).status == 417


@pytest.mark.row("HC-24", "HC-25", "HC-26", "RT-06")
async def test_an_expect_handler_comes_first(ask):
    log = []

    @web.middleware
    async def outer(request, handler):
        log.append("middleware")
        return await handler(request)

    async def expect(request):
        log.append("expect")

    async def handler(request):
        log.append("handler")
        return web.Response()

    app = web.Application(middlewares=[outer])
    app.add_routes([web.get("/", handler, expect_handler=expect)])
    async with TestClient(app) as client:
        assert (await client.get("/", headers={"Expect": "anything"})).status == 200
        assert log == ["expect", "middleware", "handler"]
        log.clear()
        await client.get("/")
        assert log == ["middleware", "handler"]


@pytest.mark.row("HC-27", "HC-28")
@pytest.mark.parametrize("raises", [True, False])
async def test_an_expect_handler_may_respond(ask, raises):
    async def expect(request):
        if raises:
            raise web.HTTPForbidden
        return web.Response(status=403)

    async def handler(request):
        raise AssertionError("not to be called")

    @web.middleware
    async def around(request, handler):
        raise AssertionError("not to be called")

    app = make_app(handler, expect_handler=expect, middlewares=[around])
    assert (await ask(app, headers={"Expect": "100-continue"})).status == 403


@pytest.mark.row("HC-29")
async def test_a_custom_expect_handler_writes_the_100_itself():
    async def silent(request):
        """Let the request go on without a word."""

    async def speaking(request):
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    async def handler(request):
        return web.Response(text=await request.text())

    for expect, count in ((silent, 0), (speaking, 1)):
        exchange = MemoryExchange(
            b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nhi"
        )
        async with TestClient(make_app(handler, expect_handler=expect)) as client:
            response = await client.answer(exchange)
        assert response.text == "hi"
        assert exchange.sent.count(b"100 Continue") == count


async def test_who_is_not_found_is_not_asked_for_a_body():
    exchange = MemoryExchange(
        b"POST /no HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
    )

    async def handler(request):
        raise AssertionError("not to be called")

    async with TestClient(make_app(handler)) as client:
        assert (await client.answer(exchange)).status == 404
    assert b"100 Continue" not in exchange.sent


# Without an application


def test_unknown_arguments_are_refused():
    async def handler(request):
        return web.Response()

    with pytest.raises(TypeError, match="no argument keepalive"):
        web.Server(handler, keepalive=3)
    web.Server(handler, keepalive_timeout=3, max_line_size=100, tcp_keepalive=True)


@pytest.mark.filterwarnings("default:handler:DeprecationWarning")
async def test_a_bare_server_takes_what_a_route_takes():
    def plain(request):
        return web.Response(text="plain")

    async def stream(request):
        yield web.Response()

    class View(web.View):
        async def get(self):
            return web.Response(text="view")

    for handler in (None, 5, "plain", stream):
        with pytest.raises(TypeError, match="handler"):
            web.Server(handler)
    with pytest.warns(DeprecationWarning, match="write it with async def"):
        server = web.Server(plain)
    for each, text in ((server, "plain"), (web.Server(lambda request: View(request)), "view")):
        async with TestServer(each) as serving, httpx.AsyncClient() as client:
            assert (await client.get(str(serving.make_url("/")))).text == text


async def test_classes_of_responses_are_remembered_by_each_server_and_not_without_end():
    async def handler(request):
        return type("Own", (web.Response,), {})(text="own")

    handle = make_exchange_handler(make_app(handler))
    other = make_exchange_handler(make_app(handler))
    for _ in range(300):
        exchange = MemoryExchange()
        await handle(exchange)
        assert exchange.response_head.status == 200
    assert len(handle.__self__._sendable) == 256
    assert other.__self__._sendable == {web.Response}
