"""A crowd of rude clients, for as long as one likes, and what it leaves behind in the server.

    python conformance/websocket/churn.py                 ten minutes
    python conformance/websocket/churn.py --seconds 5     a taste

An application with WebSockets runs in a process of its own. Clients connect and leave in all the ways there are: with a
closing handshake, without one, with a reset, in the middle of a frame, with large messages under way, without ever
reading what they asked for. After each round the server is left alone until its last socket has ended; then it must
have no more tasks, sockets and descriptors than before, and after a warm-up its memory must not grow. The exit code is
1 where it does.
"""

import argparse
import asyncio
import gc
import json
import os
import random
import socket
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from muntin import web
from muntin.websocket import ConnectionClosed, Deflate
from muntin.websocket.aio import WebSocket, connect

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0
# Clients at a time.
CROWD = 40
# The messages of those who send a lot, in bytes.
LARGE = 1 << 20
# Rounds until caches, pools and the allocator have their size.
WARM_UP = 5
# What the memory of the server may grow by after that, which is what the crowd has in its buffers at a time: a leak of
# one message a round is more, given time (KiB).
ALLOWED_KIB = 48 * 1024
DEFLATES = (None, Deflate(), Deflate(server_no_context_takeover=True, server_max_window_bits=10))


# The server.


async def echo(request: web.Request) -> web.WebSocketResponse:
    """Send every message back."""
    ws = web.WebSocketResponse(timeout=1.0, heartbeat=5.0)
    await ws.prepare(request)
    async for message in ws:
        if message.type is web.WSMsgType.TEXT:
            await ws.send_str(message.data)
        elif message.type is web.WSMsgType.BINARY:
            await ws.send_bytes(message.data)
    return ws


async def flood(request: web.Request) -> web.WebSocketResponse:
    """Send without waiting until the socket has had enough."""
    ws = web.WebSocketResponse(timeout=0.2)
    await ws.prepare(request)
    while not ws.closed:
        ws.send_bytes(bytes(LARGE), compress=0)
        await asyncio.sleep(0)
    return ws


async def tell_state(request: web.Request) -> web.Response:
    """Tell what there is in this process."""
    return web.json_response(vars(find_state()))


def find_state() -> "State":
    """Return what there is in this process."""
    gc.collect()
    kinds = (WebSocket, web.WebSocketResponse)
    return State(
        tasks=len(asyncio.all_tasks()),
        sockets=sum(isinstance(found, kinds) for found in gc.get_objects()),
        descriptors=len(os.listdir("/proc/self/fd")),
        kib=int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024,
    )


def serve() -> None:
    """Serve on any port, and print it."""
    app = web.Application()
    app.add_routes([web.get("/echo", echo), web.get("/flood", flood), web.get("/state", tell_state)])
    listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
    print(listener.getsockname()[1], flush=True)
    web.run_app(app, sock=listener, access_log=None, print=None)


@dataclass
class State:
    """What there is in the server."""

    tasks: int
    sockets: int
    descriptors: int
    kib: int


# The clients. Each is told the URL of the server.


async def take_part(url: str) -> None:
    """Talk, and part in peace."""
    async with await connect(f"{url}/echo", deflate=random.choice(DEFLATES)) as ws:
        for size in (0, 1, 200, 70_000):
            await ws.send_str("x" * size)
            assert await ws.receive_str() == "x" * size


