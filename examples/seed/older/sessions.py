"""A session in an encrypted cookie, by a middleware factory.

The page uses `aiohttp_session`, which imports aiohttp by its name. What is needed of it is the factory below, around
the cipher that it uses as well. The cipher's key has 32 bytes; the page's had 16, with which it does not start.

    curl -c jar -b jar localhost:8080
"""

import json
import time

from cryptography.fernet import Fernet, InvalidToken

from muntin import web


def session_in_cookie(key, name="SESSION"):
    """Return a middleware factory that keeps `request["session"]` in a cookie."""
    cipher = Fernet(key)

    def read(cookie):
        try:
            return json.loads(cipher.decrypt(cookie.encode()))
        except InvalidToken:
            return {}

    async def factory(app, handler):
        async def handle(request):
            request["session"] = session = read(request.cookies.get(name, ""))
            response = await handler(request)
            response.set_cookie(name, cipher.encrypt(json.dumps(session).encode()).decode(), httponly=True)
            return response

        return handle

    return factory


async def visit(request):
    session = request["session"]
    last = session.get("last_visit")
    session["last_visit"] = time.time()
    return web.Response(text="welcome" if last is None else f"welcome back after {time.time() - last:.0f} s")


def make_app(key):
    app = web.Application(middlewares=[session_in_cookie(key)])
    app.router.add_route("GET", "/", visit)
    return app


if __name__ == "__main__":
    web.run_app(make_app(Fernet.generate_key()))
