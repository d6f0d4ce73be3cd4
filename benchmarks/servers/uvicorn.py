"""uvicorn with a bare ASGI function: a server without a framework."""

from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

from benchmarks.servers.options import parse_options

BODY = b"Hello, world!"
START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", b"13")],
}


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[Any]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    await send(START)
    await send({"type": "http.response.body", "body": BODY})


def serve(application: Any, port: int) -> None:
    """Run an ASGI application the way that is fastest for uvicorn."""
    uvicorn.run(
        application,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="off",
        access_log=False,
        log_level="warning",
    )


if __name__ == "__main__":
    serve(application, parse_options().port)
