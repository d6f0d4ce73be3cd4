"""Imports: what a fresh interpreter takes for each framework: to import it, and until it has answered once."""

import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from benchmarks.peers import is_installed
from benchmarks.processes import ROOT

NAME = "imports"
MODULES = {"aiohttp": "aiohttp.web", "muntin": "muntin.web", "starlette": "starlette.applications"}
TIMES = 15

IMPORT = """
import time; start = time.process_time()
import {}
print(time.process_time() - start)
"""

# What is put off until it is used is paid for here. Only those who speak one interface take part.
ANSWER = """
import time; start = time.process_time()
import asyncio
from {} import web

async def hello(request):
    return web.Response(text="hello")

async def main():
    app = web.Application()
    app.add_routes([web.get("/", hello)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    reader, writer = await asyncio.open_connection(*runner.addresses[0])
    writer.write(b"GET / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n")
    answer = await reader.read()
    assert answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(b"hello"), answer
    writer.close()
    await runner.cleanup()

asyncio.run(main())
print(time.process_time() - start)
"""


def measure_imports(modules: Mapping[str, str], wheels: Path | None) -> dict[str, dict[str, float]]:
    """Return the median milliseconds of processor time for each import, and for import and first answer, and the
    instructions of each import in millions where valgrind is there to count them.
    """
    present = {name: module for name, module in modules.items() if is_installed(module)}
    packages = {
        name: module.rpartition(".")[0] for name, module in present.items() if module.endswith(".web")
    }
    interpreters = {"muntin": str(wheels)} if wheels else {}
    found = {
        "ms to import": measure(
            {name: IMPORT.format(module) for name, module in present.items()}, interpreters
        ),
        "ms to a first answer": measure(
            {name: ANSWER.format(package) for name, package in packages.items()}, interpreters
        ),
    }
    if shutil.which("valgrind"):
        found["million instructions to import"] = {
            name: (count(f"import {module}", interpreter) - count("pass", interpreter)) / 1e6
            for name, module in present.items()
            for interpreter in [interpreters.get(name, sys.executable)]
        }
    return found


def count(program: str, interpreter: str) -> int:
    """Return the instructions of a fresh interpreter that runs a program whose modules are compiled to bytecode."""
    command = [
        "valgrind",
        "--tool=callgrind",
        f"--callgrind-out-file={os.devnull}",
        interpreter,
        "-c",
        program,
    ]
    with tempfile.TemporaryDirectory() as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": folder, "PYTHONHASHSEED": "0"}
        subprocess.run([interpreter, "-c", program], cwd=ROOT, env=environment, check=True)
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True, timeout=300
        )
    printed = re.search(r"Collected : (\d+)", done.stderr)
    if printed is None:
        raise RuntimeError(f"valgrind printed no count: {done.stderr[-500:]}")
    return int(printed[1])


def measure(programs: Mapping[str, str], interpreters: Mapping[str, str]) -> dict[str, float]:
    """Return the median milliseconds that each program prints, the interpreters taking turns."""
    found: dict[str, list[float]] = {name: [] for name in programs}
    with tempfile.TemporaryDirectory() as folder:
        # Compiling is not importing: what is installed was compiled then, and a checkout is at its first import, unless
        # the environment forbids it.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = folder
        for turn in range(1 + TIMES):
            for name, program in programs.items():
                seconds = float(run(program, environment, interpreters.get(name, sys.executable)))
                if turn:  # the first one compiles
                    found[name].append(seconds)
    return {name: statistics.median(seconds) * 1000 for name, seconds in found.items()}


def run(program: str, environment: Mapping[str, str], interpreter: str) -> str:
    """Run a program in a fresh interpreter, and return its output."""
    command = [interpreter, "-c", program]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True
    ).stdout
