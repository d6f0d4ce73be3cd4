"""The command `python -m muntin.web.migrate`: it starts the report of another package, or says how to get it."""

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120


def run(path: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, *options, "-m", "muntin.web.migrate", str(path)]
    return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_it_starts_the_report_or_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("from aiohttp import web\ntext = request.GET\n")
    ended = run(tmp_path)
    if find_spec("muntin.migrate") is None:
        assert (ended.returncode, ended.stdout) == (2, "")
        assert "pip install muntin-migrate" in ended.stderr
    else:
        assert ended.returncode == 1
        assert "app.py:2: missing: use request.query" in ended.stdout


def test_it_says_how_to_get_the_report_where_that_is_missing(tmp_path: Path) -> None:
    program = (
        "import importlib.util, runpy, sys\n"
        "find = importlib.util.find_spec\n"
        "importlib.util.find_spec = lambda name: None if name == 'muntin.migrate' else find(name)\n"
        "runpy.run_module('muntin.web.migrate', run_name='__main__')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr == "error: the report is not installed: pip install muntin-migrate\n"
