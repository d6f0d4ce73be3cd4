"""Handlers of both kinds, and routes for one method or for all.

A plain function is run on the event loop, so it must be quick; `async def` is the way to write handlers now.

    curl -X PURGE localhost:8080/any
"""

from muntin import web


def plain(request):
    return web.Response()


async def add(request):
    return web.Response(status=201, text="added")


async def replace(request):
    return web.Response(text="replaced")


async def tell_method(request):
    return web.Response(text=request.method)


app = web.Application()
app.router.add_route("GET", "/", plain)
app.router.add_route("POST", "/notes", add)
app.router.add_route("PUT", "/notes", replace)
app.router.add_route("*", "/any", tell_method)

if __name__ == "__main__":
    web.run_app(app)
