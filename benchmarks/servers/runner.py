"""The runner with a bare exchange handler: what is below the application, and so the most that one can reach."""

import asyncio

import uvloop

from benchmarks.servers.options import parse_options
from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server

BODY = b"Hello, world!"
HEAD = ResponseHead(200, [("Content-Type", "text/plain; charset=utf-8")])


async def hello(exchange: Exchange) -> None:
    exchange.respond(HEAD, BODY)


async def serve(port: int) -> None:
    listener = await asyncio.get_running_loop().create_server(Server(hello), "127.0.0.1", port, backlog=128)
    await listener.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(parse_options().port))
