"""Lives of applications beside aiohttp's: what happens from the start to the end, also where something fails.

Every case adds to an application what notes its turns in a log. The page has a row for each life that is not alike,
with what both note and why. There are no others.
"""

import asyncio
import re
from collections.abc import Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web as theirs

from muntin import web as ours

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "web" / "compatibility-application.md"

pytestmark = [
    pytest.mark.row("WB-15", "WB-16", "WB-17", "WB-18", "WB-19", "WB-22", "WB-29", "BH-18"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

LIVES: dict[str, Callable[[Any, Any, list[str]], None]] = {}


def life(fill: Callable[[Any, Any, list[str]], None]) -> Callable[[Any, Any, list[str]], None]:
    """Take a function that is given a package, an application of it, and the log."""
    LIVES[fill.__name__.replace("_", "-")] = fill
    return fill


def note(log: list[str], word: str, fails: type[Exception] | None = None) -> Any:
    async def receive(app: Any) -> None:
        log.append(word)
        if fails is not None:
            raise fails(word)

    return receive


def hold(log: list[str], name: str, *, up: bool = True, down: bool = True) -> Any:
    async def context(app: Any) -> Any:
        if not up:
            raise OSError(name)
        log.append(f"{name} up")
        yield
        log.append(f"{name} down")
        if not down:
            raise OSError(name)

    return context


def note_signals(app: Any, log: list[str], name: str) -> None:
    app.on_startup.append(note(log, f"{name} startup"))
    app.on_shutdown.append(note(log, f"{name} shutdown"))
    app.on_cleanup.append(note(log, f"{name} cleanup"))


@life
def nothing_fails(web: Any, app: Any, log: list[str]) -> None:
    app.cleanup_ctx.extend([hold(log, "first"), hold(log, "second")])
    note_signals(app, log, "one")
    note_signals(app, log, "other")


@life
def one_inside_another(web: Any, app: Any, log: list[str]) -> None:
    inner = web.Application()
    for each, name in ((app, "outer"), (inner, "inner")):
        each.cleanup_ctx.append(hold(log, f"{name} context"))
        note_signals(each, log, name)
    app.add_subapp("/in", inner)
    note_signals(app, log, "late outer")


@life
def a_context_manager(web: Any, app: Any, log: list[str]) -> None:
    app.cleanup_ctx.append(asynccontextmanager(hold(log, "manager")))


@life
def a_context_fails_at_the_start(web: Any, app: Any, log: list[str]) -> None:
    app.cleanup_ctx.extend([hold(log, "first"), hold(log, "failing", up=False), hold(log, "third")])


@life
def a_context_fails_at_the_start_beside_signals(web: Any, app: Any, log: list[str]) -> None:
    a_context_fails_at_the_start(web, app, log)
    note_signals(app, log, "signal")


@life
def a_signal_fails_at_the_start(web: Any, app: Any, log: list[str]) -> None:
    app.on_startup.append(note(log, "startup", OSError))
    note_signals(app, log, "signal")


@life
def a_signal_fails_at_the_start_beside_a_context(web: Any, app: Any, log: list[str]) -> None:
    app.cleanup_ctx.append(hold(log, "context"))
    a_signal_fails_at_the_start(web, app, log)


@life
def a_context_fails_at_the_end(web: Any, app: Any, log: list[str]) -> None:
    app.cleanup_ctx.extend([hold(log, "first"), hold(log, "failing", down=False)])


@life
def two_contexts_fail_at_the_end(web: Any, app: Any, log: list[str]) -> None:
    app.cleanup_ctx.extend([hold(log, name, down=False) for name in ("first", "second")])


@life
def a_context_fails_at_the_end_beside_signals(web: Any, app: Any, log: list[str]) -> None:
    a_context_fails_at_the_end(web, app, log)
    note_signals(app, log, "signal")


@life
def a_receiver_of_the_shutdown_fails(web: Any, app: Any, log: list[str]) -> None:
    app.cleanup_ctx.append(hold(log, "context"))
    app.on_shutdown.append(note(log, "shutdown", OSError))
    note_signals(app, log, "signal")


@life
def a_receiver_of_the_cleanup_fails(web: Any, app: Any, log: list[str]) -> None:
    app.cleanup_ctx.append(hold(log, "context"))
    app.on_cleanup.append(note(log, "cleanup", OSError))
    note_signals(app, log, "signal")


@life
def two_yields(web: Any, app: Any, log: list[str]) -> None:
    async def context(app: Any) -> Any:
        yield
        log.append("down")
        yield
        log.append("never")

    app.cleanup_ctx.append(context)


@life
def no_yield(web: Any, app: Any, log: list[str]) -> None:
    async def context(app: Any) -> Any:
        if app is None:
            yield

    app.cleanup_ctx.append(context)


@life
def things_are_added_at_the_start(web: Any, app: Any, log: list[str]) -> None:
    async def add(app: Any) -> None:
        app[web.AppKey("key", str)] = "value"
        app.router.add_get("/", add)
        app.on_shutdown.append(note(log, "late shutdown"))
        app.on_cleanup.append(note(log, "late cleanup"))

    app.on_startup.append(add)


@life
def a_receiver_is_added_to_its_own_signal(web: Any, app: Any, log: list[str]) -> None:
    async def add(app: Any) -> None:
        app.on_startup.append(note(log, "late startup"))

    app.on_startup.append(add)


@life
def a_context_is_added_at_the_start(web: Any, app: Any, log: list[str]) -> None:
    async def add(app: Any) -> None:
        app.cleanup_ctx.append(hold(log, "late"))

    app.on_startup.append(add)


async def live(web: Any, fill: Callable[[Any, Any, list[str]], None]) -> str:
    """Let an application live; return what was noted at its start and its end, and what came out of them."""
    log: list[str] = []
    app = web.Application()
    fill(web, app, log)
    runner = web.AppRunner(app)
    told = []
    for step in (runner.setup, runner.cleanup):
        try:
            await step()
        except Exception as error:
            log.append(f"{type(error).__name__}!")
        told.append(", ".join(log) or "nothing")
        log.clear()
    return "; ".join(told)


def read_rows() -> dict[str, tuple[str, str]]:
    """Return what the page says of lives that are not alike."""
    section = PAGE.read_text().partition("\n## Life by life\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([\w-]+) \| `(.+?)` \| `(.+?)` \| (\w+): .+ \|$", section, re.M)
    assert {verdict for *_, verdict in rows} <= {"other", "stricter"}
    return {name: (one, other) for name, one, other, _ in rows}


def test_both_live_alike_but_for_what_the_page_says() -> None:
    lives = {
        name: tuple(asyncio.run(live(web, fill)) for web in (theirs, ours)) for name, fill in LIVES.items()
    }
    assert {name: told for name, told in lives.items() if told[0] != told[1]} == read_rows()
