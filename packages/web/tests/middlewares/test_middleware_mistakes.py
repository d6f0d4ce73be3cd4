"""Mistakes with middlewares: each is a clear error before there are requests."""

import pytest

from muntin import web
from muntin.web.testing import TestClient

pytestmark = [pytest.mark.anyio, pytest.mark.filterwarnings("ignore:(middleware|handler):DeprecationWarning")]


async def hello(request):
    return web.Response(text="hello")


@pytest.mark.row("MW-14", "CF-16", "MW-03", "CF-04")
def test_mistakes_are_found_at_start():
    async def forgotten(request, handler):
        return await handler(request)

    async def abbreviated(req, nxt):
        return await nxt(req)

    @web.middleware
    async def misnamed(request, nxt):
        return await nxt(request)

    @web.middleware
    async def twice(request, handler):
        return await handler(request)

    for chain, fault in (
        ([forgotten], "forgotten cannot be used: .*without @middleware"),
        ([abbreviated], "abbreviated cannot be used: .*without @middleware"),
        ([misnamed], "misnamed cannot be used: .*by that very name"),
        ([twice, twice], "twice cannot be used: it is in the list twice"),
    ):
        with pytest.raises(TypeError, match=fault):
            web.Application(middlewares=chain)
        inner, main = web.Application(), web.Application()
        inner.middlewares.extend(chain)
        main.add_subapp("/inner", inner)
        with pytest.raises(TypeError, match=fault):
            web.AppRunner(main).app.freeze()

    def make(text):
        @web.middleware
        async def around(request, handler):
            return await handler(request)

        return around

    with pytest.raises(TypeError, match="make cannot be used"):
        web.Application(middlewares=[make])
    app = web.Application()
    app.middlewares.append(make)
    with pytest.raises(TypeError, match="make cannot be used"):
        app.freeze()


async def unclear(a, b):
    return await b(a)


async def reading(a, b):
    return await b(a) if a.method == "GET" else web.Response(status=405)


async def answering(a, b):
    return web.Response(status=503)


@pytest.mark.row("CF-04", "MW-14")
@pytest.mark.parametrize(
    ("mistake", "fault"),
    [
        (unclear, "unclear cannot be used: .* it calls the handler at once; .* it lacks @middleware"),
        (reading, "reading cannot be used: .* it asks the application for 'method'"),
        (answering, "answering cannot be used: .* it returns Response instead of a handler"),
    ],
)
@pytest.mark.parametrize("is_inside", [False, True], ids=["outermost", "inside"])
async def test_what_no_parameter_tells_is_found_when_the_application_starts(mistake, fault, is_inside):
    log = []

    async def hold(app):
        log.append("open")
        yield
        log.append("closed")

    app = erring = web.Application()
    if is_inside:
        erring = web.Application()
        app.add_subapp("/in", erring)
    erring.middlewares.append(mistake)
    erring.cleanup_ctx.append(hold)
    runner = web.AppRunner(app)
    with pytest.raises(TypeError, match=fault):
        await runner.setup()
    assert log == ["open", "closed"], "what was opened until then is closed"


@pytest.mark.row("CF-04", "MW-04", "MW-05")
async def test_factories_by_other_names_serve_and_are_called_once_more():
    calls = []

    async def factory(application, nxt):
        calls.append(application)

        async def around(request):
            response = await nxt(request)
            response.headers["X-Around"] = "yes"
            return response

        return around

    async def renamed(a, b):
        calls.append(a)
        return b

    app = web.Application(middlewares=[factory, renamed])
    app.router.add_get("/", hello)
    async with TestClient(app) as client:
        assert calls == [app, app], "both could be anything, and were tried"
        assert (await client.get("/")).headers["X-Around"] == "yes"
    assert calls == [app] * 4


@pytest.mark.row("CF-04", "MW-05")
async def test_a_documented_factory_is_called_for_requests_alone():
    calls = []

    async def factory(app, handler):
        calls.append(app)
        return handler

    app = web.Application(middlewares=[factory])
    app.router.add_get("/", hello)
    async with TestClient(app) as client:
        assert calls == []
        await client.get("/")
        await client.get("/none")
    assert calls == [app, app]


@pytest.mark.row("MW-07", "WB-09")
async def test_what_is_written_on_a_handler_is_seen_through_all_applications():
    seen = []

    def look(name):
        @web.middleware
        async def around(request, handler):
            seen.append((name, handler.__name__, getattr(handler, "is_open", False)))
            return await handler(request)

        return around

    async def page(request):
        return web.Response()

    def plain(request):
        return web.Response()

    page.is_open = plain.is_open = True
    app, inner = (web.Application(middlewares=[look(name), look(name)]) for name in ("outer", "inner"))
    inner.router.add_get("/page", page, timeout=60, max_body_size=10, cancel_on_disconnect=True)
    inner.router.add_get("/plain", plain)
    app.add_subapp("/in", inner)
    async with TestClient(app) as client:
        for name in ("page", "plain"):
            assert (await client.get(f"/in/{name}")).status == 200
            assert seen == [(where, name, True) for where in ("outer", "outer", "inner", "inner")]
            seen.clear()
