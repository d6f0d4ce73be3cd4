"""What the tests of web share: the event loops, requests made of bytes, and programs that serve."""

import os
import queue
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from muntin.web.request.request import Request
from muntin.web.testing import MemoryExchange, MemoryPeer


@pytest.fixture(params=[("asyncio", {}), ("asyncio", {"use_uvloop": True})], ids=["asyncio", "uvloop"])
def anyio_backend(request: pytest.FixtureRequest) -> tuple[str, dict[str, object]]:
    if request.param[1]:
        pytest.importorskip("uvloop")
    return request.param


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Any]:
    """Return Chromium, driven by Playwright, whose driver is a child process of asyncio's loop."""
    from playwright.async_api import async_playwright  # noqa: PLC0415 - not for tests without a browser

    path = shutil.which("chromium")
    if path is None:
        pytest.skip("there is no chromium on this machine")
    async with async_playwright() as playwright:
        # Headless, without a sandbox and calling nobody: so Playwright starts it by itself.
        browser = await playwright.chromium.launch(executable_path=path, args=["--disable-gpu"])
        yield browser
        await browser.close()


MakeRequest = Callable[..., Request]


@pytest.fixture
def make_request() -> MakeRequest:
    """Return a request of its parts; what is sent is at `request.exchange`."""

    def make(
        method: str = "GET",
        target: str = "/",
        *lines: str,
        body: bytes | None = None,
        version: str = "1.1",
        peer: MemoryPeer | None = None,
        **kwargs: int,
    ) -> Request:
        head = [f"{method} {target} HTTP/{version}"]
        if not any(line.lower().startswith("host:") for line in lines):
            head.append("Host: example.org")
        if body is not None and not any(
            line.lower().startswith(("content-length", "transfer-")) for line in lines
        ):
            head.append(f"Content-Length: {len(body)}")
        raw = "\r\n".join([*head, *lines, "", ""]).encode("utf-8", "surrogateescape") + (body or b"")
        return Request(MemoryExchange(raw, peer=peer), **kwargs)

    return make


PROLOGUE = """
import asyncio, os, sys, contextvars
from muntin import web

def say(*words):
    # In one piece: several processes write to one pipe.
    print(" ".join(map(str, words)) + "\\n", end="", flush=True)

async def hello(request):
    return web.Response(text="hello")
"""
PATIENCE = 120.0
"""How long a program may take to say something (seconds); a busy machine is slow."""


class Program:
    """A Python program that serves, with its children; what it prints is read line by line."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        path = os.pathsep.join(filter(None, (str(cwd), os.environ.get("PYTHONPATH"))))
        self.process = subprocess.Popen(
            [sys.executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=cwd,
            env={**os.environ, "PYTHONPATH": path, "PYTHONUNBUFFERED": "1"},
            start_new_session=True,
        )
        self.lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put("")  # no process holds the other end any more

    def read_until(self, word: str) -> str:
        """Return the first line with a word in it."""
        before = []
        while line := self._take(before):
            before.append(line)
            if word in line:
                return line
        raise AssertionError(f"no {word!r} in {''.join(before)}")

    def read_until_all(self, *words: str) -> list[str]:
        """Return lines up to where every word was read, in whatever order; one said twice is waited for twice."""
        left, lines = list(words), []
        while left:
            lines.append(self.read_until(""))
            found = next((word for word in left if word in lines[-1]), None)
            if found is not None:
                left.remove(found)
        return lines

    def _take(self, before: list[str]) -> str:
        try:
            return self.lines.get(timeout=PATIENCE)
        except queue.Empty:
            raise AssertionError(f"waited in vain after {''.join(before)}") from None

    def send(self, number: int) -> None:
        self.process.send_signal(number)

    def interrupt(self) -> None:
        """Do what Ctrl-C does: the signal goes to all processes of the terminal."""
        os.killpg(self.process.pid, signal.SIGINT)

    def stop(self, number: int = signal.SIGTERM) -> tuple[int, str]:
        """Send a signal; return the exit code and what was printed since."""
        self.send(number)
        return self.end()

    def end(self) -> tuple[int, str]:
        """Return the exit code and what was printed since, once no process of the program is left."""
        lines: list[str] = []
        while line := self._take(lines):
            lines.append(line)
        return self.process.wait(PATIENCE), "".join(lines)

    @staticmethod
    def fetch(port: int, path: str = "/") -> str:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=PATIENCE) as response:
            return str(response.read().decode())

    def close(self) -> None:
        """Leave no process behind."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self._reading.join(PATIENCE)
        assert self.process.stdout is not None
        self.process.stdout.close()


@pytest.fixture
def free_port() -> Iterator[int]:
    """Return a port that nobody else gets before the program under test listens at it.

    It stays bound: Linux gives it to no other server and to no client, and lets in who asks for it by number (with
    SO_REUSEADDR, as servers do), as nobody listens.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        port = int(held.getsockname()[1])
        if sys.platform != "linux":
            held.close()
        yield port


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start a program from its source, or with `-m` and arguments."""
    programs: list[Program] = []

    def start(source: str, *arguments: str) -> Program:
        (tmp_path / "program.py").write_text(PROLOGUE + textwrap.dedent(source))
        programs.append(Program(*(arguments or ("program.py",)), cwd=tmp_path))
        return programs[-1]

    # A shell lets what runs in its background ignore SIGINT, and what that starts would ignore it as well.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield start
    for program in programs:
        program.close()
    signal.signal(signal.SIGINT, before)
