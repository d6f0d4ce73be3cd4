"""An application inside a program that has its own loop and its own end; it listens at two ports.

python runners.py
"""

import asyncio

from muntin import web


async def greet(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def main(ports: tuple[int, ...] = (8080, 8081)) -> None:
    app = web.Application()
    app.router.add_get("/", greet)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        for port in ports:
            site = web.TCPSite(runner, "localhost", port)
            await site.start()
            print("serving on", site.name, flush=True)
        await asyncio.Event().wait()  # for ever
    finally:
        await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
