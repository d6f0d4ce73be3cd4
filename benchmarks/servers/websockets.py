"""`websockets` as its pages show it: a server of WebSockets and nothing else."""

import asyncio

import uvloop
from websockets.asyncio.server import ServerConnection, serve

from benchmarks.servers.options import parse_options


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


async def main(port: int) -> None:
    async with serve(echo, "127.0.0.1", port) as server:
        await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(parse_options().port))
