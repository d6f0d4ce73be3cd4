"""The server that is attacked: a word, an upload, a download, on a plain port and one with TLS. Prints both ports."""

import asyncio
import logging
import ssl
import sys
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

import trustme

from muntin import web
from muntin.runner import DEFAULT_TIMEOUTS, Timeouts

__all__ = ["choose_timeouts"]

# The same protection in little time (seconds).
_BRIEF: Final = {"handshake": 1.0, "first_byte": 1.0, "head": 1.5, "body": 1.0, "write": 1.0, "linger": 0.2}


def choose_timeouts(shortened: Iterable[str]) -> Timeouts:
    """Return the defaults, but for some named time-outs that are to be short."""
    return replace(DEFAULT_TIMEOUTS, **{name: _BRIEF[name] for name in shortened})


# More than the buffers of both ends take.
_SIZE: Final = 16_000_000
_BIG: Final = bytes(_SIZE)


async def hello(request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def upload(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def download(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    for first in range(0, _SIZE, 65536):
        await response.write(_BIG[first : first + 65536])
    return response


async def serve(timeouts: Timeouts) -> None:
    app = web.Application()
    app.add_routes([web.get("/", hello), web.post("/", upload), web.get("/download", download)])
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    runner = web.AppRunner(app, access_log=None, timeouts=timeouts)
    await runner.setup()
    plain = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024)
    secure = web.TCPSite(runner, "127.0.0.1", 0, backlog=1024, ssl_context=context)
    await plain.start()
    await secure.start()
    print(plain.port, secure.port, flush=True)
    # Until whoever started it is gone.
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    await runner.cleanup()


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    asyncio.run(serve(choose_timeouts(sys.argv[1:])))
