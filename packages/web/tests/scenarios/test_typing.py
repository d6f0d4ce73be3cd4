"""What a type checker sees: keys that know the type of their value, handlers, middlewares and signals."""

import pytest

api = pytest.importorskip("mypy.api")


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """What was checked once is not checked again."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def check(tmp_path, cache):
    """Check a snippet; return the types that were revealed, in order, and the lines of errors."""

    def check(text):
        source = tmp_path / "snippet.py"
        source.write_text(text)
        options = ["--strict", "--cache-dir", str(cache)]
        output, problems, _ = api.run([*options, str(source)])
        assert not problems
        lines = output.replace("builtins.", "").splitlines()
        revealed = [line.partition('type is "')[2].rstrip('"') for line in lines if " note: Revealed" in line]
        return revealed, [int(line.split(":")[1]) for line in lines if " error: " in line]

    return check


@pytest.mark.row("WB-04")
def test_typed_keys(check):
    revealed, wrong = check("""
from muntin import web

NUMBER = web.AppKey("NUMBER", int)
WORD = web.RequestKey("WORD", str)
MARK = web.ResponseKey("MARK", bytes)


async def handler(request: web.Request) -> web.Response:
    response = web.Response()
    reveal_type(request.app[NUMBER])
    reveal_type(request.app.get(NUMBER))
    reveal_type(request.app.get(NUMBER, 1.5))
    reveal_type(request[WORD])
    reveal_type(response[MARK])
    request.app[NUMBER] = "text"
    request[WORD] = 1
    response[MARK] = "text"
    request.app["name"] = object()
    return response
""")
    assert revealed == ["int", "int | None", "int | float", "str", "bytes"]
    assert wrong == [16, 17, 18]


@pytest.mark.row("MW-03", "RT-22", "WB-10")
def test_handlers_middlewares_and_signals(check):
    revealed, wrong = check("""
from collections.abc import AsyncIterator

from muntin import web

routes = web.RouteTableDef()


@routes.get("/")
async def handler(request: web.Request) -> web.Response:
    return web.Response()


@web.middleware
async def around(request: web.Request, handler: web.Handler) -> web.StreamResponse:
    reveal_type(handler(request))
    return await handler(request)


class Page(web.View):
    async def get(self) -> web.StreamResponse:
        reveal_type(self.request)
        return web.Response()


async def start(app: web.Application) -> None: ...


async def misplaced(app: web.Application, more: int) -> None: ...


async def context(app: web.Application) -> AsyncIterator[None]:
    yield


app = web.Application(middlewares=[around])
app.add_routes([*routes, web.view("/page", Page)])
app.on_startup.append(start)
app.on_startup.append(misplaced)
app.cleanup_ctx.append(context)
reveal_type(handler)
chain: list[web.Middleware] = [around, web.normalize_path_middleware()]
""")
    assert revealed == [
        "typing.Awaitable[muntin.web.response.stream.StreamResponse]",
        "muntin.web.request.request.Request",
        "def (request: muntin.web.request.request.Request) -> "
        "typing.Coroutine[Any, Any, muntin.web.response.whole.Response]",
    ]
    assert wrong == [39]