async def send_a_lot(url: str) -> None:
    """Send large messages, and read them all."""
    async with await connect(f"{url}/echo", deflate=random.choice(DEFLATES)) as ws:
        data = random.randbytes(1024) * (LARGE // 1024)
        for _ in range(2):
            await ws.send_bytes(data)
            assert await ws.receive_bytes() == data


async def vanish(url: str) -> None:
    """Leave with a large message under way."""
    ws = await connect(f"{url}/echo", deflate=None)
    ws.send_bytes(bytes(LARGE))
    ws.abort()


async def break_the_protocol(url: str) -> None:
    """Send what is no frame, and see how it ends."""
    ws = await connect(f"{url}/echo")
    ws.data_received(b"\xff\xff")
    async for _ in ws:
        pass
    await ws.close()


async def never_read(url: str) -> None:
    """Ask for a flood, and do not read it; the server cuts the connection in the end."""
    with raw_socket(url, "/flood") as sock:
        await asyncio.sleep(0.2)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # a reset


async def stall(url: str) -> None:
    """Send a lot, never read the echoes, and end in the middle of a frame."""
    with raw_socket(url, "/echo") as sock:
        frame = b"\x82\xff" + LARGE.to_bytes(8) + b"\0\0\0\0" + bytes(LARGE)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(0.3):
                await loop.sock_sendall(sock, frame * 8 + frame[:1000])
        except (TimeoutError, ConnectionError):
            pass


async def hang_up(url: str) -> None:
    """Ask for a socket, and go before the response."""
    raw_socket(url, "/echo").close()


def raw_socket(url: str, path: str) -> socket.socket:
    """Ask for a socket, and do not look at the response."""
    host, port = url.removeprefix("ws://").split(":")
    sock = socket.create_connection((host, int(port)), timeout=PATIENCE)
    sock.setblocking(False)
    sock.send(
        f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode()
    )
    return sock


CLIENTS: tuple[Callable[[str], Awaitable[None]], ...] = (
    take_part,
    send_a_lot,
    vanish,
    break_the_protocol,
    never_read,
    stall,
    hang_up,
)


# The course of things.


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """Run the server in a process of its own; return its port."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--serve", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        try:
            async with asyncio.timeout(PATIENCE):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


async def look(port: int) -> State:
    """Ask the server for its state."""
    async with asyncio.timeout(PATIENCE):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /state HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        response = await reader.read()
    writer.close()
    await writer.wait_closed()
    return State(**json.loads(response.partition(b"\r\n\r\n")[2]))


async def look_when_quiet(port: int, before: State, seconds: float) -> State:
    """Return the state when all sockets have ended, or after a number of seconds."""
    end = time.monotonic() + seconds
    while True:
        state = await look(port)
        if not grown(before, state) or time.monotonic() > end:
            return state
        await asyncio.sleep(0.1)


def grown(before: State, after: State) -> list[str]:
    """Return what there is more of than before, memory aside."""
    return [
        f"{name}: {count} before, {vars(after)[name]} after"
        for name, count in vars(before).items()
        if name != "kib" and vars(after)[name] > count
    ]


async def churn(seconds: float, report: Callable[[str], object] = print) -> list[str]:
    """Let the crowd loose, again and again; return what is wrong in the end."""
    async with serving() as port:
        url = f"ws://127.0.0.1:{port}"
        await take_part(url)
        before, warm = await look_when_quiet(port, State(0, 0, 0, 0), 1.0), None
        end, rounds, visits = time.monotonic() + seconds, 0, 0
        while rounds <= WARM_UP or time.monotonic() < end:
            crowd = [CLIENTS[number % len(CLIENTS)] for number in range(CROWD)]
            async with asyncio.timeout(PATIENCE):
                found = await asyncio.gather(*(client(url) for client in crowd), return_exceptions=True)
            for error in found:
                if error is not None and not isinstance(error, (ConnectionClosed, ConnectionError)):
                    raise error
            state = await look_when_quiet(port, before, PATIENCE)
            rounds, visits = rounds + 1, visits + CROWD
            if faults := grown(before, state):
                return faults
            if rounds == WARM_UP:
                warm = state
            report(f"round {rounds}: {visits} visits, {state}")
        assert warm is not None
        if state.kib > warm.kib + ALLOWED_KIB:
            return [f"memory: {warm.kib} KiB after the warm-up, {state.kib} KiB in the end"]
    return []


def main() -> int:
    """Run from the command line, and return the exit code."""
    parser = argparse.ArgumentParser(description="Let rude clients loose on WebSockets.")
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.serve:
        serve()
        return 0
    faults = asyncio.run(churn(arguments.seconds))
    print(*faults or ["nothing is left behind"], sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
