"""Applications inside of others, behind hosts, and what they hold: what muntin responds beside what aiohttp does."""

from contextvars import ContextVar
from typing import Any

import pytest

pytestmark = pytest.mark.row("MW-15", "RT-28", "RN-19", "WB-05", "WB-09", "WB-20", "WB-23", "WB-26", "BH-20")


def nested_applications(side: Any) -> Any:
    apps = {
        name: side.web.Application(middlewares=[side.newer(name)]) for name in ("outer", "inner", "deepest")
    }
    for name, app in apps.items():
        app["name"] = name

        async def tell(request: Any) -> Any:
            info, config = request.match_info, request.config_dict
            apps = [app["name"] for app in info.apps]
            return side.web.Response(
                text=f"{request.app['name']} of {apps}, {config['name']}, {config['secret']}"
            )

        app.router.add_get("/", tell)
        app.on_response_prepare.append(side.note_prepare(name))
    apps["outer"]["secret"] = "shared"
    apps["inner"].add_subapp("/deep", apps["deepest"])
    apps["outer"].add_subapp("/in/", apps["inner"])
    return apps["outer"]


def factories_of_nested_applications(side: Any) -> Any:
    app, inner = (side.web.Application(middlewares=[side.older(name)]) for name in ("outer", "inner"))
    inner.router.add_get("/", side.answer("hello"))
    app.add_subapp("/in", inner)
    return app


def a_route_below_the_prefix_of_another(side: Any) -> Any:
    app, inner = side.web.Application(), side.web.Application()
    app.router.add_get("/{tail:.*}", side.answer("tail"))
    inner.router.add_get("/x", side.answer("inner"))
    app.add_subapp("/in", inner)
    app.router.add_get("/in/y", side.answer("outer"))
    app.router.add_post("/in/x", side.answer("posted"))
    return app


def hosts(side: Any) -> Any:
    apps = {name: side.web.Application(middlewares=[side.newer(name)]) for name in ("main", "one", "wild")}
    for name, app in apps.items():
        app.router.add_get("/", side.answer(name))
    apps["main"].router.add_get("/main", side.answer("main"))
    apps["main"].add_domain("ex.com", apps["one"])
    apps["main"].add_domain("*.ex.com", apps["wild"])
    return apps["main"]


def a_resource_of_ones_own(side: Any) -> Any:
    class Custom(side.web.AbstractResource):  # type: ignore[misc]
        canonical = "/custom"

        def __init__(self) -> None:
            super().__init__(name="custom")
            self.route = side.web.ResourceRoute("GET", side.answer("custom"), self)

        async def resolve(self, request: Any) -> Any:
            side.log.append("asked")
            if request.path == self.canonical:
                return side.web.UrlMappingMatchInfo({}, self.route), {"GET"}
            return None, set()

        def url_for(self) -> Any: ...
        def add_prefix(self, prefix: str) -> None: ...
        def get_info(self) -> Any:
            return {}

        def raw_match(self, path: str) -> bool:
            return False

        def __len__(self) -> int:
            return 1

        def __iter__(self) -> Any:
            return iter([self.route])

    app = side.web.Application()
    app.router.register_resource(Custom())
    app.router.add_get("/", side.answer("hello"))
    return app


def context_variables(side: Any) -> Any:
    variable = ContextVar("variable", default="unset")

    def note(name: str) -> None:
        side.log.append(f"{name}: {variable.get()}")
        variable.set(name)

    async def hold(app: Any) -> Any:
        note("context")
        yield
        note("after context")

    async def start(app: Any) -> None:
        note("start")

    async def end(app: Any) -> None:
        note("end")

    @side.web.middleware
    async def around(request: Any, handler: Any) -> Any:
        note("middleware")
        response = await handler(request)
        note("after handler")
        return response

    async def prepare(request: Any, response: Any) -> None:
        note("prepare")

    async def handler(request: Any) -> Any:
        note("handler")
        return side.web.Response(text="hello")

    app = side.web.Application(middlewares=[around])
    app.cleanup_ctx.append(hold)
    app.on_startup.append(start)
    app.on_shutdown.append(end)
    app.on_cleanup.append(end)
    app.on_response_prepare.append(prepare)
    app.router.add_get("/", handler)
    return app


CASES = {
    nested_applications: (
        "GET /",
        "GET /in/",
        "GET /in/deep/",
        "GET /in/deep/none",
        "POST /in/",
        "GET /in",
        "GET /inside",
        "GET /none",
    ),
    factories_of_nested_applications: ("GET /in/",),
    a_route_below_the_prefix_of_another: (
        "GET /in/x",
        "GET /in/y",
        "POST /in/x",
        "PUT /in/x",
        "GET /z",
    ),
    hosts: (
        "GET / Host: ex.com",
        "GET / Host: EX.com",
        "GET / Host: ex.com:80",
        "GET / Host: a.ex.com",
        "GET / Host: b.a.ex.com",
        "GET / Host: other",
        "GET /main Host: ex.com",
        "POST / Host: ex.com",
    ),
    a_resource_of_ones_own: (
        "GET /",
        "GET /custom",
        "GET /none",
    ),
    context_variables: (
        "GET /",
        "GET /",
    ),
}


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_both_answer_alike_but_for_what_the_page_says(side_by_side: Any, make: Any) -> None:
    side_by_side(make, CASES[make])
