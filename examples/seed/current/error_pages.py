"""Errors of a service as JSON, by a middleware, whether they were raised or returned.

curl -i localhost:8080/nowhere
"""

from collections.abc import Awaitable, Callable

from muntin import web

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        response = await handler(request)
        if response.status < 400:
            return response
        status, reason = response.status, response.reason
    except web.HTTPException as error:
        if error.status < 400:
            raise
        status, reason = error.status, error.reason
    except Exception:
        request.app.logger.exception("%s failed", request.path)
        status, reason = 500, "Internal Server Error"
    return web.json_response({"error": reason}, status=status)


async def find_nothing(request: web.Request) -> web.Response:
    return web.Response(status=404)


async def fail(request: web.Request) -> web.Response:
    raise ValueError("not for clients")


app = web.Application(middlewares=[errors_as_json])
app.add_routes([web.get("/returned", find_nothing), web.get("/failed", fail)])

if __name__ == "__main__":
    web.run_app(app)
