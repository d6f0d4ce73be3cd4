"""Pages from templates, on a plain handler.

The page uses `aiohttp_jinja2`, which imports aiohttp by its name. The decorator that is needed of it is these ten lines
around jinja2 itself; names of users are escaped.

    curl localhost:8080/Ada
"""

from functools import wraps

import jinja2

from muntin import web

ENVIRONMENT = web.AppKey("ENVIRONMENT", jinja2.Environment)
PAGES = {"greeting.html": "<h1>Hello, {{ name }}!</h1>"}


def template(name):
    """Return a decorator for handlers that return what is put into a template."""

    def decorate(handler):
        @wraps(handler)
        def render(request):
            page = request.app[ENVIRONMENT].get_template(name)
            return web.Response(text=page.render(handler(request)), content_type="text/html")

        return render

    return decorate


@template("greeting.html")
def greet(request):
    return {"name": request.match_info["name"]}


app = web.Application()
app[ENVIRONMENT] = jinja2.Environment(loader=jinja2.DictLoader(PAGES), autoescape=True)
app.router.add_route("GET", "/{name}", greet)

if __name__ == "__main__":
    web.run_app(app)
