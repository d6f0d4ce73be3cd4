"""A server that is started and ended step by step, with a loop of its own. `web.run_app` does the same and more.

python finalization.py
"""

import asyncio

from muntin import web


async def greet(request):
    return web.Response(text="hello")


def serve(app, host, port):
    loop = asyncio.new_event_loop()
    handler = app.make_handler(loop=loop)
    loop.run_until_complete(app.startup())
    server = loop.run_until_complete(loop.create_server(handler, host, port))
    print("serving on", server.sockets[0].getsockname(), flush=True)
    try:
        loop.run_forever()
    except KeyboardInterrupt:
        pass
    finally:
        server.close()
        loop.run_until_complete(app.shutdown())
        loop.run_until_complete(handler.finish_connections(60.0))
        loop.run_until_complete(server.wait_closed())
        loop.run_until_complete(app.cleanup())
    loop.close()
    print("ended", flush=True)


app = web.Application()
app.router.add_route("GET", "/", greet)

if __name__ == "__main__":
    serve(app, "127.0.0.1", 8080)
