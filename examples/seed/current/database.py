"""A database engine from the start of the application to its end, by one context that keeps both together.

What comes after the yield runs if, and only if, what comes before it did.

    python database.py postgresql+asyncpg://guest@localhost/guest
"""

import sys
from collections.abc import AsyncIterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from muntin import web

URL = web.AppKey("URL", str)
ENGINE = web.AppKey("ENGINE", AsyncEngine)


async def run_engine(app: web.Application) -> AsyncIterator[None]:
    app[ENGINE] = create_async_engine(app[URL])
    yield
    await app[ENGINE].dispose()


async def add(request: web.Request) -> web.Response:
    async with request.app[ENGINE].connect() as connection:
        total = await connection.scalar(text("SELECT 40 + 2"))
    return web.Response(text=str(total))


def make_app(url: str) -> web.Application:
    app = web.Application()
    app[URL] = url
    app.cleanup_ctx.append(run_engine)
    app.router.add_get("/", add)
    return app


if __name__ == "__main__":
    web.run_app(make_app(sys.argv[1]))
