"""What is left of a request when its connection is gone: nothing, without the collector of cycles.

Requests may hold large bodies, and the collector may come late, or never where it was switched off.
"""

import asyncio
import gc
import gzip
import logging
import socket
import ssl
import struct
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import ref

import pytest
import trustme

from muntin import web
from muntin.runner import Timeouts
from muntin.runner._connection import Http1Connection
from muntin.runner._driver import Seat
from muntin.runner._http1 import Http1Exchange
from muntin.runner._incoming_body import IncomingBody

try:
    import uvloop
except ImportError:  # pragma: no cover - uvloop has no Windows build
    LOOPS = {"asyncio": asyncio.new_event_loop}
else:
    LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

WATCHED = (
    Http1Connection,
    Seat,
    Http1Exchange,
    IncomingBody,
    web.BaseRequest,
    web.StreamResponse,
    web.HTTPException,
)


def count_alive() -> Counter[str]:
    return Counter(type(each).__name__ for each in gc.get_objects() if isinstance(each, WATCHED))


# Handlers ----------------------------------------------------------------------------------------------------------


async def fine(request: web.Request) -> web.Response:
    return web.Response(text="fine")


async def fails(request: web.Request) -> web.Response:
    raise RuntimeError("fails")


async def fails_after_waiting(request: web.Request) -> web.Response:
    await asyncio.sleep(0)
    raise RuntimeError("fails")


async def refuses(request: web.Request) -> web.Response:
    try:
        int("x")
    except ValueError as error:
        raise web.HTTPForbidden from error


async def returns_an_exception(request: web.Request) -> Any:
    return web.HTTPNotFound()


LASTING = web.HTTPConflict()


async def raises_the_same_again(request: web.Request) -> web.Response:
    raise LASTING


async def returns_nothing(request: web.Request) -> Any:
    return None


async def misreads(request: web.Request) -> web.Response:
    return web.Response(text=str(await request.json()))


async def reads(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def reads_twice(request: web.Request) -> web.Response:
    with suppress(Exception):
        await request.read()
    return web.Response(text=str(len(await request.content.read())))


async def reads_a_form(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.post())))


