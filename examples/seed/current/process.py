"""A process beside the server: started with it, terminated with it.

python process.py
"""

import asyncio
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator

from muntin import web

COMMAND = (sys.executable, "-c", "import time; time.sleep(3600)")
CHILD = web.AppKey("CHILD", Process)


async def run_child(app: web.Application) -> AsyncIterator[None]:
    child = app[CHILD] = await asyncio.create_subprocess_exec(*COMMAND)
    yield
    if child.returncode is None:
        child.terminate()
    await child.wait()


async def tell(request: web.Request) -> web.Response:
    return web.json_response({"pid": request.app[CHILD].pid})


def make_app() -> web.Application:
    app = web.Application()
    app.cleanup_ctx.append(run_child)
    app.router.add_get("/", tell)
    return app


if __name__ == "__main__":
    web.run_app(make_app())
