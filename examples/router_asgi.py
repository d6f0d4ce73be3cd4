"""An ASGI dispatcher that uses muntin-router and nothing else.

    uvicorn examples.router_asgi:app        # then: curl -i localhost:8000/hello/world

It shows what a framework does with a match: call a handler, respond with 404 or 405, leave the body out for HEAD,
respond to OPTIONS for every resource. Handlers are coroutine functions that take the scope and return a status and a
text.
"""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import quote

from muntin.router import Matched, MethodNotAllowed, Router

Scope = dict[str, Any]
Handler = Callable[[Scope], Awaitable[tuple[int, str]]]


class Dispatcher:
    """An ASGI application around a router."""

    def __init__(self, router: Router[Handler]) -> None:
        self.router = router
        router.freeze()

    async def __call__(self, scope: Scope, receive: Callable[..., Any], send: Callable[..., Any]) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            raise ValueError(f"only http is spoken here, not {scope['type']}")
        fields = {name: value.decode("latin-1") for name, value in scope["headers"]}
        # raw_path is optional in ASGI; without it, an encoded slash cannot be told from a real one.
        path = scope["raw_path"].decode("latin-1") if scope.get("raw_path") else quote(scope["path"])
        status, text, allow = await self.dispatch(scope, path, fields.get(b"host"))
        body = text.encode()
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"%d" % len(body))]
        if allow:
            headers.append((b"allow", ", ".join(allow).encode()))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    async def dispatch(self, scope: Scope, path: str, host: str | None) -> tuple[int, str, tuple[str, ...]]:
        """Return the status, the text, and the methods for `Allow`."""
        match self.router.match(scope["method"], path, host):
            case Matched(route=route, values=values):
                status, text = await route.handler({**scope, "path_params": values})
                return status, text, route.options.get("allowed", ())
            case MethodNotAllowed(allowed):
                return 405, "Method Not Allowed\n", allowed
            case _:
                return 404, "Not Found\n", ()


async def hello(scope: Scope) -> tuple[int, str]:
    """Greet whoever the path names."""
    return 200, f"Hello, {scope['path_params']['name']}!\n"


async def square(scope: Scope) -> tuple[int, str]:
    """Square a number."""
    return 200, f"{scope['path_params']['number'] ** 2}\n"


async def tell_methods(scope: Scope) -> tuple[int, str]:
    """Answer OPTIONS: the dispatcher adds the field that matters."""
    return 200, ""


router: Router[Handler] = Router(options_handler=tell_methods)
router.add_get("/hello/{name}", hello, name="hello")
router.add_get("/square/{number:int()}", square)
app = Dispatcher(router)
