"""A task that listens to Redis beside the handlers, and passes what it hears to all WebSockets.

python redis_listener.py redis://localhost:6379
redis-cli publish news hello
"""

import asyncio
import sys
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress

from redis.asyncio import Redis

from muntin import web

URL = web.AppKey("URL", str)
WEBSOCKETS = web.AppKey("WEBSOCKETS", weakref.WeakSet[web.WebSocketResponse])


async def listen_to_news(app: web.Application, client: Redis) -> None:
    async with client.pubsub() as channel:
        await channel.subscribe("news")
        async for message in channel.listen():
            if message["type"] == "message":
                for ws in set(app[WEBSOCKETS]):
                    await ws.send_str(message["data"])


async def run_listener(app: web.Application) -> AsyncIterator[None]:
    async with Redis.from_url(app[URL], decode_responses=True) as client:
        task = asyncio.create_task(listen_to_news(app, client))
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def read_news(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    request.app[WEBSOCKETS].add(ws)
    async for _ in ws:
        pass
    return ws


def make_app(url: str) -> web.Application:
    app = web.Application()
    app[URL] = url
    app[WEBSOCKETS] = weakref.WeakSet()
    app.cleanup_ctx.append(run_listener)
    app.router.add_get("/news", read_news)
    return app


if __name__ == "__main__":
    web.run_app(make_app(sys.argv[1]))
