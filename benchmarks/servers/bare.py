"""The limit for large bodies: a bare protocol that moves the bytes of an upload, a response or a stream."""

import asyncio
from typing import Final, cast

import uvloop

from benchmarks.servers.options import parse_options

PIECE: Final = bytes(64 * 1024)
PIECES: Final = 16
SIZE: Final = len(PIECE) * PIECES

HEAD: Final = (
    b"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
)
COUNTED: Final = HEAD + b"Content-Length: 7\r\n\r\n%7d"
WHOLE: Final = HEAD + b"Content-Length: %d\r\n\r\n" % SIZE
CHUNKED: Final = HEAD + b"Transfer-Encoding: chunked\r\n\r\n"


class Bare(asyncio.Protocol):
    """Tells by the target what to do. It expects well-formed requests, one after the other, each in few reads."""

    __slots__ = ("head", "missing", "size", "transport")

    def __init__(self) -> None:
        self.head = b""
        self.missing = self.size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self.missing:
            self.receive_body(len(data))
            return
        self.head += data
        head, end, body = self.head.partition(b"\r\n\r\n")
        if not end:
            return
        self.head = b""
        if head.startswith(b"POST "):
            length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
            self.missing = self.size = int(length)
            self.receive_body(len(body))
        elif head.startswith(b"GET /stream "):
            self.send_stream()
        else:
            self.transport.writelines([WHOLE, PIECE * PIECES])

    def receive_body(self, size: int) -> None:
        self.missing -= size
        if not self.missing:
            self.transport.write(COUNTED % self.size)

    def send_stream(self) -> None:
        self.transport.write(CHUNKED)
        for _ in range(PIECES):
            self.transport.writelines([b"%x\r\n" % len(PIECE), PIECE, b"\r\n"])
        self.transport.write(b"0\r\n\r\n")


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Bare, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve(parse_options().port))
