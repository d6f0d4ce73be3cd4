"""Work that goes on after the response, and a handler that is never cancelled.

The page uses `aiojobs`. `app.spawn` keeps a job until it ends, logs what it raises and waits for it when the server
stops; which handlers a disconnect cancels is said per route.

    curl -d ada@example.org localhost:8080/welcome
"""

from muntin import web

SENT = web.AppKey("SENT", list[str])


async def send_mail(app: web.Application, address: str) -> None:
    app[SENT].append(address)


async def welcome(request: web.Request) -> web.Response:
    request.app.spawn(send_mail(request.app, await request.text()))
    return web.Response(status=202)


async def pay(request: web.Request) -> web.Response:
    await send_mail(request.app, "receipts@example.org")
    return web.Response(text="paid")


async def search(request: web.Request) -> web.Response:
    return web.Response(text="found nothing")


def make_app() -> web.Application:
    app = web.Application()
    app[SENT] = []
    app.add_routes(
        [
            web.post("/welcome", welcome),
            web.post("/pay", pay),
            web.get("/search", search, cancel_on_disconnect=True),
        ]
    )
    return app


if __name__ == "__main__":
    web.run_app(make_app())
