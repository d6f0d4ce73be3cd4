"""Imports: how long a fresh interpreter takes for each framework, over starting at all."""

import statistics
import subprocess
import sys
from collections.abc import Mapping

from benchmarks.peers import is_installed
from benchmarks.processes import ROOT

NAME = "imports"
MODULES = {"aiohttp": "aiohttp.web", "muntin": "muntin.web", "starlette": "starlette.applications"}
TIMES = 9

PROGRAM = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def measure_imports(modules: Mapping[str, str]) -> dict[str, float]:
    """Give the median milliseconds of each import, the interpreters taking turns."""
    present = {name: module for name, module in modules.items() if is_installed(module)}
    found: dict[str, list[float]] = {name: [] for name in present}
    for _ in range(TIMES):
        for name, module in present.items():
            run = subprocess.run(
                [sys.executable, "-c", PROGRAM.format(module)],
                cwd=ROOT,
                capture_output=True,
                text=True,
                check=True,
            )
            found[name].append(float(run.stdout))
    return {name: statistics.median(seconds) * 1000 for name, seconds in found.items()}
