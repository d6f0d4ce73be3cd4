"""`python -m muntin.compat.aiohttp`: programs that were written for aiohttp, unchanged."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import asyncio
import sys

import aiohttp
from aiohttp import web


async def hello(request):
    return web.Response(text="hello from " + sys.argv[1])


async def main():
    app = web.Application()
    app.router.add_get("/", hello)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}/") as response:
        print(response.headers["Server"].partition("/")[0], await response.text())
    await runner.cleanup()


if __name__ == "__main__":
    asyncio.run(main())
"""


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command, and return its result."""
    command = [sys.executable, "-m", "muntin.compat.aiohttp", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, cwd=folder)


@pytest.mark.parametrize("target", [["service.py"], ["-m", "service"]], ids=["file", "module"])
def test_an_unchanged_program_serves_by_muntin(tmp_path: Path, target: list[str]) -> None:
    (tmp_path / "service.py").write_text(PROGRAM)
    done = run(tmp_path, *target, "here")
    assert done.stdout == "muntin hello from here\n", done.stderr


@pytest.mark.parametrize("arguments", [[], ["-m"], ["--help"]])
def test_without_a_target_it_says_how_it_is_used(tmp_path: Path, arguments: list[str]) -> None:
    done = run(tmp_path, *arguments)
    assert done.returncode == 1
    assert done.stderr.startswith("usage: python -m muntin.compat.aiohttp [-m] TARGET")
