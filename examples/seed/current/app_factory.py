"""An application that is made by a coroutine, in the loop that will serve it.

A server for several processes takes the function itself:

    python app_factory.py
    gunicorn app_factory:make_app --worker-class muntin.runner.GunicornWebWorker
"""

import asyncio

from muntin import web

SETTINGS = web.AppKey("SETTINGS", dict[str, str])


async def load_settings() -> dict[str, str]:
    await asyncio.sleep(0)
    return {"greeting": "Hello from the factory"}


async def greet(request: web.Request) -> web.Response:
    return web.Response(text=request.app[SETTINGS]["greeting"])


async def make_app() -> web.Application:
    app = web.Application()
    app[SETTINGS] = await load_settings()
    app.router.add_get("/", greet)
    return app


if __name__ == "__main__":
    web.run_app(make_app())
