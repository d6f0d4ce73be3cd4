"""Client, scheme and host as the proxy in front of us tells them.

Only what that proxy wrote is believed, never what its client may have sent along. A middleware of one's own gives the
handlers inside a clone of the request; the second application here has the one that comes along.

    curl -H "X-Forwarded-For: 203.0.113.7" -H "X-Forwarded-Proto: https" localhost:8080
"""

from collections.abc import Awaitable, Callable

from muntin import web
from muntin.web.middlewares.proxies import trusted_proxies_middleware

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@web.middleware
async def believe_proxy(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.remote != "127.0.0.1":
        return await handler(request)
    sent = request.headers
    # The proxy adds at the end: what stands before that, its client may have written.
    address = ", ".join(sent.getall("X-Forwarded-For", [])).rpartition(",")[2].strip()
    scheme = ", ".join(sent.getall("X-Forwarded-Proto", [])).rpartition(",")[2].strip()
    is_scheme = scheme in ("http", "https")
    return await handler(request.clone(remote=address or None, scheme=scheme if is_scheme else None))


async def tell(request: web.Request) -> web.Response:
    return web.json_response({"remote": request.remote, "scheme": request.scheme})


app = web.Application(middlewares=[believe_proxy])
app.router.add_get("/", tell)

same = web.Application(middlewares=[trusted_proxies_middleware(networks=["127.0.0.0/8"])])
same.router.add_get("/", tell)

if __name__ == "__main__":
    web.run_app(app, host="127.0.0.1")
