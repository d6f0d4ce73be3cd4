"""Open WebSockets are closed when the server stops.

999 is no code that can be sent; clients are told 1001, `web.WSCloseCode.GOING_AWAY`.
"""

from muntin import web


async def listen(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    request.app["websockets"].append(ws)
    try:
        async for message in ws:
            ws.send_str(message.data)
    finally:
        request.app["websockets"].remove(ws)
    return ws


async def close_websockets(app):
    for ws in list(app["websockets"]):
        await ws.close(code=999, message="Closing down")


app = web.Application()
app["websockets"] = []
app.on_shutdown.append(close_websockets)
app.router.add_route("GET", "/", listen)

if __name__ == "__main__":
    web.run_app(app)
