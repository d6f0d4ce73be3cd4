"""Pages from templates; the decorator stands below the one of the route.

The page uses `aiohttp_jinja2`, which imports aiohttp by its name. The decorator that is needed of it is these ten lines
around jinja2 itself; names of users are escaped.

    curl localhost:8080/Ada
"""

from collections.abc import Awaitable, Callable
from functools import wraps

import jinja2

from muntin import web

ENVIRONMENT = web.AppKey("ENVIRONMENT", jinja2.Environment)
PAGES = {"greeting.html": "<h1>Hello, {{ name }}!</h1>"}

Fill = Callable[[web.Request], Awaitable[dict[str, str]]]
Handler = Callable[[web.Request], Awaitable[web.Response]]


def template(name: str) -> Callable[[Fill], Handler]:
    """Return a decorator for handlers that return what is put into a template."""

    def decorate(handler: Fill) -> Handler:
        @wraps(handler)
        async def render(request: web.Request) -> web.Response:
            page = request.app[ENVIRONMENT].get_template(name)
            return web.Response(text=page.render(await handler(request)), content_type="text/html")

        return render

    return decorate


routes = web.RouteTableDef()


@routes.get("/{name}")
@template("greeting.html")
async def greet(request: web.Request) -> dict[str, str]:
    return {"name": request.match_info["name"]}


app = web.Application()
app[ENVIRONMENT] = jinja2.Environment(loader=jinja2.DictLoader(PAGES), autoescape=True)
app.add_routes(routes)

if __name__ == "__main__":
    web.run_app(app)
