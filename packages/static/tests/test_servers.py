"""The conformance file, and what a server can do by itself, asked of the servers that people run ASGI applications on.

Each is a process with its own command, on a socket in a temporary directory; the application is mounted in FastAPI.
"""

import importlib.util
import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[3]
if not (REPOSITORY / "conformance" / "static").exists():
    pytest.skip("the conformance data is part of the repository, not of the package", allow_module_level=True)
sys.path.insert(0, str(REPOSITORY))

from conformance.static.cases import (  # noqa: E402 - it is found by the line above
    WholeResponse,
    build_site,
    find_faults,
    format_request,
    parse_response,
    read_cases,
)

PATIENCE = 120.0
"""Seconds for a start, and for a response."""

# Where a server is to listen, in its own words.
SERVERS = {
    "uvicorn": ["--uds", "{socket}"],
    "hypercorn": ["--bind", "unix:{socket}"],
    "granian": ["--interface", "asgi", "--uds", "{socket}"],
}

APPLICATION = """
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount

from conformance.static.cases import ROOTS
from muntin.static import StaticRoot
from muntin.static.asgi import StaticFiles

said = []


def overhear(app):
    async def overheard(scope, receive, send):
        async def say(message):
            said.append(message["type"])
            await send(message)

        await app(scope, receive, say)

    return overheard


app = FastAPI()
mounts = [Mount(f"/{name}", StaticFiles(StaticRoot("site/static", **options))) for name, options in ROOTS.items()]
app.mount("/starlette", Starlette(routes=mounts))
for name, options in ROOTS.items():
    app.mount(f"/{name}", overhear(StaticFiles(StaticRoot("site/static", **options))))


@app.get("/said")
async def tell():
    told, said[:] = said[:], []
    return told
"""


@dataclass(frozen=True)
class Served:
    """A server that runs."""

    name: str
    site: Path
    address: Path
    process: "subprocess.Popen[bytes]"

    def ask(self, raw: bytes) -> WholeResponse:
        """Send a request, the last one on its connection."""
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(os.fspath(self.address))
            connection.sendall(raw)
            return parse_response(b"".join(iter(lambda: connection.recv(65536), b"")))

    def get(self, path: str) -> WholeResponse:
        return self.ask(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())


@pytest.fixture(scope="module", params=SERVERS)
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    name = request.param
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"{name} is not installed")
    # The path of such a directory is short enough for that of a socket; one of pytest's need not be.
    with tempfile.TemporaryDirectory() as folder, serving(name, Path(folder)) as served:
        yield served


@contextmanager
def serving(name: str, folder: Path) -> Iterator[Served]:
    """Run a server inside the block."""
    (folder / "site").mkdir()
    site = build_site(folder / "site")
    (folder / "application.py").write_text(APPLICATION)
    address = folder / "s"
    command = [word.format(socket=address) for word in SERVERS[name]]
    with (folder / "said").open("w") as said:
        process = subprocess.Popen(
            [sys.executable, "-m", name, *command, "application:app"],
            cwd=folder,
            env={**os.environ, "PYTHONPATH": f"{os.environ.get('PYTHONPATH', '')}{os.pathsep}{REPOSITORY}"},
            stdout=said,
            stderr=said,
        )
    with process:
        try:
            wait_until_listening(process, address)
            yield Served(name, site, address, process)
        finally:
            process.terminate()
            process.wait(PATIENCE)


def wait_until_listening(process: "subprocess.Popen[bytes]", address: Path) -> None:
    """Wait for a server, unless it ends."""
    while True:
        with socket.socket(socket.AF_UNIX) as connection:
            if connection.connect_ex(os.fspath(address)) == 0:
                return
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        raise AssertionError((address.parent / "said").read_text())


def find_all_faults(served: Served, prefix: str) -> dict[str, list[str]]:
    found = {}
    for case in read_cases():
        if case.is_sendable:
            response = served.ask(format_request(case, f"{prefix}/{case['root']}"))
            if faults := list(find_faults(case, response, served.site)):
                found[str(case)] = faults
    return found


@pytest.mark.row("ST-01", "ST-03", "ST-04", "ST-05", "ST-12", "HI-39", "HI-41", "BH-11")
@pytest.mark.parametrize("prefix", ["", "/starlette"])
def test_every_case(served: Served, prefix: str) -> None:
    assert find_all_faults(served, prefix) == {}


def test_whole_files_go_by_name_where_the_server_offers_it(served: Served) -> None:
    served.get("/said")
    content = (served.site / "large.bin").read_bytes()
    assert served.get("/plain/large.bin").body == content
    told = json.loads(served.get("/said").body)
    assert told[0] == "http.response.start"
    assert ("http.response.pathsend" in told) is (served.name == "granian")
    part = b"GET /plain/large.bin HTTP/1.1\r\nHost: a\r\nRange: bytes=5-200004\r\nConnection: close\r\n\r\n"
    assert served.ask(part).body == content[5:200_005]
    assert "http.response.pathsend" not in json.loads(served.get("/said").body)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.row("HI-46", "AH-33")
def test_clients_that_vanish_leave_no_file_open(served: Served) -> None:
    (served.site / "huge.bin").write_bytes(bytes(16_000_000))  # more than all buffers on the way
    for _ in range(10):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(PATIENCE)
            connection.connect(os.fspath(served.address))
            connection.sendall(b"GET /plain/huge.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert connection.recv(9) == b"HTTP/1.1 "
    while any(holds(process, "huge.bin") for process in family(served.process.pid)):
        assert served.get("/plain/hello.txt").status == 200  # and it goes on serving


def family(process: int) -> list[int]:
    """Return a process and all that came from it."""
    found = [process]
    for each in found:
        for thread in Path(f"/proc/{each}/task").iterdir():
            found += map(int, (thread / "children").read_text().split())
    return found


def holds(process: int, name: str) -> bool:
    """Tell whether a process has a file of this name open."""
    held = Path(f"/proc/{process}/fd")
    return any(os.path.basename(os.path.realpath(each)) == name for each in held.iterdir())
