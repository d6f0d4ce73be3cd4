"""Context variables: start and end share a context, and each request works on a copy of it.

python context_variables.py
"""

from contextvars import ContextVar

from muntin import web

STAGE = ContextVar("STAGE", default="begin")


async def look_again() -> str:
    return STAGE.get()


async def tell(request: web.Request) -> web.Response:
    seen = STAGE.get()
    STAGE.set("request")
    return web.Response(text=f"{seen}, then {await look_again()}")


async def start(app: web.Application) -> None:
    print("start sees", STAGE.get(), flush=True)
    STAGE.set("started")


async def clean_up(app: web.Application) -> None:
    print("clean-up sees", STAGE.get(), flush=True)


async def make_app() -> web.Application:
    print("making sees", STAGE.get(), flush=True)
    STAGE.set("made")
    app = web.Application()
    app.router.add_get("/", tell)
    app.on_startup.append(start)
    app.on_cleanup.append(clean_up)
    return app


if __name__ == "__main__":
    web.run_app(make_app())
    print("the program sees", STAGE.get(), flush=True)
