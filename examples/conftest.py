"""What the tests of the examples share: the servers behind them, where those are installed.

Each is in a folder of its own, and reachable through a socket in it only.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

# Nothing here takes as long on a machine that works, however slow. Seconds.
PATIENCE = 120.0

# Runs a command as a child, and ends it with a signal when its own input ends: with the tests, however those do.
KEEPER = """
import os, subprocess, sys
number, user, *command = sys.argv[1:]
with subprocess.Popen(command, stdin=subprocess.DEVNULL, user=user or None) as server:
    os.close(1)
    os.close(2)
    sys.stdin.read()
    server.send_signal(int(number))
"""


def find_program(name: str) -> str | None:
    """Return the path of a program; Debian keeps those of PostgreSQL out of the way."""
    folders = [
        os.environ.get("PATH", ""),
        *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
    ]
    return shutil.which(name, path=os.pathsep.join(folders))


def require(programs: list[str], module: str) -> list[str]:
    """Return the paths of programs, or skip where one of them or a module is missing."""
    found = {program: find_program(program) for program in programs}
    missing = [program for program, path in found.items() if path is None]
    missing += [] if find_spec(module) else [module]
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)} on this machine")
    return [path for path in found.values() if path is not None]


class Server:
    """A server of somebody else, in a process that no run of the tests leaves behind.

    Args:
        command: the program and its arguments; it logs to its standard output or error.
        ready: what it logs when it serves.
        end: the signal that ends it.
        user: whose rights it has, if not ours.
    """

    def __init__(self, command: list[str], *, ready: str, end: signal.Signals, user: str = "") -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", KEEPER, str(int(end)), user, *command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd="/",
            start_new_session=True,
        )
        said = []
        for line in self._process.stdout:
            said.append(line)
            if ready in line:
                return
        self.stop()
        raise AssertionError(f"{command[0]} did not start: {''.join(said)}")

    def stop(self) -> None:
        self._process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Return the folder of a PostgreSQL cluster that runs."""
    initdb, postgres = require(["initdb", "postgres"], "asyncpg")
    # The programs refuse to serve as root.
    owner = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryDirectory() as folder:
        if owner:
            shutil.chown(folder, owner)
        data = f"{folder}/data"
        who = ["--username", "guest", "--auth", "trust"]
        make = [initdb, "--pgdata", data, *who, "--encoding", "UTF8", "--no-sync"]
        subprocess.run(make, check=True, timeout=PATIENCE, user=owner, cwd="/", stdout=subprocess.DEVNULL)
        # A log level above ERROR: nobody reads what is logged later.
        settings = ["listen_addresses=", "fsync=off", "log_min_messages=log", "log_checkpoints=off"]
        server = Server(
            [postgres, "-D", data, "-k", folder, *(word for each in settings for word in ("-c", each))],
            ready="ready to accept connections",
            end=signal.SIGINT,
            user=owner or "",
        )
        try:
            yield folder
        finally:
            server.stop()


@pytest.fixture
def postgresql(cluster: str, request: pytest.FixtureRequest) -> str:
    """Return the URL of a new and empty database."""
    (createdb,) = require(["createdb"], "asyncpg")
    name = re.sub(r"\W", "_", request.node.name).lower()
    subprocess.run([createdb, "-h", cluster, "-U", "guest", name], check=True, timeout=PATIENCE)
    return f"postgresql+asyncpg://guest@/{name}?host={cluster}"


class Redis:
    """A Redis that can be stopped and started."""

    def __init__(self, program: str, folder: str) -> None:
        path = f"{folder}/redis.sock"
        self.url = f"unix://{path}"
        self._command = [program, "--port", "0", "--unixsocket", path, "--dir", folder, "--save", ""]
        self.start()

    def start(self) -> None:
        self._server = Server(self._command, ready="eady to accept connections", end=signal.SIGTERM)

    def stop(self) -> None:
        self._server.stop()


@pytest.fixture
def redis() -> Iterator[Redis]:
    """Return a Redis that keeps nothing."""
    (program,) = require(["redis-server"], "redis")
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(program, folder)
        try:
            yield redis
        finally:
            redis.stop()
