"""Other implementations as black boxes: how many requests each takes from the same bytes, and whether it then refuses.

A verdict is `2 taken`, `refused`, or `1 taken, then refused`. A peer that is not installed has none.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from importlib import metadata, util
from typing import Any

from conformance.http1.cases import Case

__all__ = ["PEERS", "find_version", "give_verdicts", "verdict_of"]

FOLLOW_UP = b"GET /follow-up HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
PATIENCE = 2.0
"""Seconds for an answer over loopback."""


def verdict_of(taken: int, *, refused: bool) -> str:
    """Return a verdict in words."""
    words = [f"{taken} taken"] if taken or not refused else []
    return ", then ".join(words + ["refused"] * refused)


def ask_us(cases: list[Case]) -> list[str]:
    """Return the verdicts that the cases expect, which the tests hold our engine to."""
    return [
        verdict_of(sum(text.startswith("end") for text in case.expect), refused=case.expect[-1].isdigit())
        for case in cases
    ]


def ask_h11(cases: list[Case]) -> list[str]:
    """Return the verdicts of h11."""
    return [_ask_h11(case.raw) for case in cases]


def _ask_h11(raw: bytes) -> str:
    import h11  # noqa: PLC0415 - it may not be installed

    connection = h11.Connection(h11.SERVER)
    connection.receive_data(raw)
    taken = 0
    try:
        while (event := connection.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
            if isinstance(event, h11.EndOfMessage):
                taken += 1
                connection.send(h11.Response(status_code=405, headers=[("Content-Length", "0")]))
                connection.send(h11.EndOfMessage())
                if connection.our_state is not h11.DONE:
                    break
                connection.start_next_cycle()
    except h11.RemoteProtocolError:
        return verdict_of(taken, refused=True)
    return verdict_of(taken, refused=False)


def ask_httptools(cases: list[Case]) -> list[str]:
    """Return the verdicts of httptools."""
    return [_ask_httptools(case.raw) for case in cases]


def _ask_httptools(raw: bytes) -> str:
    import httptools  # noqa: PLC0415 - it may not be installed

    class Counter:
        taken = 0

        def on_message_complete(self) -> None:
            self.taken += 1

    counter = Counter()
    try:
        httptools.HttpRequestParser(counter).feed_data(raw)
    except httptools.HttpParserUpgrade:
        return verdict_of(counter.taken, refused=False)
    except httptools.HttpParserError:
        return verdict_of(counter.taken, refused=True)
    return verdict_of(counter.taken, refused=False)


def ask_aiohttp(cases: list[Case]) -> list[str]:
    """Return the verdicts of a server of aiohttp, over loopback."""
    return asyncio.run(_serve_aiohttp(cases))


async def _serve_aiohttp(cases: list[Case]) -> list[str]:
    from aiohttp import web  # noqa: PLC0415 - it may not be installed

    async def respond(request: web.BaseRequest) -> web.Response:
        await request.read()
        return web.Response(headers={"X-Taken": "no" if request.path == "/follow-up" else "yes"})

    runner = web.ServerRunner(web.Server(respond, access_log=None), shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        port = runner.addresses[0][1]
        return [await _ask_server(port, case) for case in cases]
    finally:
        await runner.cleanup()


async def _ask_server(port: int, case: Case) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    responses = b""
    with suppress(TimeoutError, ConnectionError):
        # Where the case ends the connection by itself, more bytes would be another case.
        ends_itself = case.fate == "close" and not case.expect[-1].isdigit()
        writer.write(case.raw if ends_itself else case.raw + FOLLOW_UP)
        async with asyncio.timeout(PATIENCE):
            while piece := await reader.read(65536):
                responses += piece
    writer.close()
    with suppress(ConnectionError):
        await writer.wait_closed()
    return verdict_of(
        responses.count(b"X-Taken: yes"), refused=b" 400 " in responses or b" 500 " in responses
    )


PEERS: dict[str, Callable[[list[Case]], list[str]]] = {
    "muntin": ask_us,
    "h11": ask_h11,
    "httptools": ask_httptools,
    "aiohttp": ask_aiohttp,
}


def find_version(peer: str) -> str | None:
    """Return the version of a peer, or None where it is not installed."""
    return metadata.version(peer) if util.find_spec(peer) else None


def give_verdicts(peer: str, cases: list[Case]) -> dict[str, str]:
    """Return what one peer makes of cases, by their ids."""
    verdicts: list[Any] = PEERS[peer](cases)
    return dict(zip((case.id for case in cases), verdicts, strict=True))
