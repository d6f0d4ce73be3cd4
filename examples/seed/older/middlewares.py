"""Middleware factories: for each request they are given the application and the next handler, and give a handler.

curl localhost:8080/
curl localhost:8080/secret
curl localhost:8080/nowhere
"""

from muntin import web


async def say_sorry(app, handler):
    """Respond if no route matches."""

    async def handle(request):
        try:
            return await handler(request)
        except web.HTTPNotFound:
            return web.Response(status=404, text="sorry, there is nothing here")

    return handle


async def keep_secrets(app, handler):
    """Respond without the handler."""

    async def handle(request):
        if request.path == "/secret":
            raise web.HTTPForbidden()
        return await handler(request)

    return handle


async def greet(request):
    return web.Response(text="hello")


app = web.Application(middlewares=[say_sorry, keep_secrets])
app.router.add_route("GET", "/", greet)
app.router.add_route("GET", "/secret", greet)

if __name__ == "__main__":
    web.run_app(app)
