"""Middlewares: one that edits responses, and a function that makes such a middleware from an argument.

curl localhost:8080
"""

from collections.abc import Awaitable, Callable

from muntin import web
from muntin.web import middleware

Handler = Callable[[web.Request], Awaitable[web.Response]]


@middleware
async def shout(request: web.Request, handler: Handler) -> web.Response:
    response = await handler(request)
    response.text = (response.text or "").upper()
    return response


def append(text: str) -> web.Middleware:
    """Return a middleware that appends a text."""

    @middleware
    async def append_text(request: web.Request, handler: Handler) -> web.Response:
        response = await handler(request)
        response.text = (response.text or "") + text
        return response

    return append_text


async def greet(request: web.Request) -> web.Response:
    return web.Response(text="hello")


# A function that makes a middleware is called; passed without the call it is refused.
app = web.Application(middlewares=[append("!"), shout])
app.router.add_get("/", greet)

if __name__ == "__main__":
    web.run_app(app)
