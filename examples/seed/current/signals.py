"""A field for every response, added after the usual ones and directly before the head is sent.

curl -i localhost:8080
"""

from muntin import web


async def sign(request: web.Request, response: web.StreamResponse) -> None:
    response.headers["X-Length"] = response.headers.get("Content-Length", "unknown")


async def greet(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def stream(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"hello")
    return response


app = web.Application()
app.on_response_prepare.append(sign)
app.add_routes([web.get("/", greet), web.get("/stream", stream)])

if __name__ == "__main__":
    web.run_app(app)
