"""Reloading: a program in a process of its own, started again whenever a Python file changes.

An import cannot be undone, so the process is replaced. One that ended, by a mistake in the
code for example, has printed the reason; the next change starts it again. The sockets are opened before, and stay open:
a client that connects while no process serves is served by the next.

Whatever ends the process that watches, the program ends with it, or it would keep the port: it holds one end of a pipe
whose other end is closed with the first.
"""

import os
import signal
import subprocess
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

from watchfiles import PythonFilter, watch

from muntin.web.program.output import print_line

__all__ = ["run_and_watch"]

_ENDS: Final = ("SIGTERM", "SIGHUP", "SIGQUIT")
"""Signals that end both, besides Ctrl-C: SIGHUP is sent when the terminal is closed, SIGQUIT by Ctrl-\\."""

_PATIENCE: Final = 2.0
"""How long responses may take (seconds) after their code has changed."""
_CHECK_INTERVAL: Final = 500
"""The interval of checks whether the program still runs (milliseconds)."""


def run_and_watch(
    command: Callable[[int | None], Sequence[str]], folder: Path, descriptors: Collection[int] = ()
) -> None:
    """Run a program until Ctrl-C, SIGTERM, SIGHUP or SIGQUIT; start it anew when a Python file changes.

    Args:
        command: returns the program and its arguments, for the descriptor of the lifeline; None where no descriptors
            are passed.
        folder: where the files are, at any depth.
        descriptors: those that the program inherits.
    """
    ending = _Ending()
    lifeline = held = None
    if os.name == "posix":
        lifeline, held = os.pipe()
        descriptors = [*descriptors, lifeline]

    def start() -> "subprocess.Popen[bytes]":
        return subprocess.Popen(command(lifeline), pass_fds=descriptors)

    process = None
    is_reported = False
    try:
        process = start()
        for changes in watch(
            folder,
            watch_filter=PythonFilter(),
            yield_on_timeout=True,
            rust_timeout=_CHECK_INTERVAL,
            debounce=100,
        ):
            if changes:
                names = sorted({_shorten(Path(path), folder) for _, path in changes})
                print_line(f"{', '.join(names)} changed: starting again")
                _stop(process)
                process = start()
                is_reported = False
            elif not is_reported and process.poll() is not None:
                print_line("the program ended: waiting for a change")
                is_reported = True
    except KeyboardInterrupt:
        pass
    finally:
        ending.is_under_way = True
        if process is not None:
            _stop(process)
        if lifeline is not None and held is not None:
            os.close(lifeline)
            os.close(held)


class _Ending:
    """The signal handlers: the first signal ends the watching, and later ones do not interrupt the end."""

    def __init__(self) -> None:
        self.is_under_way = False
        for name in _ENDS:
            number = getattr(signal, name, None)
            # Signals that nohup(1) ignores stay ignored.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._interrupt)

    def _interrupt(self, number: int, frame: FrameType | None) -> None:
        if not self.is_under_way:
            self.is_under_way = True
            raise KeyboardInterrupt


def _shorten(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
