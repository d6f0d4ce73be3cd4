"""How a stream is cut into packets: full ones for the bulk, then each piece at once.

A stream begins in NODELAY mode. There is no need for any of this where a response is sent whole.

    curl localhost:8080
"""

from muntin import web


async def stream(request):
    response = web.StreamResponse()
    await response.prepare(request)
    response.set_tcp_cork(True)
    for _ in range(100):
        response.write(b"bulk " * 100)
    await response.drain()
    response.set_tcp_nodelay(True)
    response.write(b"and the rest")
    return response


app = web.Application()
app.router.add_route("GET", "/", stream)

if __name__ == "__main__":
    web.run_app(app)
