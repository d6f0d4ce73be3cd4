"""What a run was made on: machine, versions, date, and what else the machine had to do."""

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.processes import ROOT

DISTRIBUTIONS = ("aiohttp", "granian", "picows", "starlette", "uvicorn", "uvloop", "websockets")


@dataclass(frozen=True, slots=True)
class Run:
    """The circumstances of one run."""

    date: str
    commit: str
    python: str
    machine: str
    load: float
    """Processes that wanted to run in the minute before."""
    compiled: int
    """Modules of muntin that are compiled in what ran as `muntin`; 0 for plain Python."""
    versions: dict[str, str]


def describe_run(wheels: Path | None) -> Run:
    """Return the circumstances of a run that begins now."""
    interpreter = str(wheels or sys.executable)
    versions = {}
    for name in DISTRIBUTIONS:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    if shutil.which("nginx"):
        printed = subprocess.run(["nginx", "-v"], capture_output=True, text=True, check=False).stderr
        versions["nginx"] = printed.strip().rpartition("/")[2]
    return Run(
        date=datetime.now(UTC).date().isoformat(),
        commit=read_commit(),
        python=platform.python_version(),
        machine=f"{read_processor()}, {os.cpu_count()} cores, {platform.system()}",
        load=round(os.getloadavg()[0], 1),
        compiled=count_compiled(interpreter),
        versions=versions,
    )


def read_commit() -> str:
    """Return the short name of the commit, empty outside of git."""
    command = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def read_processor() -> str:
    """Return the name of the processor as Linux tells it, else its architecture."""
    path = Path("/proc/cpuinfo")
    lines = path.read_text().splitlines() if path.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def count_compiled(interpreter: str) -> int:
    """Return how many modules of muntin's applications an interpreter loads from machine code."""
    program = (
        "import sys, muntin.web, muntin.websocket, muntin.runner\n"
        "files = [getattr(m, '__file__', None) or '' for n, m in sys.modules.items() if n.startswith('muntin.')]\n"
        "print(sum(file.endswith(('.so', '.pyd')) for file in files))"
    )
    command = [interpreter, "-c", program]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout)
