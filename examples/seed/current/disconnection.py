"""A client that goes away in the middle: reading its body raises an OSError.

curl --data-binary @large.file localhost:8080
"""

from muntin import web

INTERRUPTED = web.AppKey("INTERRUPTED", list[str])


async def receive(request: web.Request) -> web.Response:
    try:
        text = await request.text()
    except OSError as error:
        request.app[INTERRUPTED].append(type(error).__name__)
        raise
    return web.Response(text=f"{len(text)} characters")


def make_app() -> web.Application:
    app = web.Application()
    app[INTERRUPTED] = []
    app.router.add_post("/", receive)
    return app


if __name__ == "__main__":
    web.run_app(make_app())
