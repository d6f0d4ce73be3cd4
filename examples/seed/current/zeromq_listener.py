"""A task that listens to ZeroMQ beside the handlers, and passes what it hears to all WebSockets.

The same shape serves any source of messages: what connects stands in the cleanup context, what waits in the task.

python zeromq_listener.py tcp://127.0.0.1:5556
"""

import asyncio
import sys
import weakref
from collections.abc import AsyncIterator
from contextlib import suppress

import zmq
import zmq.asyncio

from muntin import web

URL = web.AppKey("URL", str)
WEBSOCKETS = web.AppKey("WEBSOCKETS", weakref.WeakSet[web.WebSocketResponse])


async def pass_on(app: web.Application, news: zmq.asyncio.Socket) -> None:
    while True:
        _, text = await news.recv_multipart()
        for ws in set(app[WEBSOCKETS]):
            await ws.send_str(text.decode())


async def run_listener(app: web.Application) -> AsyncIterator[None]:
    with zmq.asyncio.Context() as context, context.socket(zmq.SUB) as news:
        news.connect(app[URL])
        news.subscribe("news")
        task = asyncio.create_task(pass_on(app, news))
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
