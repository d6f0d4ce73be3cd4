"""A server for development: what fails is shown to whoever asked, with its traceback.

The page points to `aiohttp_debugtoolbar`, which imports aiohttp by its name. `debug=True` needs nothing else; it must
not be reachable by strangers.

    curl localhost:8080
"""

from muntin import web


async def fail(request):
    return web.Response(text=str(1 / 0))


app = web.Application(debug=True)
app.router.add_route("GET", "/", fail)

if __name__ == "__main__":
    web.run_app(app, host="localhost")
