"""Expectations, middlewares of both kinds, and signals: what muntin responds beside what aiohttp does."""

from typing import Any

import pytest

pytestmark = pytest.mark.row(
    "HC-22", "HC-25", "HC-27", "HC-28", "MW-04", "MW-05", "MW-06", "MW-08", "MW-09", "MW-18", "CF-04", "WB-08"
)


# Expectations


def expectations(side: Any) -> Any:
    app = side.web.Application(middlewares=[side.newer("around")])
    app.router.add_get("/", side.answer("hello"))
    return app


def expect_handlers(side: Any) -> Any:
    async def on(request: Any) -> Any:
        side.log.append("asked")

    async def give(request: Any) -> Any:
        return side.web.Response(status=299, text="instead")

    async def refuse(request: Any) -> Any:
        raise side.web.HTTPForbidden

    async def crash(request: Any) -> Any:
        raise ValueError

    async def write(request: Any) -> Any:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    app = side.web.Application(middlewares=[side.newer("around")])
    for name, handler in {"on": on, "answer": give, "refuse": refuse, "crash": crash, "write": write}.items():
        app.router.add_get(f"/{name}", side.answer("hello"), expect_handler=handler)
    return app


# Middlewares


def both_kinds_of_middlewares(side: Any) -> Any:
    handler = side.answer("hello")
    handler.name = "the handler"
    around = [
        side.newer("new 1"),
        side.older("old 1"),
        side.older("old 2"),
        side.newer("new 2"),
    ]
    app = side.web.Application(middlewares=[*around, side.older("old 3")])
    app.router.add_get("/", handler)
    return app


def a_middleware_that_refuses(side: Any) -> Any:
    @side.web.middleware
    async def refuse(request: Any, handler: Any) -> Any:
        return side.web.Response(status=403, text="no")

    app = side.web.Application(middlewares=[refuse, side.older("old")])
    app.router.add_get("/", side.answer("hello"))
    return app


def a_factory_that_raises(side: Any) -> Any:
    async def refuse(app: Any, handler: Any) -> Any:
        raise side.web.HTTPForbidden

    app = side.web.Application(middlewares=[side.newer("around"), refuse])
    app.router.add_get("/", side.answer("hello"))
    return app


def a_factory_that_is_a_plain_function(side: Any) -> Any:
    make = side.older("old")
    app = side.web.Application(middlewares=[lambda app, handler: make(app, handler)])
    app.router.add_get("/", side.answer("hello"))
    return app


def a_middleware_that_gives_nothing(side: Any) -> Any:
    @side.web.middleware
    async def forget(request: Any, handler: Any) -> Any:
        await handler(request)

    app = side.web.Application(middlewares=[forget])
    app.router.add_get("/", side.answer("hello"))
    return app


def middlewares_added_later(side: Any) -> Any:
    app, inner = side.web.Application(), side.web.Application()
    app.middlewares.append(side.newer("appended"))
    app.middlewares.insert(0, side.newer("inserted"))
    inner.middlewares.append(side.newer("inner"))
    for each in (app, inner):
        each.router.add_get("/", side.answer("hello"))
    app.add_subapp("/in", inner)
    return app


def a_middleware_that_answers_errors(side: Any) -> Any:
    @side.web.middleware
    async def answer(request: Any, handler: Any) -> Any:
        try:
            return await handler(request)
        except side.web.HTTPNotFound as error:
            return side.web.json_response({"error": error.reason})

    app = side.web.Application(middlewares=[answer, side.newer("inner")])
    app.router.add_get("/", side.answer("hello"))
    return app


def normalised_paths(side: Any) -> Any:
    app, inner = (side.web.Application(middlewares=[side.web.normalize_path_middleware()]) for _ in range(2))
    for path in ("/a", "/b/", "/c/d/", "/e/"):
        app.router.add_get(path, side.answer(path))
    inner.router.add_get("/x/", side.answer("x"))
    app.add_subapp("/sub", inner)
    return app


def paths_without_their_slash(side: Any) -> Any:
    app = side.web.Application(
        middlewares=[side.web.normalize_path_middleware(append_slash=False, remove_slash=True)]
    )
    for path in ("/", "/a", "/b/", "/c/d"):
        app.router.add_get(path, side.answer(path))
    return app


# Signals


def prepare_signals(side: Any) -> Any:
    app, inner = side.web.Application(), side.web.Application()
    for name, each in {"outer": app, "inner": inner}.items():
        each.on_response_prepare.append(side.note_prepare(f"{name} 1"))
        each.on_response_prepare.append(side.note_prepare(f"{name} 2"))
        each.router.add_get("/", side.answer(name))
    app.add_subapp("/sub", inner)
    return app


def what_a_signal_sees(side: Any) -> Any:
    async def look(request: Any, response: Any) -> None:
        side.log.append([name in response.headers for name in ("Content-Length", "Date", "Content-Type")])
        side.log.append(f"prepared: {response.prepared}")

    app = side.web.Application()
    app.on_response_prepare.append(look)
    app.router.add_get("/", side.answer("hello"))
    return app


def a_signal_that_refuses(side: Any) -> Any:
    async def refuse(request: Any, response: Any) -> None:
        if response.status == 200:
            raise side.web.HTTPForbidden

    app = side.web.Application()
    app.on_response_prepare.append(refuse)
    app.router.add_get("/", side.answer("hello"))
    return app


CASES = {
    expectations: (
        "GET / Expect: 100-continue",
        "GET / Expect: 100-Continue",
        "GET / Expect: other",
        "GET / Expect: ",
        "GET /none Expect: 100-continue",
        "GET /none Expect: other",
        "PUT / Expect: 100-continue",
    ),
    expect_handlers: (
        *(f"GET /{name} Expect: anything" for name in ("on", "answer", "refuse", "crash", "write")),
        "GET /refuse",
    ),
    both_kinds_of_middlewares: (
        "GET /",
        "POST /",
        "GET /none",
    ),
    a_middleware_that_refuses: ("GET /",),
    a_factory_that_raises: ("GET /",),
    a_factory_that_is_a_plain_function: ("GET /",),
    a_middleware_that_gives_nothing: ("GET /",),
    normalised_paths: (
        "GET /a/",
        "GET /b",
        "GET /c//d",
        "GET /e?x=1",
        "GET //e/",
        "POST /a/",
        "GET /nope/",
        "GET /sub/x",
        "GET /sub//x",
    ),
    paths_without_their_slash: (
        "GET /a/",
        "GET /b/",
        "GET /c//d/",
        "GET /a//?q=1",
        "GET /b",
    ),
    prepare_signals: (
        "GET /",
        "GET /sub/",
        "GET /sub/none",
        "GET /none",
    ),
    what_a_signal_sees: ("GET /",),
    a_signal_that_refuses: ("GET /",),
    middlewares_added_later: ("GET /", "GET /in/", "GET /none"),
    a_middleware_that_answers_errors: ("GET /", "GET /none", "POST /"),
}


@pytest.mark.parametrize("make", CASES, ids=lambda make: make.__name__)
def test_both_answer_alike_but_for_what_the_page_says(side_by_side: Any, make: Any) -> None:
    side_by_side(make, CASES[make])
