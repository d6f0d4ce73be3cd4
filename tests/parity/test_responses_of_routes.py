"""Methods, paths and handlers: what muntin responds beside what aiohttp does."""

import asyncio
from functools import partial
from typing import Any

import pytest

pytestmark = pytest.mark.row(
    "RT-03", "RT-11", "RT-12", "RT-20", "RT-21", "RT-23", "RT-25", "RT-32", "HC-23", "HC-37", "MW-10"
)


# Methods


def methods(side: Any) -> Any:
    app = side.web.Application()
    app.router.add_get("/", side.answer("got"))
    app.router.add_put("/", side.answer("put"))
    app.router.add_route("X-Y", "/", side.answer("x-y"))
    return app


def any_method(side: Any) -> Any:
    app = side.web.Application()
    app.router.add_route("*", "/", side.show())
    return app


def heads(side: Any) -> Any:
    app = side.web.Application()
    app.router.add_get("/", side.answer("got"), allow_head=False)
    app.router.add_head("/only", side.answer("head"))
    return app


def views(side: Any) -> Any:
    class Page(side.web.View):  # type: ignore[misc]
        async def get(self) -> Any:
            return side.web.Response(text=self.request.path)

        async def post(self) -> Any:
            return side.web.Response(text="posted")

        async def help(self) -> Any:
            return side.web.Response(text="not to be called")

    app = side.web.Application()
    app.router.add_route("*", "/", Page)
    return app


def views_that_derive(side: Any) -> Any:
    class Page(side.web.View):  # type: ignore[name-defined, misc]
        async def get(self) -> Any:
            return side.web.Response(text=str(dict(self.request.match_info)))

    class Form(Page):
        async def post(self) -> Any:
            return side.web.Response(text="posted")

    routes = side.web.RouteTableDef()
    routes.view("/page/{name}")(Page)
    routes.view("/form/{name}")(Form)
    app = side.web.Application()
    app.add_routes(routes)
    return app


def options_of_the_server(side: Any) -> Any:
    app = side.web.Application()
    app.router.add_route("OPTIONS", "/", side.show())
    return app


# Paths


def variables(side: Any) -> Any:
    app = side.web.Application()
    app.router.add_get("/a/{name}", side.show())
    return app


def expressions(side: Any) -> Any:
    app = side.web.Application()
    app.router.add_get(r"/{number:\d+}", side.show())
    app.router.add_get(r"/t/{tail:.*}", side.show())
    app.router.add_get(r"/{a}-{b}.html", side.show())
    return app


def unicode_paths(side: Any) -> Any:
    app = side.web.Application()
    app.router.add_get("/п", side.show())
    app.router.add_get("/x/{word:п+}", side.show())
    app.router.add_get("/e/{word:(?:%D0%[0-9A-F]{2})+}", side.show())
    return app


ESCAPED = "+:@!$&'()*,;=~-_"


def marks_in_paths(side: Any) -> Any:
    app = side.web.Application()
    for mark in ESCAPED:
        app.router.add_get(f"/x{mark}", side.answer(mark))
    app.router.add_get("/a b", side.answer("space"))
    return app


def order_of_resources(side: Any) -> Any:
    app = side.web.Application()
    app.router.add_get("/{tail:.*}", side.answer("tail"))
    app.router.add_get("/u/{name}", side.answer("first variable"))
    app.router.add_get("/u/{other}", side.answer("second variable"))
    app.router.add_get("/u/me", side.answer("me"))
    app.router.add_post("/u/{name}", side.answer("posted"))
    app.router.add_get("/deep/x", side.answer("deep"))
    return app


def empty_paths(side: Any) -> Any:
    app, inner = side.web.Application(), side.web.Application()
    app.router.add_get("", side.answer("empty"))
    app.router.add_post("/", side.answer("slash"))
    inner.router.add_get("", side.answer("empty below"))
    app.add_subapp("/sub", inner)
    return app


# Handlers


def kinds_of_handlers(side: Any) -> Any:
    def plain(request: Any) -> Any:
        return side.web.Response(text="plain")

    async def with_more(text: str, request: Any) -> Any:
        return side.web.Response(text=text)

    def future(request: Any) -> Any:
        made = asyncio.get_running_loop().create_future()
        made.set_result(side.web.Response(text="future"))
        return made

    class Pages:
        async def __call__(self, request: Any) -> Any:
            return side.web.Response(text="object")

        async def method(self, request: Any) -> Any:
            return side.web.Response(text="method")

        @staticmethod
        async def alone(request: Any) -> Any:
            return side.web.Response(text="static")

        @classmethod
        async def of_class(cls, request: Any) -> Any:
            return side.web.Response(text="class")

    app, pages = side.web.Application(), Pages()
    for name, handler in {
        "plain": plain,
        "lambda": lambda request: with_more("lambda", request),
        "object": pages,
        "method": pages.method,
        "partial": partial(with_more, "partial"),
        "static": Pages.alone,
        "class": Pages.of_class,
        "future": future,
    }.items():
        app.router.add_get(f"/{name}", handler)
    return app


