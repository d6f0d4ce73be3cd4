"""Open WebSockets are closed when the server stops: it need not wait for them, and clients are told why."""

import weakref

from muntin import web

WEBSOCKETS = web.AppKey("WEBSOCKETS", weakref.WeakSet[web.WebSocketResponse])


async def listen(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    request.app[WEBSOCKETS].add(ws)
    try:
        async for message in ws:
            await ws.send_str(message.data)
    finally:
        request.app[WEBSOCKETS].discard(ws)
    return ws


async def close_websockets(app: web.Application) -> None:
    for ws in set(app[WEBSOCKETS]):
        await ws.close(code=web.WSCloseCode.GOING_AWAY, message="Closing down")


def make_app() -> web.Application:
    app = web.Application()
    app[WEBSOCKETS] = weakref.WeakSet()
    app.on_shutdown.append(close_websockets)
    app.router.add_get("/", listen)
    return app


if __name__ == "__main__":
    web.run_app(make_app())