async def late(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    await response.write(b"x")
    raise RuntimeError("late")


async def breaks(request: web.Request) -> web.Response:
    async def make() -> AsyncIterator[bytes]:
        yield b"x"
        raise RuntimeError("in the body")

    return web.Response(body=make())


async def is_too_short(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    response.content_length = 100
    await response.prepare(request)
    await response.write(b"x")
    return response


async def floods(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse()
    await response.prepare(request)
    while True:
        await response.write(b"x" * 65536)


async def sends_a_file(request: web.Request) -> web.StreamResponse:
    return web.FileResponse(request.app[FILE])


async def waits(request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def waits_for_the_end(request: web.Request) -> web.Response:
    await request.wait_for_disconnection()
    return web.Response()


async def times_out(request: web.Request) -> web.Response:
    async with asyncio.timeout(0):
        await asyncio.Event().wait()
    return web.Response()


async def awaits_what_fails(request: web.Request) -> web.Response:
    failing = asyncio.ensure_future(fails(request))
    try:
        return await failing
    finally:
        del failing  # which is ours to do: a task keeps its error


async def cannot_be_prepared(request: web.Request) -> web.Response:
    request[FAILS] = True
    return web.Response()


async def talks(request: web.Request) -> web.WebSocketResponse:
    ws = web.WebSocketResponse(autoping=True)
    await ws.prepare(request)
    async for message in ws:
        if message.data == "fail":
            raise RuntimeError("socket")
        if message.data == "flood":
            while True:
                await ws.send_bytes(bytes(65536))
        if message.data == "last":
            await ws.send_str("last")
            break
    return ws


async def spoils_the_page(request: web.Request, error: Exception) -> web.Response:
    raise RuntimeError("the page")


async def has_no_page(request: web.Request) -> web.Response:
    raise LookupError("page")


HANDLERS = (
    fine,
    fails,
    fails_after_waiting,
    refuses,
    returns_an_exception,
    raises_the_same_again,
    returns_nothing,
    misreads,
    reads,
    reads_twice,
    reads_a_form,
    late,
    breaks,
    is_too_short,
    floods,
    sends_a_file,
    waits,
    waits_for_the_end,
    times_out,
    awaits_what_fails,
    cannot_be_prepared,
    talks,
    has_no_page,
)
FILE = web.AppKey("FILE", Path)
FAILS = web.RequestKey("FAILS", bool)


async def sign(request: web.Request, response: web.StreamResponse) -> None:
    if request.get(FAILS):
        raise RuntimeError("signal")


# Conversations -----------------------------------------------------------------------------------------------------


def ask(target: str, *fields: str, method: str = "GET", body: bytes = b"", keeps: bool = False) -> bytes:
    lines = [f"{method} /{target} HTTP/1.1", "Host: localhost", *fields]
    if not keeps:
        lines.append("Connection: close")
    if body and not any(field.startswith(("Content-Length", "Transfer-Encoding")) for field in fields):
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def frame(opcode: int, data: bytes = b"", *, masked: int = 0x80) -> bytes:
    """A frame with a mask of zeros."""
    return bytes([0x80 | opcode, masked | len(data), 0, 0, 0, 0]) + data


HANDSHAKE = ask(
    "talks",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    keeps=True,
)
HALF = "Content-Length: 90"
CHUNKED = "Transfer-Encoding: chunked"

# What is sent, and how the client ends: it reads to the end, or goes when a piece has come, or without one.
TALKS: dict[str, tuple[bytes, str]] = {
    "plain": (ask("fine"), "reads"),
    "kept": (ask("fine", keeps=True) * 3 + ask("fine"), "reads"),
    "left idle": (ask("fine", keeps=True), "resets after a piece"),
    "never asked": (b"", "resets"),
    "half a head": (b"GET / HT", "resets"),
    "malformed": (b"nonsense\r\n\r\n", "reads"),
    "missing": (ask("missing"), "reads"),
    "fails": (ask("fails", method="POST", body=b"{"), "reads"),
    "fails after waiting": (ask("fails_after_waiting"), "reads"),
    "refuses": (ask("refuses"), "reads"),
    "returns an exception": (ask("returns_an_exception"), "reads"),
    "raises the same again": (
        ask("raises_the_same_again", keeps=True) + ask("raises_the_same_again"),
        "reads",
    ),
    "returns nothing": (ask("returns_nothing"), "reads"),
    "misreads": (ask("misreads", method="POST", body=b"{"), "reads"),
    "too large": (ask("reads", method="POST", body=b"{" * 500), "reads"),
    "too large, in chunks": (
        ask("reads", CHUNKED, method="POST", body=b"c8\r\n" + bytes(200) + b"\r\n0\r\n\r\n"),
        "reads",
    ),
    "too large, twice": (ask("reads_twice", method="POST", body=b"{" * 500), "reads"),
    "malformed chunks": (ask("reads", CHUNKED, method="POST", body=b"x\r\n"), "reads"),
    "malformed chunks, twice": (ask("reads_twice", CHUNKED, method="POST", body=b"x\r\n"), "reads"),
    "not gzip": (ask("reads", "Content-Encoding: gzip", method="POST", body=b"x" * 20), "reads"),
    "gzip broken off": (
        ask("reads_twice", "Content-Encoding: gzip", method="POST", body=gzip.compress(b"x" * 50)[:-4]),
        "reads",
    ),
    "half a body": (ask("reads", HALF, method="POST", body=b"x"), "resets"),
    "half a body, twice": (ask("reads_twice", HALF, method="POST", body=b"x"), "resets"),
    "half a body, unread": (ask("waits", HALF, method="POST", body=b"x"), "resets"),
    "half a body, dropped": (ask("fine", HALF, method="POST", body=b"x", keeps=True), "resets after a piece"),
    "half a form": (
        ask(
            "reads_a_form",
            HALF,
            "Content-Type: multipart/form-data; boundary=b",
            method="POST",
            body=b"--b\r\n",
        ),
        "resets",
    ),
    "a broken form": (
        ask(
            "reads_a_form", "Content-Type: multipart/form-data; boundary=b", method="POST", body=b"--c--\r\n"
        ),
        "reads",
    ),
    "expects": (ask("reads", HALF, "Expect: 100-continue", method="POST"), "resets after a piece"),
    "late": (ask("late"), "reads"),
    "breaks": (ask("breaks"), "reads"),
    "too short": (ask("is_too_short"), "reads"),
    "gone while written to": (ask("floods"), "resets after a piece"),
    "gone while a file is sent": (ask("sends_a_file"), "resets after a piece"),
    "cancelled": (ask("waits"), "resets"),
    "waits for the end": (ask("waits_for_the_end"), "resets"),
    "times out": (ask("times_out"), "reads"),
    "awaits what fails": (ask("awaits_what_fails"), "reads"),
    "cannot be prepared": (ask("cannot_be_prepared"), "reads"),
    "has no page": (ask("has_no_page"), "reads"),
    "socket, closed": (HANDSHAKE + frame(8, b"\x03\xe8"), "reads"),
    "socket, closed by us": (HANDSHAKE + frame(1, b"last"), "resets after a piece"),
    "socket, fails": (HANDSHAKE + frame(1, b"fail"), "resets after a piece"),
    "socket, gone": (HANDSHAKE, "resets after a piece"),
    "socket, gone while written to": (HANDSHAKE + frame(1, b"flood"), "resets after a piece"),
    "socket, violates": (HANDSHAKE + frame(3, b"x"), "reads"),
    "socket, pings": (HANDSHAKE + frame(9, b"x") * 100, "resets after a piece"),
    "no socket": (HANDSHAKE.replace(b"13", b"12"), "resets after a piece"),
}


class Talking:
    """An application that listens, and one conversation after the other."""

    def __init__(self, runner: web.AppRunner, port: int, context: ssl.SSLContext | None) -> None:
        self.runner = runner
        self.port = port
        self.context = context

    async def converse(self, sent: bytes, end: str) -> None:
        options = {} if self.context is None else {"ssl": self.context, "server_hostname": "localhost"}
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port, limit=4096, **options)
        connections = self.runner.server.connections
        writer.write(sent)
        async with asyncio.timeout(PATIENCE):
            if end == "reads":
                with suppress(ConnectionResetError):
                    while await reader.read(65536):
                        pass
            elif end == "resets after a piece":
                await reader.read(65536)
            elif sent:
                await self.handled()
            if end != "reads":
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()
            while self.runner.server.connections:
                await asyncio.sleep(0)
        # What the loop still holds for a turn or two: handles of callbacks that ran, transports that close.
        del reader, writer, connections
        for _ in range(20):
            await asyncio.sleep(0)

    async def handled(self) -> None:
        while not any(each.exchange or each.engine.buffered for each in self.runner.server.connections):
            await asyncio.sleep(0)


@pytest.fixture(scope="module")
def contexts() -> tuple[ssl.SSLContext, ssl.SSLContext]:
    authority = trustme.CA()
    served, trusting = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH), ssl.create_default_context()
    authority.issue_cert("localhost").configure_cert(served)
    authority.configure_trust(trusting)
    return served, trusting


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    # What there is by now needs no look again and again.
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        gc.enable()


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    # A record of a log keeps the error that it tells of, and a test its records.
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.row("HI-46")
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("loop", LOOPS)
@pytest.mark.parametrize("is_secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("logs", [False, True], ids=["", "logged"])
def test_nothing_is_left(
    loop: str,
    is_secure: bool,
    logs: bool,
    contexts: tuple[ssl.SSLContext, ssl.SSLContext],
    tmp_path: Path,
    without_collector: None,
) -> None:
    kept: list[ref[Any]] = []

    def remember(handler: Callable[[web.Request], Awaitable[Any]]) -> Any:
        async def handle(request: web.Request) -> Any:
            kept.extend((ref(request), ref(asyncio.current_task())))
            response = await handler(request)
            if response is not None:
                kept.append(ref(response))
            return response

        return handle

    class Log(web.AbstractAccessLogger):
        def log(self, request: Any, response: Any, time: float) -> None:
            kept.append(ref(response))

    async def main() -> dict[str, Any]:
        left: dict[str, Any] = {}
        app = web.Application(client_max_size=100)
        app[FILE] = tmp_path / "file"
        app[FILE].write_bytes(bytes(20_000_000))
        app.on_response_prepare.append(sign)
        app.on_error(LookupError)(spoils_the_page)
        for handler in HANDLERS:
            app.router.add_route("*", f"/{handler.__name__}", remember(handler))
        options: dict[str, Any] = {"access_log_class": Log} if logs else {"access_log": None}
        runner = web.AppRunner(app, handler_cancellation=True, timeouts=Timeouts(linger=0.05), **options)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, ssl_context=contexts[0] if is_secure else None)
        await site.start()
        talking = Talking(runner, site.port, contexts[1] if is_secure else None)
        # Once for what is made at the first request and kept for good.
        await talking.converse(*TALKS["plain"])
        for name, talk in TALKS.items():
            gc.collect()
            before = count_alive()
            kept.clear()
            await talking.converse(*talk)
            alive = count_alive() - before
            alive.update(type(each()).__name__ for each in kept if each() is not None)
            if alive:
                left[name] = dict(alive)
        await runner.cleanup()
        return left

    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        assert runner.run(main()) == {}


@pytest.mark.parametrize("loop", LOOPS)
def test_nothing_is_left_by_a_stop(loop: str, without_collector: None) -> None:
    kept: list[ref[Any]] = []

    async def hang(request: web.Request) -> web.Response:
        kept.extend((ref(request), ref(asyncio.current_task())))
        await asyncio.Event().wait()
        return web.Response()

    async def main() -> None:
        app = web.Application()
        app.router.add_get("/", hang)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        _, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(ask(""))
        async with asyncio.timeout(PATIENCE):
            while not kept:
                await asyncio.sleep(0)
        await runner.cleanup()
        writer.close()
        for _ in range(20):
            await asyncio.sleep(0)

    before = count_alive()
    with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
        runner.run(main())
    assert count_alive() - before == Counter()
    assert [each() for each in kept if each() is not None] == []
