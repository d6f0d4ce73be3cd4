"""Resources, their routes, and what the router tells of them.

python resources.py
"""

from muntin import web


async def read(request):
    return web.Response(text="a note")


async def write(request):
    return web.Response(status=204)


def describe(router):
    """Return a line for each resource, and one for each name."""
    lines = [str(resource) for resource in router.resources()]
    return lines + [f"{name}: {resource}" for name, resource in router.named_resources().items()]


app = web.Application()
resource = app.router.add_resource("/notes/today", name="today")
resource.add_route("GET", read)
resource.add_route("PUT", write)
app.router.add_resource("/notes/yesterday").add_route("GET", read)

if __name__ == "__main__":
    print(*describe(app.router), sep="\n")
    web.run_app(app)
