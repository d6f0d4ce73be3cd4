"""What the tests of the pages' programs share: loading them, and running them as a user does."""

import importlib.util
import os
import re
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

from muntin.web import NotAppKeyWarning

SEED = Path(__file__).parents[1]
PATIENCE = 120.0

# Runs a file as a program, with its server on a free port of loopback in place of the one it names.
ANY_PORT = """
import functools, runpy, sys
from muntin import web

web.run_app = functools.partial(web.run_app, host="127.0.0.1", port=0)
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


class Told:
    """Programs of one folder, and what their older names were told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.caught: list[warnings.WarningMessage] = []

    def __call__(self, name: str) -> ModuleType:
        """Load a program anew."""
        spec = importlib.util.spec_from_file_location(
            f"{self.folder.name}_{name}", self.folder / f"{name}.py"
        )
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module

    def heard(self, words: str) -> bool:
        """Tell whether a warning had these words."""
        return any(words in str(each.message) for each in self.caught)


@pytest.fixture
def older() -> Iterator[Told]:
    """Load programs of the older page; whatever warns is a line of theirs."""
    told = Told(SEED / "older")
    with warnings.catch_warnings(record=True) as told.caught:
        warnings.simplefilter("always")
        yield told
    assert {each.category for each in told.caught} <= {DeprecationWarning, NotAppKeyWarning}
    assert [each for each in told.caught if Path(each.filename).parent != told.folder] == []


@pytest.fixture
def current() -> Told:
    """Load programs of the current page; a warning is an error."""
    return Told(SEED / "current")


class Program:
    """A program that runs."""

    def __init__(self, *arguments: str, cwd: Path) -> None:
        command = [sys.executable, *arguments]
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        self.process = subprocess.Popen(
            command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def read_until(self, word: str) -> str:
        """Return the first line with a word in it."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if word in line:
                return line
        raise AssertionError(f"it never said {word!r}")

    def read_url(self) -> str:
        """Return where it serves."""
        found = re.search(r"http://[\w.]+:\d+", self.read_until("http://"))
        assert found is not None
        return found[0]

    def stop(self, number: int = signal.SIGINT, *, quietly: bool = True) -> tuple[int, str]:
        """Send it a signal; return the exit code and what it printed since."""
        self.process.send_signal(number)
        output, complaints = self.process.communicate(timeout=PATIENCE)
        assert not quietly or "Traceback" not in complaints
        return self.process.returncode, output


Start = Callable[..., Program]


@pytest.fixture
def start() -> Iterator[Start]:
    """Return a function that runs a program of a folder with arguments, on any port unless it is told one."""
    programs: list[Program] = []

    def start(folder: str, *arguments: str, any_port: bool = True) -> Program:
        first = ("-c", ANY_PORT) if any_port else ()
        programs.append(Program(*first, *arguments, cwd=SEED / folder))
        return programs[-1]

    # A shell lets what runs in its background ignore SIGINT, and what that starts would ignore it as well.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield start
    signal.signal(signal.SIGINT, before)
    for program in programs:
        if program.process.poll() is None:
            program.process.kill()
            program.process.communicate()
