"""`python -m muntin.web`: serve an application, or the one that a function makes."""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from muntin.router.printing import format_table
from muntin.runner.systemd import take_sockets
from muntin.web._run.command import Command, CommandError, load_target, parse_command
from muntin.web._run.listening import ListeningError
from muntin.web._run.sources import make_application
from muntin.web.application import Application
from muntin.web.run import run_app

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop; gives the exit code: 2 where the command makes no sense, 1 where serving failed."""
    passed = [sock for socks in take_sockets().values() for sock in socks]
    command = parse_command(sys.argv[1:] if arguments is None else arguments, is_activated=bool(passed))
    try:
        if command.reload:
            _import("watchfiles", "--reload", "reload")
            again = [sys.executable, "-m", "muntin.web", *command.without_reload]
            import_module("muntin.web._run.reloading").run_and_watch(again, Path.cwd())
            return 0
        if command.routes:
            print(format_table(asyncio.run(make_application(_load(command))).router))
            return 0
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop
        if command.loop == "uvloop":
            loop_factory = _import("uvloop", "--loop uvloop", "uvloop").new_event_loop
    except CommandError as error:
        return _complain(error, 2)
    logging.basicConfig(level=logging.INFO)
    try:
        run_app(
            lambda: _load_or_exit(command),
            host=command.host,
            port=command.port,
            path=command.path,
            sock=passed or None,
            workers=command.workers,
            loop_factory=loop_factory,
        )
    except ListeningError as error:
        return _complain(f"cannot serve on {command.place or 'the sockets passed'}: {error}", 1)
    print("Stopped")
    return 0


def _load(command: Command) -> Any:
    """Give the application that a command names, or what makes it when it is awaited.

    Raises:
        CommandError: it names none.
    """
    found = load_target(command.target)
    if isinstance(found, Application):
        if command.arguments:
            raise CommandError(f"{command.target!r} is an application, which takes no arguments")
        return found
    made = found(command.arguments)
    if not isinstance(made, Application) and not hasattr(made, "__await__"):
        raise CommandError(f"{command.target!r} gave {type(made).__name__}, and no web.Application")
    return made


def _load_or_exit(command: Command) -> Any:
    """Do that in the process that serves, which may be a worker."""
    try:
        return _load(command)
    except CommandError as error:
        raise SystemExit(_complain(error, 2)) from error


def _import(module: str, option: str, extra: str) -> Any:
    """Import what an option needs.

    Raises:
        CommandError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise CommandError(f"{option} needs {module}: pip install 'muntin-web[{extra}]'") from None


def _complain(error: object, code: int) -> int:
    print(f"error: {error}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
