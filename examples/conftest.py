"""What the tests of the examples share: the servers behind them, where those are installed.

Each is in a folder of its own, and reachable through a socket in it only.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import partial
from importlib.util import find_spec
from pathlib import Path

import pytest

# Nothing here takes as long on a machine that works, however slow. Seconds.
PATIENCE = 30.0


def find_program(name: str) -> str | None:
    """Give the path of a program; Debian keeps those of PostgreSQL out of the way."""
    folders = [
        os.environ.get("PATH", ""),
        *map(str, sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)),
    ]
    return shutil.which(name, path=os.pathsep.join(folders))


def require(programs: list[str], module: str) -> list[str]:
    """Give the paths of programs, or skip where one of them or a module is missing."""
    found = {program: find_program(program) for program in programs}
    missing = [program for program, path in found.items() if path is None]
    missing += [] if find_spec(module) else [module]
    if missing:
        pytest.skip(f"there is no {' and no '.join(missing)} on this machine")
    return [path for path in found.values() if path is not None]


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """Give the folder of a PostgreSQL cluster that runs."""
    initdb, pg_ctl = require(["initdb", "pg_ctl"], "asyncpg")
    # The programs refuse to serve as root.
    owner = "postgres" if os.geteuid() == 0 else None
    run = partial(
        subprocess.run, check=True, timeout=PATIENCE, user=owner, cwd="/", stdout=subprocess.DEVNULL
    )
    with tempfile.TemporaryDirectory() as folder:
        if owner:
            shutil.chown(folder, owner)
        data = f"{folder}/data"
        who = ["--username", "guest", "--auth", "trust"]
        run([initdb, "--pgdata", data, *who, "--encoding", "UTF8", "--no-sync"])
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run([pg_ctl, "start", "--wait", "--pgdata", data, "--log", f"{folder}/log", "--options", options])
        try:
            yield folder
        finally:
            run([pg_ctl, "stop", "--wait", "--pgdata", data, "--mode", "fast"])


@pytest.fixture
def postgresql(cluster: str, request: pytest.FixtureRequest) -> str:
    """Give the URL of a new and empty database."""
    (createdb,) = require(["createdb"], "asyncpg")
    name = re.sub(r"\W", "_", request.node.name).lower()
    subprocess.run([createdb, "-h", cluster, "-U", "guest", name], check=True, timeout=PATIENCE)
    return f"postgresql+asyncpg://guest@/{name}?host={cluster}"


class Redis:
    """A Redis that can be stopped and started."""

    def __init__(self, program: str, folder: str) -> None:
        path = f"{folder}/redis.sock"
        self.url = f"unix://{path}"
        self.command = [program, "--port", "0", "--unixsocket", path, "--dir", folder, "--save", ""]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        for line in self.process.stdout:
            if "ready to accept connections" in line.lower():
                return
        raise AssertionError("Redis did not start")

    def stop(self) -> None:
        self.process.terminate()
        self.process.communicate(timeout=PATIENCE)


@pytest.fixture
def redis() -> Iterator[Redis]:
    """Give a Redis that keeps nothing."""
    (program,) = require(["redis-server"], "redis")
    with tempfile.TemporaryDirectory() as folder:
        redis = Redis(program, folder)
        try:
            yield redis
        finally:
            redis.stop()
