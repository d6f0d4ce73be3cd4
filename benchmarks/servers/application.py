"""One application for two frameworks: they share an API, so only the name of the module differs."""

import asyncio
import importlib
import logging
import os
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.servers.options import Options, parse_options
from muntin.web.access_log import BatchingHandler

PIECE = bytes(64 * 1024)
PIECES = 16

# As many connections may wait to be accepted as most systems allow: some workloads open thousands at once.
BACKLOG = 4096


def make_application(web: Any, options: Options) -> Any:
    """Make the application with all its handlers, written against the documented API alone."""

    async def hello(request: Any) -> Any:
        return web.Response(text="Hello, world!")

    async def json(request: Any) -> Any:
        return web.json_response({"message": "Hello, world!"})

    async def variable(request: Any) -> Any:
        return web.Response(text=request.match_info["key"])

    async def reads(request: Any) -> Any:
        language = request.headers["Accept-Language"]
        return web.Response(text=f"{language} {request.query['page']} {request.cookies['session']}")

    async def suspends(request: Any) -> Any:
        await asyncio.sleep(0)
        return web.Response(text="Hello, world!")

    async def post(request: Any) -> Any:
        document = await request.json()
        return web.json_response({"items": len(document["items"])})

    async def upload(request: Any) -> Any:
        size = 0
        async for piece in request.content.iter_chunked(len(PIECE)):
            size += len(piece)
        return web.Response(text=str(size))

    async def answer(request: Any) -> Any:
        return web.Response(body=PIECE * PIECES)

    async def stream(request: Any) -> Any:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(PIECES):
            await response.write(PIECE)
        await response.write_eof()
        return response

    async def sized(request: Any) -> Any:
        size = int(request.match_info["size"])
        response = web.StreamResponse()
        response.content_length = size
        await response.prepare(request)
        for start in range(0, size, len(PIECE)):
            await response.write(PIECE[: size - start])
        await response.write_eof()
        return response

    async def echo(request: Any) -> Any:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        async for message in socket:
            await socket.send_bytes(message.data)
        return socket

    def make_middleware() -> Any:
        @web.middleware
        async def pass_on(request: Any, handler: Any) -> Any:
            return await handler(request)

        return pass_on

    application = web.Application(middlewares=[make_middleware() for _ in range(options.middlewares)])
    router = application.router
    for path, handler in {"/": hello, "/json": json, "/reads": reads, "/suspends": suspends}.items():
        router.add_get(path, handler)
    router.add_get("/answer", answer)
    router.add_get("/stream", stream)
    router.add_get("/bytes/{size}", sized)
    router.add_get("/echo", echo)
    router.add_post("/post", post)
    router.add_post("/upload", upload)
    router.add_static("/static", options.files)
    for number in range(options.resources):
        router.add_get(f"/item{number}/{{key}}", variable)
    for number in range(options.varying):
        router.add_get(f"/{{key}}/part{number}", variable)
    return application


def open_access_log(path: Path | None) -> logging.Logger | None:
    """Make a logger that writes to a file and nowhere else, in batches for whoever logs; None for no path."""
    if path is None:
        return None
    logger = logging.getLogger("access")
    logger.addHandler(BatchingHandler(path.open("w")))
    logger.setLevel(logging.INFO)
    logger.propagate = False
    return logger


def start_workers(count: int) -> None:
    """Go on in so many processes, which share one port: this one and its children."""
    for _ in range(count - 1):
        if os.fork() == 0:
            break


if __name__ == "__main__":
    options = parse_options()
    start_workers(options.workers)
    web = importlib.import_module(options.api)
    web.run_app(
        make_application(web, options),
        host="127.0.0.1",
        port=options.port,
        backlog=BACKLOG,
        reuse_port=options.workers > 1 or None,
        access_log=open_access_log(options.access_log),
        print=None,
        loop=uvloop.new_event_loop(),
    )
