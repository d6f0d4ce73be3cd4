"""A WebSocket that replies to every text; sending needs no `await`.

python -m websockets ws://localhost:8080/
"""

from muntin import web


async def respond(request):
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    async for message in ws:
        if message.tp == web.MsgType.text:
            if message.data == "bye":
                await ws.close()
            else:
                ws.send_str(f"You said: {message.data}")
        elif message.tp == web.MsgType.error:
            request.app.logger.warning("broken off: %s", ws.exception())
    return ws


app = web.Application()
app.router.add_route("GET", "/", respond)

if __name__ == "__main__":
    web.run_app(app)
