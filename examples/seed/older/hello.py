"""The smallest server: one route, one handler.

python hello.py
curl localhost:8080
"""

from muntin import web


async def greet(request):
    return web.Response(body=b"Good morning")


app = web.Application()
app.router.add_route("GET", "/", greet)

if __name__ == "__main__":
    web.run_app(app)
