"""A field for every response, added when its head is about to be sent: streams and sockets too.

curl -i localhost:8080/stream
"""

from muntin import web


async def sign(request, response):
    response.headers["X-Served-By"] = "us"


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    for piece in (b"one ", b"two ", b"three"):
        response.write(piece)
    return response


async def greet(request):
    return web.Response(text="hello")


app = web.Application()
app.on_response_prepare.append(sign)
app.router.add_route("GET", "/", greet)
app.router.add_route("GET", "/stream", stream)

if __name__ == "__main__":
    web.run_app(app)
