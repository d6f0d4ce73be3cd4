"""The order of middlewares: the first in the list is the outermost.

curl localhost:8080
"""

from collections.abc import Awaitable, Callable

from muntin import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def outer(request: web.Request, handler: Handler) -> web.StreamResponse:
    print("outer begins")
    response = await handler(request)
    print("outer ends")
    return response


@web.middleware
async def inner(request: web.Request, handler: Handler) -> web.StreamResponse:
    print("inner begins")
    response = await handler(request)
    print("inner ends")
    return response


async def greet(request: web.Request) -> web.Response:
    print("handler")
    return web.Response(text="hello")


app = web.Application(middlewares=[outer, inner])
app.router.add_get("/", greet)

if __name__ == "__main__":
    web.run_app(app)
