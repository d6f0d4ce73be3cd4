"""Pages: every block marked `python` in the prose of the repository runs as it stands.

The blocks of one page are one program, run from top to bottom in an empty folder. Links
between pages lead somewhere.
"""

import gc
import logging
import re
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, ModuleType

import pytest

ROOT = Path(__file__).parents[1]
PROSE = (
    "README.md",
    "CONTRIBUTING.md",
    "THREAT_MODEL.md",
    "docs/**/*.md",
    "packages/*/*.md",
    "examples/*/*.md",
    "benchmarks/**/*.md",
)
BLOCK = re.compile(r"^(?P<indent> *)```python *\n(?P<code>.*?)^(?P=indent)``` *$", re.MULTILINE | re.DOTALL)

# No example needs more than a moment; one that waits for what never comes must not hold up the rest. Seconds, of a
# machine that may be busy.
TIME_LIMIT = 120.0

PAGES = sorted(page for pattern in PROSE for page in ROOT.glob(pattern))
PROGRAMS = [page for page in PAGES if BLOCK.search(page.read_text())]
LINK = re.compile(r"\]\((?!\w+:|#)(?P<path>[^)#\s]+)")


def read_program(text: str) -> str:
    """Return the blocks of a page as one program, each line where it stands on the page."""
    program = [""] * len(text.splitlines())
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start("code"))
        for number, line in enumerate(block["code"].splitlines(), first):
            program[number] = line.removeprefix(block["indent"])
    return "\n".join(program)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise TimeoutError inside the block when it takes longer."""

    def stop(signum: int, frame: FrameType | None) -> None:
        raise TimeoutError(f"the page runs for more than {seconds} seconds")

    previous = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


def find_loggers() -> list[logging.Logger]:
    """Return all loggers that somebody has asked for, and the root of them."""
    known = logging.root.manager.loggerDict.values()
    return [logging.root, *(logger for logger in known if isinstance(logger, logging.Logger))]


@contextmanager
def own_logging() -> Iterator[None]:
    """Let loggers be after the block as they were before it: pages show how to set them up."""
    settings = {each: (each.level, list(each.handlers), each.propagate) for each in find_loggers()}
    try:
        yield
    finally:
        for logger in find_loggers():
            level, handlers, logger.propagate = settings.get(logger, (logging.NOTSET, [], True))
            logger.setLevel(level)
            logger.handlers[:] = handlers


def run_page(page: Path) -> ModuleType:
    """Run the blocks of a page as a module of its own and give that module."""
    module = ModuleType(f"page_{page.parent.name}_{page.stem}".replace("-", "_"))
    module.__file__ = str(page)
    sys.modules[module.__name__] = module  # dataclasses and annotations look their module up by name
    try:
        with own_logging(), time_limit(TIME_LIMIT):
            exec(compile(read_program(page.read_text()), page, "exec", dont_inherit=True), vars(module))
    finally:
        del sys.modules[module.__name__]
    return module


@pytest.mark.parametrize("page", PROGRAMS, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    run_page(page)

    # What a page leaves open is told where it is collected: here, rather than in a page that did nothing wrong.
    gc.collect()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_links_of_a_page_lead_somewhere(page):
    paths = [link["path"] for link in LINK.finditer(page.read_text())]

    assert [path for path in paths if not (page.parent / path).exists()] == []


def test_blocks_share_names_and_keep_their_lines(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n\n```python\nx = 1\n```\n\n```sh\nfalse\n```\n\n- item\n\n  ```python\n  y = x + 1\n  ```\n"
    )

    assert run_page(page).y == 2
    assert read_program(page.read_text()).splitlines()[3] == "x = 1"


def test_a_page_leaves_loggers_as_they_were(tmp_path):
    page, known = tmp_path / "page.md", logging.getLogger("muntin.pages.known")
    page.write_text(
        "```python\nimport logging\nfor name in ('known', 'new'):\n"
        "    logger = logging.getLogger(f'muntin.pages.{name}')\n"
        "    logger.setLevel(logging.DEBUG)\n    logger.addHandler(logging.NullHandler())\n```\n"
    )

    run_page(page)

    for logger in (known, logging.getLogger("muntin.pages.new")):
        assert (logger.level, logger.handlers) == (logging.NOTSET, [])


def test_a_block_that_fails_names_its_line(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("text\n\n```python\nassert True\n1 / 0\n```\n")

    with pytest.raises(ZeroDivisionError) as failure:
        run_page(page)

    assert (failure.traceback[-1].path, failure.traceback[-1].lineno) == (page, 4)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_a_page_leaves_open_is_told_at_its_end(tmp_path, monkeypatch):
    page, told = tmp_path / "page.md", []
    page.write_text(
        "```python\nimport socket\nsock = socket.socket()\ncycle = [sock]\ncycle.append(cycle)\n```\n"
    )
    monkeypatch.setattr(sys, "unraisablehook", lambda failure: told.append(failure.exc_value))

    test_the_blocks_of_a_page_run(page, tmp_path, monkeypatch)

    assert [type(error) for error in told] == [ResourceWarning]


def test_a_page_that_never_ends_is_stopped():
    """The alarm is set, and given here rather than waited for."""

    def ring() -> None:
        assert 0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 1000
        signal.raise_signal(signal.SIGALRM)

    with pytest.raises(TimeoutError, match="more than"), time_limit(1000):
        ring()

    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)
