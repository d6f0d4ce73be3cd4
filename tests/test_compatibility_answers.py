"""Applications beside aiohttp's: each is made with both, asked over a socket, and what differs is on the page.

Every case is an application; what it does is told by its answers and by what it logs. The page has a row for each
request that is not answered alike, with what both say and why. There are no others.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import AsyncExitStack
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from aiohttp import web as theirs

from muntin import web as ours

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "web" / "compatibility-application.md"
# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

pytestmark = [
    pytest.mark.row("MW-04", "MW-05", "MW-06", "MW-09", "MW-15", "MW-18", "CF-04", "WB-09", "RT-23", "RT-25"),
    # What is older, and keys that are names: both warn of them in their own words.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning"),
]


class Case(NamedTuple):
    """An application, and what it is asked."""

    make: Callable[[Any, list[Any]], Any]
    requests: tuple[str, ...]


CASES: dict[str, Case] = {}


def case(*requests: str) -> Callable[[Any], Any]:
    """Take a function that makes an application of a package and a log."""

    def take(make: Any) -> Any:
        CASES[make.__name__.replace("_", "-")] = Case(make, requests)
        return make

    return take


# What applications are made of


def answer(web: Any, text: str) -> Any:
    async def handler(request: Any) -> Any:
        return web.Response(text=text)

    return handler


def show(web: Any) -> Any:
    """Give a handler that tells what it was told."""

    async def handler(request: Any) -> Any:
        info = request.match_info
        told = (dict(info), request.path, info.handler is handler, info.route.method, len(info.apps))
        return web.Response(text=repr(told))

    return handler


def newer(web: Any, log: list[Any], name: str) -> Any:
    @web.middleware
    async def around(request: Any, handler: Any) -> Any:
        log.append(f"{name} in")
        try:
            return await handler(request)
        except web.HTTPException as error:
            log.append(f"{name} sees {error.status}")
            raise

    return around


def older(web: Any, log: list[Any], name: str) -> Any:
    async def factory(app: Any, handler: Any) -> Any:
        log.append(f"{name} is given {getattr(handler, 'name', 'another')}")

        async def around(request: Any) -> Any:
            log.append(f"{name} in")
            return await handler(request)

        around.name = name  # type: ignore[attr-defined]
        return around

    return factory


def note_prepare(log: list[Any], name: str) -> Any:
    async def note(request: Any, response: Any) -> None:
        log.append(f"{name} prepares {response.status}")

    return note


# Methods


@case("GET /", "HEAD /", "PUT /", "POST /", "OPTIONS /", "PURGE /", "X-Y /", "get /", "GET /none")
def methods(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    app.router.add_get("/", answer(web, "got"))
    app.router.add_put("/", answer(web, "put"))
    app.router.add_route("X-Y", "/", answer(web, "x-y"))
    return app


@case("GET /", "HEAD /", "OPTIONS /", "PURGE /", "BREW /", "CONNECT /")
def any_method(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    app.router.add_route("*", "/", show(web))
    return app


@case("GET /", "HEAD /", "HEAD /only", "GET /only")
def heads(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    app.router.add_get("/", answer(web, "got"), allow_head=False)
    app.router.add_head("/only", answer(web, "head"))
    return app


@case("GET /", "POST /", "HEAD /", "OPTIONS /", "PURGE /", "HELP /")
def views(web: Any, log: list[Any]) -> Any:
    class Page(web.View):  # type: ignore[misc]
        async def get(self) -> Any:
            return web.Response(text=self.request.path)

        async def post(self) -> Any:
            return web.Response(text="posted")

        async def help(self) -> Any:
            return web.Response(text="not to be called")

    app = web.Application()
    app.router.add_route("*", "/", Page)
    return app


@case("OPTIONS *", "OPTIONS /")
def options_of_the_server(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    app.router.add_route("OPTIONS", "/", show(web))
    return app


# Paths


@case(
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
)
def variables(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    app.router.add_get("/a/{name}", show(web))
    return app


@case("GET /12", "GET /%31", "GET /x", "GET /12x", "GET /t/a/b", "GET /t/", "GET /t/a%2Fb", "GET /1-2.html")
def expressions(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    app.router.add_get(r"/{number:\d+}", show(web))
    app.router.add_get(r"/t/{tail:.*}", show(web))
    app.router.add_get(r"/{a}-{b}.html", show(web))
    return app


@case("GET /%D0%BF", "GET /%d0%bf", "GET /x/%D0%BF%D0%BF", "GET /e/%D0%BF")
def unicode_paths(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    app.router.add_get("/п", show(web))
    app.router.add_get("/x/{word:п+}", show(web))
    app.router.add_get("/e/{word:(?:%D0%[0-9A-F]{2})+}", show(web))
    return app


ESCAPED = "+:@!$&'()*,;=~-_"


@case(*(f"GET /{text}" for mark in ESCAPED for text in (f"x{mark}", f"x%{ord(mark):02X}")), "GET /a%20b")
def marks_in_paths(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    for mark in ESCAPED:
        app.router.add_get(f"/x{mark}", answer(web, mark))
    app.router.add_get("/a b", answer(web, "space"))
    return app


@case("GET /u/me", "GET /u/ann", "POST /u/me", "POST /u/ann", "PUT /u/me", "GET /deep/x", "GET /y")
def order_of_resources(web: Any, log: list[Any]) -> Any:
    app = web.Application()
    app.router.add_get("/{tail:.*}", answer(web, "tail"))
    app.router.add_get("/u/{name}", answer(web, "first variable"))
    app.router.add_get("/u/{other}", answer(web, "second variable"))
    app.router.add_get("/u/me", answer(web, "me"))
    app.router.add_post("/u/{name}", answer(web, "posted"))
    app.router.add_get("/deep/x", answer(web, "deep"))
    return app


@case("GET /", "POST /", "GET /sub", "GET /sub/", "DELETE /")
def empty_paths(web: Any, log: list[Any]) -> Any:
    app, inner = web.Application(), web.Application()
    app.router.add_get("", answer(web, "empty"))
    app.router.add_post("/", answer(web, "slash"))
    inner.router.add_get("", answer(web, "empty below"))
    app.add_subapp("/sub", inner)
    return app


# Handlers


@case(
    *(
        f"GET /{name}"
        for name in ("plain", "lambda", "object", "method", "partial", "static", "class", "future")
    )
)
def kinds_of_handlers(web: Any, log: list[Any]) -> Any:
    def plain(request: Any) -> Any:
        return web.Response(text="plain")

    async def with_more(text: str, request: Any) -> Any:
        return web.Response(text=text)

    def future(request: Any) -> Any:
        made = asyncio.get_running_loop().create_future()
        made.set_result(web.Response(text="future"))
        return made

    class Pages:
        async def __call__(self, request: Any) -> Any:
            return web.Response(text="object")

        async def method(self, request: Any) -> Any:
            return web.Response(text="method")

        @staticmethod
        async def alone(request: Any) -> Any:
            return web.Response(text="static")

        @classmethod
        async def of_class(cls, request: Any) -> Any:
            return web.Response(text="class")

    app, pages = web.Application(), Pages()
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


@case(*(f"GET /{name}" for name in ("value", "found", "returned", "text", "nothing", "missing")))
def what_handlers_raise(web: Any, log: list[Any]) -> Any:
    @web.middleware
    async def look(request: Any, handler: Any) -> Any:
        try:
            response = await handler(request)
        except Exception as error:
            log.append(f"raised {type(error).__name__} {getattr(error, 'status', '')}")
            raise
        log.append(f"gave {type(response).__name__}")
        return response

    async def value(request: Any) -> Any:
        raise ValueError("a secret")

    async def found(request: Any) -> Any:
        raise web.HTTPFound("/x")

    async def returned(request: Any) -> Any:
        return web.HTTPFound("/x")

    async def text(request: Any) -> Any:
        return "text"

    async def nothing(request: Any) -> Any:
        return None

    app = web.Application(middlewares=[look])
    for handler in (value, found, returned, text, nothing):
        app.router.add_get(f"/{handler.__name__}", handler)
    return app


# Expectations


@case(
    "GET / Expect: 100-continue",
    "GET / Expect: 100-Continue",
    "GET / Expect: other",
    "GET / Expect: ",
    "GET /none Expect: 100-continue",
    "GET /none Expect: other",
    "PUT / Expect: 100-continue",
)
def expectations(web: Any, log: list[Any]) -> Any:
    app = web.Application(middlewares=[newer(web, log, "around")])
    app.router.add_get("/", answer(web, "hello"))
    return app


@case(
    *(f"GET /{name} Expect: anything" for name in ("on", "answer", "refuse", "crash", "write")), "GET /refuse"
)
def expect_handlers(web: Any, log: list[Any]) -> Any:
    async def on(request: Any) -> Any:
        log.append("asked")

    async def give(request: Any) -> Any:
        return web.Response(status=299, text="instead")

    async def refuse(request: Any) -> Any:
        raise web.HTTPForbidden

    async def crash(request: Any) -> Any:
        raise ValueError

    async def write(request: Any) -> Any:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    app = web.Application(middlewares=[newer(web, log, "around")])
    for name, handler in {"on": on, "answer": give, "refuse": refuse, "crash": crash, "write": write}.items():
        app.router.add_get(f"/{name}", answer(web, "hello"), expect_handler=handler)
    return app


# Middlewares


@case("GET /", "POST /", "GET /none")
def both_kinds_of_middlewares(web: Any, log: list[Any]) -> Any:
    handler = answer(web, "hello")
    handler.name = "the handler"
    around = [
        newer(web, log, "new 1"),
        older(web, log, "old 1"),
        older(web, log, "old 2"),
        newer(web, log, "new 2"),
    ]
    app = web.Application(middlewares=[*around, older(web, log, "old 3")])
    app.router.add_get("/", handler)
    return app


@case("GET /")
def a_middleware_that_refuses(web: Any, log: list[Any]) -> Any:
    @web.middleware
    async def refuse(request: Any, handler: Any) -> Any:
        return web.Response(status=403, text="no")

    app = web.Application(middlewares=[refuse, older(web, log, "old")])
    app.router.add_get("/", answer(web, "hello"))
    return app


@case("GET /")
def a_factory_that_raises(web: Any, log: list[Any]) -> Any:
    async def refuse(app: Any, handler: Any) -> Any:
        raise web.HTTPForbidden

    app = web.Application(middlewares=[newer(web, log, "around"), refuse])
    app.router.add_get("/", answer(web, "hello"))
    return app


@case("GET /")
def a_factory_that_is_a_plain_function(web: Any, log: list[Any]) -> Any:
    make = older(web, log, "old")
    app = web.Application(middlewares=[lambda app, handler: make(app, handler)])
    app.router.add_get("/", answer(web, "hello"))
    return app


@case("GET /")
def a_middleware_that_gives_nothing(web: Any, log: list[Any]) -> Any:
    @web.middleware
    async def forget(request: Any, handler: Any) -> Any:
        await handler(request)

    app = web.Application(middlewares=[forget])
    app.router.add_get("/", answer(web, "hello"))
    return app


@case(
    "GET /a/",
    "GET /b",
    "GET /c//d",
    "GET /e?x=1",
    "GET //e/",
    "POST /a/",
    "GET /nope/",
    "GET /sub/x",
    "GET /sub//x",
)
def normalised_paths(web: Any, log: list[Any]) -> Any:
    app, inner = (web.Application(middlewares=[web.normalize_path_middleware()]) for _ in range(2))
    for path in ("/a", "/b/", "/c/d/", "/e/"):
        app.router.add_get(path, answer(web, path))
    inner.router.add_get("/x/", answer(web, "x"))
    app.add_subapp("/sub", inner)
    return app


@case("GET /a/", "GET /b/", "GET /c//d/", "GET /a//?q=1", "GET /b")
def paths_without_their_slash(web: Any, log: list[Any]) -> Any:
    app = web.Application(middlewares=[web.normalize_path_middleware(append_slash=False, remove_slash=True)])
    for path in ("/", "/a", "/b/", "/c/d"):
        app.router.add_get(path, answer(web, path))
    return app


# Signals


@case("GET /", "GET /sub/", "GET /sub/none", "GET /none")
def prepare_signals(web: Any, log: list[Any]) -> Any:
    app, inner = web.Application(), web.Application()
    for name, each in {"outer": app, "inner": inner}.items():
        each.on_response_prepare.append(note_prepare(log, f"{name} 1"))
        each.on_response_prepare.append(note_prepare(log, f"{name} 2"))
        each.router.add_get("/", answer(web, name))
    app.add_subapp("/sub", inner)
    return app


@case("GET /")
def what_a_signal_sees(web: Any, log: list[Any]) -> Any:
    async def look(request: Any, response: Any) -> None:
        log.append([name in response.headers for name in ("Content-Length", "Date", "Content-Type")])
        log.append(f"prepared: {response.prepared}")

    app = web.Application()
    app.on_response_prepare.append(look)
    app.router.add_get("/", answer(web, "hello"))
    return app


@case("GET /")
def a_signal_that_refuses(web: Any, log: list[Any]) -> Any:
    async def refuse(request: Any, response: Any) -> None:
        if response.status == 200:
            raise web.HTTPForbidden

    app = web.Application()
    app.on_response_prepare.append(refuse)
    app.router.add_get("/", answer(web, "hello"))
    return app


# Applications inside


@case(
    "GET /",
    "GET /in/",
    "GET /in/deep/",
    "GET /in/deep/none",
    "POST /in/",
    "GET /in",
    "GET /inside",
    "GET /none",
)
def nested_applications(web: Any, log: list[Any]) -> Any:
    apps = {
        name: web.Application(middlewares=[newer(web, log, name)]) for name in ("outer", "inner", "deepest")
    }
    for name, app in apps.items():
        app["name"] = name

        async def tell(request: Any) -> Any:
            info, config = request.match_info, request.config_dict
            apps = [app["name"] for app in info.apps]
            return web.Response(text=f"{request.app['name']} of {apps}, {config['name']}, {config['secret']}")

        app.router.add_get("/", tell)
        app.on_response_prepare.append(note_prepare(log, name))
    apps["outer"]["secret"] = "shared"
    apps["inner"].add_subapp("/deep", apps["deepest"])
    apps["outer"].add_subapp("/in/", apps["inner"])
    return apps["outer"]


@case("GET /in/")
def factories_of_nested_applications(web: Any, log: list[Any]) -> Any:
    app, inner = (web.Application(middlewares=[older(web, log, name)]) for name in ("outer", "inner"))
    inner.router.add_get("/", answer(web, "hello"))
    app.add_subapp("/in", inner)
    return app


@case("GET /in/x", "GET /in/y", "POST /in/x", "PUT /in/x", "GET /z")
def a_route_below_the_prefix_of_another(web: Any, log: list[Any]) -> Any:
    app, inner = web.Application(), web.Application()
    app.router.add_get("/{tail:.*}", answer(web, "tail"))
    inner.router.add_get("/x", answer(web, "inner"))
    app.add_subapp("/in", inner)
    app.router.add_get("/in/y", answer(web, "outer"))
    app.router.add_post("/in/x", answer(web, "posted"))
    return app


@case(
    "GET / Host: ex.com",
    "GET / Host: EX.com",
    "GET / Host: ex.com:80",
    "GET / Host: a.ex.com",
    "GET / Host: b.a.ex.com",
    "GET / Host: other",
    "GET /main Host: ex.com",
    "POST / Host: ex.com",
)
def hosts(web: Any, log: list[Any]) -> Any:
    apps = {name: web.Application(middlewares=[newer(web, log, name)]) for name in ("main", "one", "wild")}
    for name, app in apps.items():
        app.router.add_get("/", answer(web, name))
    apps["main"].router.add_get("/main", answer(web, "main"))
    apps["main"].add_domain("ex.com", apps["one"])
    apps["main"].add_domain("*.ex.com", apps["wild"])
    return apps["main"]


@case("GET /", "GET /custom", "GET /none")
def a_resource_of_ones_own(web: Any, log: list[Any]) -> Any:
    class Custom(web.AbstractResource):  # type: ignore[misc]
        canonical = "/custom"

        def __init__(self) -> None:
            super().__init__(name="custom")
            self.route = web.ResourceRoute("GET", answer(web, "custom"), self)

        async def resolve(self, request: Any) -> Any:
            log.append("asked")
            if request.path == self.canonical:
                return web.UrlMappingMatchInfo({}, self.route), {"GET"}
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

    app = web.Application()
    app.router.register_resource(Custom())
    app.router.add_get("/", answer(web, "hello"))
    return app


@case("GET /", "GET /")
def context_variables(web: Any, log: list[Any]) -> Any:
    variable = ContextVar("variable", default="unset")

    def note(name: str) -> None:
        log.append(f"{name}: {variable.get()}")
        variable.set(name)

    async def hold(app: Any) -> Any:
        note("context")
        yield
        note("after context")

    async def start(app: Any) -> None:
        note("start")

    async def end(app: Any) -> None:
        note("end")

    @web.middleware
    async def around(request: Any, handler: Any) -> Any:
        note("middleware")
        response = await handler(request)
        note("after handler")
        return response

    async def prepare(request: Any, response: Any) -> None:
        note("prepare")

    async def handler(request: Any) -> Any:
        note("handler")
        return web.Response(text="hello")

    app = web.Application(middlewares=[around])
    app.cleanup_ctx.append(hold)
    app.on_startup.append(start)
    app.on_shutdown.append(end)
    app.on_cleanup.append(end)
    app.on_response_prepare.append(prepare)
    app.router.add_get("/", handler)
    return app


# Asking both

TOLD = re.compile(r"(?i)(allow|location|content-type): ")


class Answer(NamedTuple):
    """What came back, and what was logged until then."""

    status: str
    fields: str
    body: str
    log: str


async def ask(port: int, request: str) -> tuple[str, str, str]:
    method, target, *field = request.split(" ", 2)
    fields = [*field] if "Host:" in request else ["Host: example.org", *field]
    lines = [f"{method} {target} HTTP/1.1", "Connection: close", *fields, "", ""]
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write("\r\n".join(lines).encode())
        head, _, body = (await reader.read()).decode("latin-1").partition("\r\n\r\n")
        interim = ""
        while head.startswith("HTTP/1.1 1"):
            interim += f"{head.split()[1]} "
            head, _, body = body.partition("\r\n\r\n")
        writer.close()
        await writer.wait_closed()
    status = interim + head.partition(" ")[2][:3]
    told = sorted(line for line in head.split("\r\n") if TOLD.match(line))
    # What a server says of a failure or a request that is none is its own; the page says it once.
    return status, ", ".join(told), body if status[-3:] not in {"400", "417", "500"} else ""


async def answer_all(web: Any, each: Case) -> list[Answer]:
    log: list[Any] = []
    answers = []

    def take_log() -> str:
        told = ", ".join(map(str, log))
        log.clear()
        return told

    async with AsyncExitStack() as stack:
        runner = web.AppRunner(each.make(web, log), access_log=None)
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        before = take_log()
        for request in each.requests:
            told = await ask(runner.addresses[0][1], request)
            answers.append(Answer(*told, before + take_log()))
            before = ""
    return [*answers, Answer("", "", "", take_log())]


def compare(one: Answer, other: Answer) -> tuple[str, str]:
    """Give what differs of two answers, as the page says it."""
    places = [place for place, texts in enumerate(zip(one, other, strict=True)) if texts[0] != texts[1]]
    if places[0] == 0:
        places = [0]  # what else differs follows from the status
    return tuple("; ".join(each[place] or "nothing" for place in places) for each in (one, other))  # type: ignore[return-value]


def read_rows() -> dict[tuple[str, str], tuple[str, str]]:
    """Give what the page says of requests that are not answered alike, by case and request."""
    section = PAGE.read_text().partition("\n## Side by side\n")[2].partition("\n## ")[0]
    rows: dict[tuple[str, str], tuple[str, str]] = {}
    for line in section.splitlines():
        row = re.fullmatch(r"\| ([\w-]+) \| (.+?) \| (.+?) \| (.+?) \| (\w+): .+ \|", line)
        if row is not None:
            assert row[5] in {"other", "stricter"}, line
            for request in re.findall("`(.+?)`", row[2]):
                rows[row[1], request] = (row[3].strip("`"), row[4].strip("`"))
    return rows


@pytest.mark.parametrize("name", CASES)
def test_both_answer_alike_but_for_what_the_page_says(name: str, caplog: pytest.LogCaptureFixture) -> None:
    async def both() -> list[list[Answer]]:
        return [await answer_all(web, CASES[name]) for web in (theirs, ours)]

    one, other = asyncio.run(both())
    requests = [*CASES[name].requests, "the end"]
    found = {
        (name, request): compare(*answers)
        for request, *answers in zip(requests, one, other, strict=True)
        if answers[0] != answers[1]
    }
    assert found == {key: row for key, row in read_rows().items() if key[0] == name}


def test_the_page_has_no_other_rows() -> None:
    assert {
        (name, request) for name, each in CASES.items() for request in (*each.requests, "the end")
    } >= set(read_rows())
