"""The command line: which application, or function that makes one, and how it is served.

This module parses arguments and imports the module that they name; it starts nothing.
"""

import importlib
import re
import sys
from argparse import SUPPRESS, ArgumentParser, ArgumentTypeError
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

__all__ = ["Command", "CommandError", "load_target", "parse_command"]

_USAGE: Final = "python -m muntin.web [options] module:function [arguments]"
_DESCRIPTION: Final = (
    "Serve an application, or the one that a function makes; it is called with the arguments that follow it."
)


class CommandError(Exception):
    """The command cannot be carried out; the message says why."""


class Command(NamedTuple):
    """A parsed command line."""

    target: str
    host: str | None
    port: int | None
    path: str | None
    mode: int | None
    take_over: bool
    sockets: list[int] | None
    """Descriptors of sockets that the watching process has passed: the places to listen at."""
    lifeline: int | None
    """A descriptor whose other end the watching process holds."""
    certfile: str | None
    keyfile: str | None
    arguments: list[str]
    workers: int | None
    start_timeout: float | None
    loop: str
    reload: bool
    routes: bool
    without_reload: list[str]
    """The same command for a process that does not reload."""

    @property
    def place(self) -> str:
        """The places to listen at, for messages."""
        return " and ".join(
            str(part) for part in (self.host and f"{self.host}:{self.port}", self.path) if part
        )


def _make_parser() -> ArgumentParser:
    # allow_abbrev: an option of the application could look like one of ours, abbreviated.
    parser = ArgumentParser(
        prog="python -m muntin.web", usage=_USAGE, description=_DESCRIPTION, allow_abbrev=False
    )
    parser.add_argument("-H", "-n", "--hostname", metavar="HOST", help="where to listen (localhost)")
    parser.add_argument(
        "-P", "-p", "--port", type=_read_port, metavar="PORT", help="at which port (8080; TLS: 8443)"
    )
    parser.add_argument("-U", "--path", metavar="PATH", help="a Unix socket to listen at")
    parser.add_argument(
        "--mode", type=_read_mode, metavar="MODE", help="the permissions of its file, octal, such as 660"
    )
    parser.add_argument(
        "--take-over", action="store_true", help="replace a Unix socket at which somebody listens"
    )
    parser.add_argument("--sockets", type=_read_descriptors, help=SUPPRESS)
    parser.add_argument("--lifeline", type=int, help=SUPPRESS)
    parser.add_argument("--certfile", metavar="FILE", help="serve TLS, with this chain of certificates (PEM)")
    parser.add_argument("--keyfile", metavar="FILE", help="and its key, if that is in a file of its own")
    parser.add_argument(
        "--workers", type=_read_count, metavar="N", help="serve with so many processes (this one alone)"
    )
    parser.add_argument(
        "--start-timeout",
        type=_read_seconds,
        metavar="SECONDS",
        help="how long a worker may take until it serves (60)",
    )
    parser.add_argument(
        "--loop", choices=("asyncio", "uvloop"), default="asyncio", help="the event loop (asyncio)"
    )
    parser.add_argument("--reload", action="store_true", help="start again when a Python file changes")
    parser.add_argument("--routes", action="store_true", help="print the route table, and serve nothing")
    parser.add_argument("target", metavar="module:function", help="also module.function, or an application")
    return parser


def _read_port(text: str) -> int:
    if not re.fullmatch("[0-9]{1,5}", text) or int(text) > 65535:
        raise ArgumentTypeError(f"{text!r} is no port: give a number from 0 to 65535")
    return int(text)


def _read_mode(text: str) -> int:
    if not re.fullmatch("(0o?)?[0-7]{1,3}", text):
        raise ArgumentTypeError(f"{text!r} is no mode of a file: give an octal number, such as 660")
    return int(text.removeprefix("0o"), 8)


def _read_descriptors(text: str) -> list[int]:
    return [int(number) for number in text.split(",")]


def _read_seconds(text: str) -> float:
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) or float(text) == 0:
        raise ArgumentTypeError(f"{text!r} is no time: give seconds, more than 0")
    return float(text)


