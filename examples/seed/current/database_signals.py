"""A database engine from the start of the application to its end, by two signals.

python database_signals.py postgresql+asyncpg://guest@localhost/guest
"""

import sys

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from muntin import web

URL = web.AppKey("URL", str)
ENGINE = web.AppKey("ENGINE", AsyncEngine)


async def create_engine(app: web.Application) -> None:
    app[ENGINE] = create_async_engine(app[URL])


async def dispose_engine(app: web.Application) -> None:
    await app[ENGINE].dispose()


async def add(request: web.Request) -> web.Response:
    async with request.app[ENGINE].connect() as connection:
        total = await connection.scalar(text("SELECT 40 + 2"))
    return web.Response(text=str(total))


def make_app(url: str) -> web.Application:
    app = web.Application()
    app[URL] = url
    app.on_startup.append(create_engine)
    app.on_cleanup.append(dispose_engine)
    app.router.add_get("/", add)
    return app


if __name__ == "__main__":
    web.run_app(make_app(sys.argv[1]))
