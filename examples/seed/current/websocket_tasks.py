"""One task receives, others may send and close: a clock ticks beside the handler.

python -m websockets ws://localhost:8080/
"""

import asyncio
from contextlib import suppress

from muntin import web


async def tick(ws: web.WebSocketResponse) -> None:
    number = 0
    while True:
        number += 1
        await ws.send_str(f"tick {number}")
        await asyncio.sleep(0.01)


async def listen(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    clock = asyncio.create_task(tick(ws))
    try:
        async for message in ws:  # only here is anything received
            if message.type is web.WSMsgType.TEXT:
                await ws.send_str(f"heard {message.data}")
    finally:
        clock.cancel()
        with suppress(asyncio.CancelledError, ConnectionResetError):
            await clock
    return ws


app = web.Application()
app.router.add_get("/", listen)

if __name__ == "__main__":
    web.run_app(app)
