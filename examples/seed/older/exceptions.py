"""Answers that are exceptions: returned or raised, they come to the same.

curl -i localhost:8080/returned
"""

from muntin import web


async def returning(request):
    return web.HTTPFound("/target")


async def raising(request):
    raise web.HTTPFound("/target")


async def refuse(request):
    raise web.HTTPNotFound(headers={"X-Hint": "look elsewhere"}, reason="Gone Fishing", text="not here")


async def refuse_method(request):
    raise web.HTTPMethodNotAllowed(request.method, ["POST", "PUT"])


async def arrive(request):
    return web.Response(text="arrived")


app = web.Application()
app.router.add_route("GET", "/returned", returning)
app.router.add_route("GET", "/raised", raising)
app.router.add_route("GET", "/refused", refuse)
app.router.add_route("GET", "/method", refuse_method)
app.router.add_route("GET", "/target", arrive)

if __name__ == "__main__":
    web.run_app(app)
