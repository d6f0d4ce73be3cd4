"""Routing by something else than method and path: a handler that chooses by the Accept field.

curl -H "Accept: application/xml" localhost:8080
"""

from collections.abc import Awaitable, Callable

from muntin import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Chooser:
    def __init__(self) -> None:
        self._handlers: dict[str, Handler] = {}

    def register(self, accept: str, handler: Handler) -> None:
        self._handlers[accept] = handler

    async def route(self, request: web.Request) -> web.StreamResponse:
        for accept in request.headers.getall("Accept", []):
            handler = self._handlers.get(accept)
            if handler is not None:
                return await handler(request)
        raise web.HTTPNotAcceptable()


async def as_json(request: web.Request) -> web.Response:
    return web.json_response({"tea": "green"})


async def as_xml(request: web.Request) -> web.Response:
    return web.Response(text="<tea>green</tea>", content_type="application/xml")


chooser = Chooser()
chooser.register("application/json", as_json)
chooser.register("application/xml", as_xml)

app = web.Application()
app.add_routes([web.get("/", chooser.route)])

if __name__ == "__main__":
    web.run_app(app)
