"""Routing by something else than method and path: a handler that chooses by the Accept field.

curl -H "Accept: application/xml" localhost:8080
"""

from muntin import web


class Chooser:
    def __init__(self):
        self._handlers = {}

    def register(self, accept, handler):
        self._handlers[accept] = handler

    async def route(self, request):
        for accept in request.headers.getall("ACCEPT", []):
            handler = self._handlers.get(accept)
            if handler is not None:
                return await handler(request)
        raise web.HTTPNotAcceptable()


async def as_json(request):
    return web.json_response({"tea": "green"})


async def as_xml(request):
    return web.Response(text="<tea>green</tea>", content_type="application/xml")


chooser = Chooser()
chooser.register("application/json", as_json)
chooser.register("application/xml", as_xml)

app = web.Application()
app.router.add_route("GET", "/", chooser.route)

if __name__ == "__main__":
    web.run_app(app)