def _read_count(text: str) -> int:
    if not re.fullmatch("[0-9]{1,4}", text) or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no number of processes: give 1 or more")
    return int(text)


_WITH_VALUE: Final = frozenset(
    (
        "-H",
        "-n",
        "--hostname",
        "-P",
        "-p",
        "--port",
        "-U",
        "--path",
        "--mode",
        "--sockets",
        "--lifeline",
        "--certfile",
        "--keyfile",
        "--workers",
        "--start-timeout",
        "--loop",
    )
)
_NEWER: Final = frozenset(("-H", "--hostname", "-P", "--port", "-U", "--path"))
"""Options that may also follow the target; all others there belong to the function."""


def parse_command(arguments: Sequence[str], *, is_activated: bool = False) -> Command:
    """Parse a command line.

    Args:
        arguments: those behind the name of the program.
        is_activated: whether sockets were passed to the program; they are used if no place is named.

    Raises:
        SystemExit: it is wrong (2), or help was requested.
    """
    parser = _make_parser()
    before, after = _split(arguments)
    moved, rest = _pick(after)
    options = parser.parse_args([*moved, *before])
    host = options.hostname
    if host is None and (options.port is not None or (options.path is None and not is_activated)):
        host = "localhost"
    port = options.port
    if port is None and host is not None:
        port = 8080 if options.certfile is None else 8443
    if options.keyfile is not None and options.certfile is None:
        parser.error("--keyfile belongs to a certificate: give --certfile as well")
    if options.path is None and (options.mode is not None or options.take_over):
        parser.error("--mode and --take-over are for a Unix socket: give --path as well")
    if options.reload and options.workers is not None:
        parser.error("--reload serves with one process: leave out --workers")
    if options.start_timeout is not None and options.workers is None:
        parser.error("--start-timeout is for workers: give --workers as well")
    return Command(
        target=options.target,
        host=host,
        port=port,
        path=options.path,
        mode=options.mode,
        take_over=options.take_over,
        sockets=options.sockets,
        lifeline=options.lifeline,
        certfile=options.certfile,
        keyfile=options.keyfile,
        arguments=rest,
        workers=options.workers,
        start_timeout=options.start_timeout,
        loop=options.loop,
        reload=options.reload,
        routes=options.routes,
        without_reload=[*(argument for argument in before if argument != "--reload"), *after],
    )


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the arguments behind the target."""
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if argument in _WITH_VALUE:
            position += 2
        elif argument.startswith("-"):
            position += 1
        else:
            return list(arguments[: position + 1]), list(arguments[position + 1 :])
    return list(arguments), []


def _pick(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Separate our own options from the others behind the target; all that follow `--` are others."""
    ours: list[str] = []
    rest: list[str] = []
    position = 0
    while position < len(arguments):
        argument = arguments[position]
        if argument == "--":
            rest += arguments[position + 1 :]
            break
        if argument in _NEWER and position + 1 < len(arguments):
            ours += arguments[position : position + 2]
            position += 2
        else:
            rest.append(argument)
            position += 1
    return ours, rest


def load_target(target: str) -> Any:
    """Import the function or application that `module:function`, or `package.module.function`, names.

    Raises:
        CommandError: it does not exist, or it cannot be called.
    """
    module_name, separator, name = target.partition(":") if ":" in target else target.rpartition(".")
    if not separator or not module_name or not name:
        raise CommandError(f"{target!r} names no function: write module:function")
    if module_name.startswith("."):
        raise CommandError(f"{target!r} names a module relative to nothing: write its full name")
    if "" not in sys.path:
        sys.path.insert(0, "")
    try:
        module = importlib.import_module(module_name)
    except (ImportError, SyntaxError) as error:
        raise CommandError(f"cannot import {module_name!r}: {error}") from error
    found: Any = module
    for part in name.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise CommandError(f"module {module_name!r} has no attribute {name!r}") from None
    if not callable(found):
        raise CommandError(f"{target!r} is no function but {type(found).__name__}")
    return found
