"""What handlers share, by typed keys: in the application, in a request, and in a response.

curl -i localhost:8080/admin/
"""

from collections.abc import Awaitable, Callable

from muntin import web

TITLE = web.AppKey("TITLE", str)
COLOUR = web.AppKey("COLOUR", str)
USER = web.RequestKey("USER", str)
COST = web.ResponseKey("COST", int)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def account(request: web.Request, handler: Handler) -> web.StreamResponse:
    request[USER] = "ada"
    response = await handler(request)
    response.headers["X-Cost"] = str(response[COST])
    return response


async def tell(request: web.Request) -> web.Response:
    # `config_dict` looks in this application first, then in those around it.
    words = (request.config_dict[TITLE], request.config_dict[COLOUR], request[USER])
    response = web.Response(text=" ".join(words))
    response[COST] = len(words)
    return response


admin = web.Application()
admin[COLOUR] = "red"
admin.router.add_get("/", tell)

app = web.Application(middlewares=[account])
app[TITLE] = "Shop"
app[COLOUR] = "blue"
app.router.add_get("/", tell)
app.add_subapp("/admin/", admin)

if __name__ == "__main__":
    web.run_app(app)
