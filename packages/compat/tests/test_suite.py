"""One suite, written for aiohttp: it passes on aiohttp, and unchanged on muntin in its place."""

import subprocess
import sys
from pathlib import Path

import pytest

SUITE = Path(__file__).parent / "suite"
CASES = 19


@pytest.mark.parametrize("plugins", [[], ["-p", "muntin.compat.pytest"]], ids=["aiohttp", "muntin"])
def test_passes_on_both(plugins: list[str]) -> None:
    # aiohttp's own fixtures come after the plugin, as installed plugins do.
    command = [
        sys.executable,
        "-m",
        "pytest",
        *plugins,
        "-p",
        "aiohttp.pytest_plugin",
        "--rootdir",
        str(SUITE),
        str(SUITE),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=SUITE)
    assert done.returncode == 0, done.stdout[-6000:]
    assert f"{CASES} passed" in done.stdout
