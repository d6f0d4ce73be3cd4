"""The limit: a bare protocol that answers whatever it reads with the same bytes. Nothing in Python can be faster."""

import asyncio
from typing import cast

import uvloop

from benchmarks.servers.options import parse_options

REPLY = (
    b"HTTP/1.1 200 OK\r\n"
    b"Content-Type: text/plain; charset=utf-8\r\n"
    b"Content-Length: 13\r\n"
    b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
    b"Server: raw\r\n"
    b"\r\n"
    b"Hello, world!"
)


class Canned(asyncio.Protocol):
    """Answers every read."""

    __slots__ = ("transport",)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(REPLY)


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Canned, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(parse_options().port))
