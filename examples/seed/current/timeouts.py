"""Arguments for the server that come with the application: from one second on, time-outs end at whole seconds.

curl localhost:8080
"""

from muntin import web


async def greet(request: web.Request) -> web.Response:
    return web.Response(text="hello")


app = web.Application(handler_args={"timeout_ceil_threshold": 1, "keepalive_timeout": 2.5})
app.router.add_get("/", greet)

if __name__ == "__main__":
    web.run_app(app)
