"""Abstract classes, and routers with rules of their own."""

import pytest

from muntin import web
from muntin.web import abc
from muntin.web.testing import TestClient

pytestmark = pytest.mark.anyio


async def hello(request):
    return web.Response(text=f"{request.app[NAME]} {dict(request.match_info)}")


@pytest.mark.row("RT-26")
async def test_what_is_of_which_kind(make_request):
    app = web.Application()
    assert isinstance(app.router, abc.AbstractRouter)
    assert isinstance(await app.router.resolve(make_request("GET", "/")), abc.AbstractMatchInfo)
    assert issubclass(web.View, abc.AbstractView)
    assert issubclass(web.AccessLogger, abc.AbstractAccessLogger)
    assert not isinstance(app, abc.AbstractRouter)


@pytest.mark.parametrize("kind", [abc.AbstractRouter, abc.AbstractMatchInfo])
def test_what_is_promised_exists(kind):
    promised = kind.__abstractmethods__
    concrete = web.UrlDispatcher if kind is abc.AbstractRouter else web.UrlMappingMatchInfo
    assert {name for name in promised if not hasattr(concrete, name)} == set()
    with pytest.raises(TypeError, match="abstract"):
        kind()


NAME = web.AppKey("NAME", str)


class ByLanguage(web.UrlDispatcher):
    """Takes the first segment of a path for a language, if it is one."""

    async def resolve(self, request):
        info = await super().resolve(request)
        language, _, rest = request.path.removeprefix("/").partition("/")
        if info.http_exception is not None and language in {"de", "ru"}:
            info = await super().resolve(request.clone(rel_url=f"/{rest}"))
            info["language"] = language
        return info


@pytest.mark.row("RT-26", "MW-09", "WB-09")
async def test_a_router_that_resolves_by_rules_of_its_own():
    seen = []

    def note(name):
        @web.middleware
        async def around(request, handler):
            seen.append(name)
            return await handler(request)

        return around

    app = web.Application(router=ByLanguage(), middlewares=[note("outer")])
    inner = web.Application(middlewares=[note("inner")])
    for name, each in {"outer": app, "inner": inner}.items():
        each[NAME] = name
        each.router.add_get("/{page}", hello)
    app.add_subapp("/in", inner)
    wanted = {
        "/a": (200, "outer {'page': 'a'}", ["outer"]),
        "/de/a": (200, "outer {'page': 'a', 'language': 'de'}", ["outer"]),
        "/ru/in/a": (200, "inner {'page': 'a', 'language': 'ru'}", ["outer", "inner"]),
        "/fr/a": (404, "404: Not Found", ["outer"]),
        "/in/a/b": (404, "404: Not Found", ["outer", "inner"]),
    }
    async with TestClient(app) as client:
        for path, (status, text, around) in wanted.items():
            response = await client.get(path)
            assert (response.status, response.text, seen) == (status, text, around)
            seen.clear()
        refused = await client.post("/de/a")
        assert (refused.status, refused.headers["Allow"]) == (405, "GET,HEAD")
        refused = await client.get("/de/a", headers={"Expect": "the impossible"})
        assert refused.status == 417


def test_such_a_router_is_an_outermost_one():
    app, inner = web.Application(), web.Application(router=ByLanguage())
    with pytest.raises(TypeError, match="only an outermost router"):
        app.add_subapp("/in", inner)
    with pytest.raises(TypeError, match="only an outermost router"):
        app.add_domain("example.com", inner)


def test_a_router_is_a_dispatcher():
    class Other(abc.AbstractRouter):
        frozen = False

        def freeze(self): ...

        async def resolve(self, request): ...

    with pytest.raises(TypeError, match=r"web\.UrlDispatcher, not Other"):
        web.Application(router=Other())


def test_a_router_ends_its_changes_without_code_of_its_own():
    class Nowhere(abc.AbstractRouter):
        async def resolve(self, request):
            raise web.HTTPNotFound

    router = Nowhere()
    assert not router.frozen
    router.freeze()
    assert router.frozen


async def test_a_view_of_the_abstract_class_has_its_request():
    class Page(abc.AbstractView):
        def __await__(self):
            return self.respond().__await__()

        async def respond(self):
            return web.Response(text=self.request.path)

    app = web.Application()
    app.router.add_view("/page", Page)
    async with TestClient(app) as client:
        assert (await client.get("/page")).text == "/page"
