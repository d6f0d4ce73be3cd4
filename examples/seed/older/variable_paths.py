"""Paths with variables, free or held to a pattern.

curl localhost:8080/Ada
curl localhost:8080/orders/12
"""

from muntin import web


async def greet(request):
    return web.Response(text="Hello, {}".format(request.match_info["name"]))


async def show_order(request):
    return web.Response(text="order {}".format(request.match_info["number"]))


app = web.Application()

# With a path alone, `add_route` gives a resource. Its name is `add_resource` now.
resource = app.router.add_route("/{name}")
resource.add_route("GET", greet)

resource = app.router.add_resource(r"/orders/{number:\d+}")
resource.add_route("GET", show_order)

if __name__ == "__main__":
    web.run_app(app)
