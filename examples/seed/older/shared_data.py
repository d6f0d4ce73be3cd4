"""What handlers share: the application and the request are mappings.

curl localhost:8080
"""

from muntin import web


async def start_counting(app, handler):
    async def handle(request):
        app["visits"]["count"] += 1
        request["visitor"] = app["visits"]["count"]
        return await handler(request)

    return handle


async def tell(request):
    return web.Response(text=f"{request.app['greeting']}, visitor {request['visitor']}")


app = web.Application(middlewares=[start_counting])
app["greeting"] = "Hello"
app["visits"] = {"count": 0}
app.router.add_route("GET", "/", tell)

if __name__ == "__main__":
    web.run_app(app)
