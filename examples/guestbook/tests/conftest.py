"""The guestbook as a process of its own, on a free port of the loopback, with a new database for every module."""

import os
import re
import select
import signal
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import httpx
import pytest

# Nothing here takes as long on a machine that works, however slow. Seconds.
PATIENCE = 120.0

# What is said about where it listens.
ADDRESS = re.compile(r"http://127\.0\.0\.1:[0-9]+")


@dataclass
class Guestbook:
    """A running guestbook: where it is, and what it has complained about."""

    process: subprocess.Popen[str]
    complaints: IO[str]
    url: str = ""

    def read_complaints(self) -> str:
        self.complaints.seek(0)
        return self.complaints.read()

    def wait_until_it_listens(self) -> None:
        while not self.url:
            ready, _, _ = select.select([self.process.stdout], [], [], PATIENCE)
            line = self.process.stdout.readline() if ready else ""
            assert line, f"it never said where it listens: {self.read_complaints()}"
            if found := ADDRESS.search(line):
                self.url = found[0]

    def stop(self, signum: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit code."""
        self.process.send_signal(signum)
        return self.process.wait(PATIENCE)

    def client(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=PATIENCE, trust_env=False)

    def feed_url(self, query: str = "") -> str:
        return self.url.replace("http", "ws", 1) + "/feed" + query


Start = Callable[..., Guestbook]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Return a function that starts a guestbook; whatever still runs in the end must stop well and without a word."""
    running: list[Guestbook] = []
    folder = tmp_path_factory.mktemp("guestbook")

    def start(*, wait: bool = True, **settings: object) -> Guestbook:
        defaults = {"GUESTBOOK_HOST": "127.0.0.1", "GUESTBOOK_PORT": "0", "PYTHONUNBUFFERED": "1"}
        environment = os.environ | defaults | {name: str(value) for name, value in settings.items()}
        complaints = (folder / f"complaints-{len(running)}").open("w+")
        command = [sys.executable, "-W", "error", "-m", "guestbook"]
        process = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=complaints, text=True
        )
        running.append(guestbook := Guestbook(process, complaints))
        if wait:
            guestbook.wait_until_it_listens()
        return guestbook

    yield start
    try:
        for guestbook in running:
            if guestbook.process.poll() is None:
                assert guestbook.stop() == 0, guestbook.read_complaints()
                assert guestbook.read_complaints() == ""
    finally:
        for guestbook in running:
            guestbook.process.kill()
            guestbook.process.wait()
            guestbook.process.stdout.close()
            guestbook.complaints.close()


@pytest.fixture(scope="module")
def guestbook(start: Start) -> Guestbook:
    """Return the guestbook that the tests of a module share."""
    return start()


@pytest.fixture
def client(guestbook: Guestbook) -> Iterator[httpx.Client]:
    with guestbook.client() as client:
        yield client


@pytest.fixture(scope="session")
def png() -> bytes:
    """Return an image that is one: a sky, 960 by 400 pixels."""
    width, height = 960, 400

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (bytes((70 + y // 3, 120 + y // 5, 160 + y // 16)) * width for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


@pytest.fixture(scope="session")
def artifacts() -> Path:
    """Return the folder for what a test run leaves to look at."""
    folder = Path(__file__).parents[3] / "artifacts"
    folder.mkdir(exist_ok=True)
    return folder
