"""Handlers that are cancelled when their client goes away, and what has to be finished all the same.

Two writes that belong together stand in one function behind one `asyncio.shield`: between two shields the handler
could be cancelled, and only the first write would happen.
"""

import asyncio

from muntin import web

LEDGER = web.AppKey("LEDGER", list[str])


async def write(ledger: list[str], line: str) -> None:
    await asyncio.sleep(0.01)  # a database takes its time
    ledger.append(line)


async def write_both(ledger: list[str]) -> None:
    await write(ledger, "order")
    await write(ledger, "invoice")


async def order(request: web.Request) -> web.Response:
    await asyncio.shield(write_both(request.app[LEDGER]))
    return web.Response(text="ordered")


def make_app() -> web.Application:
    app = web.Application()
    app[LEDGER] = []
    app.router.add_post("/orders", order)
    return app


if __name__ == "__main__":
    web.run_app(make_app(), handler_cancellation=True)
