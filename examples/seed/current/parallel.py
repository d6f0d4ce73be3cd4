"""Two things at once inside one handler; both are awaited before it returns.

curl localhost:8080
"""

import asyncio

from muntin import web


async def fetch_weather() -> str:
    await asyncio.sleep(0)
    return "sunny"


async def report(request: web.Request) -> web.Response:
    weather = asyncio.create_task(fetch_weather())
    day = "Monday"  # something else meanwhile
    return web.Response(text=f"{day}: {await weather}")


app = web.Application()
app.router.add_get("/", report)

if __name__ == "__main__":
    web.run_app(app)
