"""The origin behind the proxies: a server of its own process, and what arrived at it.

It responds in every way that an application has: before the body, after it, as a stream, from a file, not at all. It
prints its port, and a second one on which it returns, as JSON, what has arrived since it was asked last.
"""

import asyncio
import logging
import sys
from pathlib import Path
from typing import Any

from muntin import web
from muntin.web.access_log import AbstractAccessLogger

_ARRIVED: list[dict[str, str | int | None]] = []


class Arrivals(AbstractAccessLogger):
    """Notes every request that was answered, also those that no handler has seen."""

    def log(self, request: Any, response: Any, time: float) -> None:
        """Note a request by its marks."""
        _ARRIVED.append(
            {
                "method": request.method,
                "path": request.target.path,
                "mark": request.headers.get("X-Mark"),
                "stamp": request.headers.get("X-Stamp"),
                "status": response.status,
                "connection": request.exchange.peer.address[1],
            }
        )


def echo(request: web.Request, status: int = 200) -> web.Response:
    """Return the mark of a request, so that whoever receives it knows whose response it is."""
    return web.Response(status=status, text=f"<{request.headers.get('X-Mark')}>")


async def read(request: web.Request) -> web.Response:
    await request.read()
    return echo(request)


async def respond_early(request: web.Request) -> web.Response:
    return echo(request, int(request.match_info["status"]))


async def fail_early(request: web.Request) -> web.Response:
    raise RuntimeError("as applications do")


async def stream_early(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(echo(request).body or b"")
    return response


async def send_file_early(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(Path(__file__))


async def let_go_on(request: web.Request) -> None:
    """Meet any expectation in silence: the body is read, if it comes."""


async def open_websocket(request: web.Request) -> web.StreamResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for _ in socket:
        pass
    return socket


async def tell_arrivals(request: web.Request) -> web.Response:
    told, _ARRIVED[:] = [*_ARRIVED], []
    return web.json_response(told)


async def listen(app: web.Application, **options: Any) -> tuple[web.AppRunner, int]:
    runner = web.AppRunner(app, **options)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    return runner, site.port


async def serve() -> None:
    """Serve until whoever started it closes its input."""
    app = web.Application(client_max_size=10_000)
    app.add_routes(
        [
            web.route("*", "/early/{status}", respond_early),
            web.route("*", "/unexpected/{status}", respond_early, expect_handler=let_go_on),
            web.route("*", "/fail", fail_early),
            web.route("*", "/stream", stream_early),
            web.route("*", "/file", send_file_early),
            web.get("/socket", open_websocket),
            web.route("*", "/missing/{tail:x}", read),
            web.route("*", "/{tail:(?!missing).*}", read),
        ]
    )
    control = web.Application()
    control.add_routes([web.get("/", tell_arrivals)])
    behind, port = await listen(app, access_log_class=Arrivals, access_log=logging.getLogger("arrivals"))
    beside, control_port = await listen(control, access_log=None)
    print(port, control_port, flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await behind.cleanup()
    await beside.cleanup()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(serve())
