"""Instructions and calls: what one request costs, counted instead of timed, so that a busy machine changes nothing.

A server's protocol is driven in this process over a transport that keeps what is written; no network takes part.
`python -m benchmarks.instructions` counts instructions by valgrind's callgrind: each workload runs in two fresh
interpreters, which count some exchanges and some more, and the difference is what one exchange costs. Imports and the
first exchanges run uncounted, which is fast. `--walk` lists instead the functions of muntin that one exchange calls,
in order, with their files.
"""

import argparse
import asyncio
import gc
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import ROOT
from muntin import web

__all__ = ["main"]

# After so many exchanges every cache is filled, and the interpreter has specialized its bytecode.
_WARM_UP: Final = 500
# The difference has to be large enough that it holds many turns of the collector of garbage.
_FEW: Final = 50
_MANY: Final = 450
_LONGEST_RUN: Final = 300
"""Seconds until a run is taken for stuck."""
_HANDSHAKE: Final = (
    b"GET /echo HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_SETTLING: Final = 2.1
"""Seconds for which a file has to be at rest before a server may keep its content."""
_MESSAGE: Final = b"\x82\xc0" + bytes(4) + bytes(64)
"""64 bytes, masked by zeros."""
_BROWSER: Final = (
    b'Connection: keep-alive\r\nsec-ch-ua: "Chromium";v="130", "Not?A_Brand";v="99"\r\nsec-ch-ua-mobile: ?0\r\n'
    b'sec-ch-ua-platform: "Linux"\r\nUpgrade-Insecure-Requests: 1\r\n'
    b"User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0 Safari/537.36\r\n"
    b"Accept: text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8\r\n"
    b"Sec-Fetch-Site: none\r\nSec-Fetch-Mode: navigate\r\nSec-Fetch-User: ?1\r\nSec-Fetch-Dest: document\r\n"
    b"Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-GB,en;q=0.9,de;q=0.8\r\n"
)


def _get(target: bytes, fields: bytes = b"") -> bytes:
    return b"GET " + target + b" HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n" + fields + b"\r\n"


WORKLOADS: Final = {
    "hello": _get(b"/"),
    "browser": _get(b"/", _BROWSER),
    "json": _get(b"/json"),
    "variable": _get(b"/users/ada"),
    "file": _get(b"/static/small.bin"),
    "echo": _MESSAGE,
}
"""The bytes of one exchange, by the name of its workload."""


class _Wire(asyncio.Transport):
    """A transport that keeps the last bytes written, and whose protocol may change."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.protocol: Any = None
        self._waiter: asyncio.Future[None] | None = None

    def write(self, data: Any) -> None:
        self.written = bytes(data)
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def next_write(self) -> asyncio.Future[None]:
        """Return a future for the next call of `write`."""
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self.protocol = protocol

    def get_write_buffer_size(self) -> int:
        return 0

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass

    def close(self) -> None:
        pass

    def abort(self) -> None:
        pass


async def _hello(request: web.Request) -> web.Response:
    return web.Response(text="Hello, world!")


async def _json(request: web.Request) -> web.Response:
    return web.json_response({"hello": "world"})


async def _user(request: web.Request) -> web.Response:
    return web.Response(text=request.match_info["name"])


async def _echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False)
    await socket.prepare(request)
    async for message in socket:
        await socket.send_bytes(message.data)
    return socket


def _make_folder() -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory()
    Path(folder.name, "small.bin").write_bytes(bytes(4096))
    return folder


async def _drive(
    name: str, count: int, around: Callable[[Callable[[], Awaitable[None]]], Awaitable[None]]
) -> None:
    """Run the exchanges of one workload, and more within `around`."""
    with _make_folder() as folder:
        app = web.Application()
        app.add_routes(
            [
                web.get("/", _hello),
                web.get("/json", _json),
                web.get("/users/{name}", _user),
                web.get("/echo", _echo),
                web.static("/static", folder),
            ]
        )
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        assert runner.server is not None
        wire = _Wire()
        wire.protocol = runner.server()
        wire.protocol.connection_made(wire)
        exchange = WORKLOADS[name]
        if name == "file":
            await asyncio.sleep(_SETTLING)
        if name == "echo":
            opened = wire.next_write()
            wire.protocol.data_received(_HANDSHAKE)
            await opened

        async def once() -> None:
            written = wire.next_write()
            # Called by the loop and outside any task, as by a transport.
            asyncio.get_running_loop().call_soon(wire.protocol.data_received, exchange)
            await written

        for _ in range(count):
            await once()
        assert wire.written.startswith((b"HTTP/1.1 200 OK", b"\x82\x40")), wire.written[:80]
        await around(once)
        wire.protocol.connection_lost(None)
        await runner.cleanup()


def count_instructions(name: str) -> int:
    """Return the instructions of one exchange, by counting few of them and many."""
    few, many = (_start_callgrind(name, count) for count in (_FEW, _MANY))
    return (_read_count(many) - _read_count(few)) // (_MANY - _FEW)


def _start_callgrind(name: str, count: int) -> subprocess.Popen[str]:
    valgrind = ["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={os.devnull}"]
    command = [*valgrind, sys.executable, "-m", "benchmarks.instructions", "--run", str(count), name]
    environment = {**os.environ, "PYTHONHASHSEED": "0"}
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def _read_count(process: subprocess.Popen[str]) -> int:
    """Wait for the end of a run, and return its instructions."""
    _, printed = process.communicate(timeout=_LONGEST_RUN)
    found = re.search(r"Collected : (\d+)", printed)
    if process.returncode or found is None:
        raise RuntimeError(f"valgrind printed no count: {printed[-500:]}")
    return int(found[1])


def _switch_counting(state: str) -> None:
    """Switch the counting of callgrind `on` or `off`, at the same instructions of this process in each run."""
    command = ["callgrind_control", "-i", state, str(os.getpid())]
    silent = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    _, status = os.waitpid(os.posix_spawnp(command[0], command, os.environ, file_actions=silent), 0)
    if status:
        raise RuntimeError("callgrind_control does not reach this process: it has to run under callgrind")


def run_counted(name: str, count: int) -> None:
    """Run a number of exchanges under callgrind, which counts them alone."""

    async def repeat(once: Callable[[], Awaitable[None]]) -> None:
        gc.collect()
        _switch_counting("on")
        for _ in range(count):
            await once()
        _switch_counting("off")

    asyncio.run(_drive(name, _WARM_UP, repeat))


def list_calls(name: str) -> list[tuple[str, str]]:
    """Return file and name of each function of muntin that one exchange calls, in order."""
    calls: list[tuple[str, str]] = []

    def note(frame: Any, event: str, argument: Any) -> None:
        code = frame.f_code
        # Newer Pythons run comprehensions without a call.
        if (
            event == "call"
            and "/muntin/" in code.co_filename
            and not code.co_name.endswith(("comp>", "expr>"))
        ):
            calls.append((code.co_filename.rpartition("/muntin/")[2], code.co_qualname))

    async def walk(once: Callable[[], Awaitable[None]]) -> None:
        sys.setprofile(note)
        try:
            await once()
        finally:
            sys.setprofile(None)

    asyncio.run(_drive(name, 10, walk))
    return calls


def main() -> None:
    """Print what the workloads cost that the command line names, all of them by default."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instructions", description=__doc__)
    parser.add_argument("workloads", nargs="*", choices=[[], *WORKLOADS], help="all by default")
    parser.add_argument("--walk", action="store_true", help="list the calls of one exchange instead")
    parser.add_argument(
        "--run", type=int, metavar="COUNT", help="only run that many exchanges, under callgrind"
    )
    options = parser.parse_args()
    for name in options.workloads or WORKLOADS:
        if options.run is not None:
            run_counted(name, options.run)
        elif options.walk:
            calls = list_calls(name)
            print(f"{name}: {len(calls)} calls in {len({file for file, _ in calls})} files")
            for file, function in calls:
                print(f"    {file}  {function}")
        else:
            print(f"{name}: {count_instructions(name)} instructions", flush=True)


if __name__ == "__main__":
    main()
