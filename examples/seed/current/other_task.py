"""A long task beside the server, from its start to its end; what it raised comes out at the end.

python other_task.py
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from muntin import web

BEATS = web.AppKey("BEATS", list[int])


async def beat(beats: list[int]) -> None:
    while True:
        beats.append(len(beats))
        await asyncio.sleep(0.01)


async def run_heart(app: web.Application) -> AsyncIterator[None]:
    task = asyncio.create_task(beat(app[BEATS]))
    yield
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def tell(request: web.Request) -> web.Response:
    return web.json_response({"beats": len(request.app[BEATS])})


def make_app() -> web.Application:
    app = web.Application()
    app[BEATS] = []
    app.cleanup_ctx.append(run_heart)
    app.router.add_get("/", tell)
    return app


if __name__ == "__main__":
    web.run_app(make_app())
