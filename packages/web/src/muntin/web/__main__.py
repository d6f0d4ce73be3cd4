"""`python -m muntin.web`: serve an application, or the one that a function makes."""

import asyncio
import inspect
import logging
import os
import socket
import ssl
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from muntin.router.printing import format_table
from muntin.runner.systemd import take_sockets
from muntin.web.app.application import Application
from muntin.web.program.command import Command, CommandError, load_target, parse_command
from muntin.web.program.lifeline import watch_lifeline
from muntin.web.program.listening import SERVING, Listening, ListeningError, describe_places
from muntin.web.program.output import PRINT, flush_output, print_line
from muntin.web.program.run import run_app
from muntin.web.program.sources import make_application

if TYPE_CHECKING:
    from muntin.runner.workers import Workers

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until a signal; return the exit code: 2 if the command is wrong, 1 if serving failed."""
    passed = [sock for socks in take_sockets().values() for sock in socks]
    command = parse_command(sys.argv[1:] if arguments is None else arguments, is_activated=bool(passed))
    try:
        if command.reload:
            return _reload(command, passed)
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
            lambda: _hold(command, _load_or_exit(command)),
            **_describe_places(command, passed),
            ssl_context=_choose_tls(command),
            print=PRINT if command.sockets is None else _print_ready,
            workers=_describe_workers(command),
            loop_factory=loop_factory,
        )
    except ListeningError as error:
        return _complain_of_place(command, error)
    except KeyboardInterrupt:
        pass  # while the module was imported
    print_line("Stopped")
    flush_output()
    return 0


def _describe_places(command: Command, passed: list[socket.socket]) -> dict[str, Any]:
    """Return the places to listen at, as arguments of `run_app`."""
    if command.sockets is not None:
        return {"sock": [socket.socket(fileno=number) for number in command.sockets]}
    return {
        "host": command.host,
        "port": command.port,
        "path": command.path,
        "mode": command.mode,
        "take_over": command.take_over,
        "sock": passed or None,
    }


def _describe_workers(command: Command) -> "int | Workers | None":
    """Return the argument `workers` of `run_app`."""
    if command.workers is None or command.start_timeout is None:
        return command.workers
    from muntin.runner.workers import Workers  # noqa: PLC0415 - most programs are one process

    return Workers(command.workers, start_timeout=command.start_timeout)


def _choose_tls(command: Command) -> Callable[[], ssl.SSLContext] | None:
    """Return a function that makes the TLS context in the process that serves: new workers read the files again."""
    certfile, keyfile = command.certfile, command.keyfile
    if certfile is None:
        return None

    def make() -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.set_alpn_protocols(["http/1.1"])
        try:
            context.load_cert_chain(certfile, keyfile)
        except OSError as error:
            files = certfile if keyfile is None else f"{certfile} and {keyfile}"
            raise SystemExit(_complain(f"cannot use the certificate of {files}: {error}", 1)) from error
        return context

    return make


def _reload(command: Command, passed: list[socket.socket]) -> int:
    """Hold the sockets, and serve by a process that is replaced when a file changes.

    Raises:
        CommandError: the package that watches files is not installed.
    """
    _import("watchfiles", "--reload", "reload")
    again = [sys.executable, *_list_interpreter_options(), "-m", "muntin.web"]
    run_and_watch = import_module("muntin.web.program.reloading").run_and_watch
    if os.name != "posix":  # descriptors are not passed there
        run_and_watch(lambda lifeline: [*again, *command.without_reload], Path.cwd())
        return 0
    listening = Listening.at(**_describe_places(command, passed), tls=_choose_tls(command))
    try:
        with listening.opened() as opened:
            print_line(describe_places(opened.describe()))
            descriptors = [sock.fileno() for sock in opened.sockets]
            again += ["--sockets", ",".join(map(str, descriptors))]
            run_and_watch(
                lambda lifeline: [*again, "--lifeline", str(lifeline), *command.without_reload],
                Path.cwd(),
                descriptors,
            )
    except ListeningError as error:
        return _complain_of_place(command, error)
    return 0


def _list_interpreter_options() -> list[str]:
    """Return the options between `python` and `-m muntin.web`, such as `-X dev`."""
    before = sys.orig_argv[1 : len(sys.orig_argv) - len(sys.argv) + 1]
    return before[: before.index("-m")] if "-m" in before else []


def _print_ready(text: str) -> None:
    """Print a message of a process that was started again: "Ready" in place of the address, which is known."""
    print_line("Ready" if text.startswith(SERVING) else text)


def _load(command: Command) -> Any:
    """Return the application that a command names, or an awaitable of it.

    Raises:
        CommandError: it names no application.
    """
    found = load_target(command.target)
    if isinstance(found, Application):
        if command.arguments:
            raise CommandError(f"{command.target!r} is an application, which takes no arguments")
        return found
    try:
        with suppress(ValueError):  # there are functions without a signature
            inspect.signature(found).bind(command.arguments)
    except TypeError as error:
        raise CommandError(
            f"{command.target!r} cannot be called with a list of arguments: {error}"
        ) from error
    made = found(command.arguments)
    if not isinstance(made, Application) and not hasattr(made, "__await__"):
        raise CommandError(f"{command.target!r} returned {type(made).__name__} instead of a web.Application")
    return made


def _load_or_exit(command: Command) -> Any:
    """Return the application in the process that serves, which may be a worker; exit if there is none."""
    try:
        return _load(command)
    except CommandError as error:
        raise SystemExit(_complain(error, 2)) from error


def _hold(command: Command, made: Any) -> Any:
    """Return the application; it ends the program when the process that watches its files is gone."""
    return made if command.lifeline is None else _make_and_hold(command.lifeline, made)


async def _make_and_hold(lifeline: int, made: Any) -> Any:
    watch_lifeline(lifeline)
    return await make_application(made)


def _import(module: str, option: str, extra: str) -> Any:
    """Import what an option needs.

    Raises:
        CommandError: it is not installed.
    """
    try:
        return import_module(module)
    except ImportError:
        raise CommandError(f"{option} needs {module}: pip install 'muntin-web[{extra}]'") from None


def _complain_of_place(command: Command, error: ListeningError) -> int:
    return _complain(f"cannot serve on {command.place or 'the sockets passed'}: {error}", 1)


def _complain(error: object, code: int) -> int:
    print_line(f"error: {error}", partial(print, file=sys.stderr))
    return code


if __name__ == "__main__":
    sys.exit(main())