def what_handlers_raise(side: Any) -> Any:
    @side.web.middleware
    async def look(request: Any, handler: Any) -> Any:
        try:
            response = await handler(request)
        except Exception as error:
            side.log.append(f"raised {type(error).__name__} {getattr(error, 'status', '')}")
            raise
        side.log.append(f"gave {type(response).__name__}")
        return response

    async def value(request: Any) -> Any:
        raise ValueError("a secret")

    async def found(request: Any) -> Any:
        raise side.web.HTTPFound("/x")

    async def returned(request: Any) -> Any:
        return side.web.HTTPFound("/x")

    async def text(request: Any) -> Any:
        return "text"

    async def nothing(request: Any) -> Any:
        return None

    app = side.web.Application(middlewares=[look])
    for handler in (value, found, returned, text, nothing):
        app.router.add_get(f"/{handler.__name__}", handler)
    return app


def redirects(side: Any) -> Any:
    async def by_name(request: Any) -> Any:
        raise side.web.HTTPFound(request.app.router["page"].url_for(name="é x"))

    async def by_text(request: Any) -> Any:
        raise side.web.HTTPSeeOther("/x?y=é")

    app = side.web.Application()
    app.router.add_route("*", "/", by_name)
    app.router.add_get("/page/{name}", by_text, name="page")
    return app


CASES = {
    methods: (
        "GET /",
        "HEAD /",
        "PUT /",
        "POST /",
        "OPTIONS /",
        "PURGE /",
        "X-Y /",
        "get /",
        "GET /none",
    ),
    any_method: (
        "GET /",
        "HEAD /",
        "OPTIONS /",
        "PURGE /",
        "BREW /",
        "CONNECT /",
    ),
    heads: (
        "GET /",
        "HEAD /",
        "HEAD /only",
        "GET /only",
    ),
    views: (
        "GET /",
        "POST /",
        "HEAD /",
        "OPTIONS /",
        "PURGE /",
        "HELP /",
    ),
    views_that_derive: ("GET /page/a", "POST /page/a", "GET /form/a", "POST /form/a", "PUT /form/a"),
    options_of_the_server: (
        "OPTIONS *",
        "OPTIONS /",
    ),
    variables: (
        "GET /a/b",
        "GET /a/",
        "GET /a//b",
        "GET /a/b/",
        "GET /A/b",
        "GET /a/b%2Fc",
        "GET /a/%C3%A9",
        "GET /a/b%20c",
        "GET /a/b+c",
        "GET /a/b%2Bc",
        "GET /a/b;c",
        "GET /a/%zz",
        "GET /a/..",
        "GET /a/%2e%2e",
        "GET /a/{x}",
        "GET /a/b?c=d",
    ),
    expressions: (
        "GET /12",
        "GET /%31",
        "GET /x",
        "GET /12x",
        "GET /t/a/b",
        "GET /t/",
        "GET /t/a%2Fb",
        "GET /1-2.html",
    ),
    unicode_paths: (
        "GET /%D0%BF",
        "GET /%d0%bf",
        "GET /x/%D0%BF%D0%BF",
        "GET /e/%D0%BF",
    ),
    marks_in_paths: (
        *(f"GET /{text}" for mark in ESCAPED for text in (f"x{mark}", f"x%{ord(mark):02X}")),
        "GET /a%20b",
    ),
    order_of_resources: (
        "GET /u/me",
        "GET /u/ann",
        "POST /u/me",
        "POST /u/ann",
        "PUT /u/me",
        "GET /deep/x",
        "GET /y",
    ),
    empty_paths: (
        "GET /",
        "POST /",
        "GET /sub",
        "GET /sub/",
        "DELETE /",
    ),
    kinds_of_handlers: (
        "GET /plain",
        "GET /lambda",
        "GET /object",
        "GET /method",
        "GET /partial",
        "GET /static",
        "GET /class",
        "GET /future",
    ),
    what_handlers_raise: (
        *(f"GET /{name}" for name in ("value", "found", "returned", "text", "nothing", "missing")),
    ),
    redirects: ("GET /", "POST /", "GET /page/a"),
}


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_both_answer_alike_but_for_what_the_page_says(side_by_side: Any, make: Any) -> None:
    side_by_side(make, CASES[make])
