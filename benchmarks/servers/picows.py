"""picows as its pages show it: WebSockets in Cython, with frames for an interface."""

import asyncio

import uvloop
from picows import WSFrame, WSListener, WSTransport, WSUpgradeRequest, ws_create_server

from benchmarks.servers.options import parse_options


class Echo(WSListener):
    """Sends each frame back."""

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        transport.send(frame.msg_type, frame.get_payload_as_bytes())


def listen(request: WSUpgradeRequest) -> WSListener:
    return Echo()


async def main(port: int) -> None:
    server = await ws_create_server(listen, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(parse_options().port))
