"""Serving while somebody writes: a program in a process of its own, started anew whenever a Python file changes.

What was imported cannot be imported away again, so it is the process that is replaced. One that ended, by a mistake
in the code for example, has said why; the next change starts it again. The sockets are opened before, and stay open:
who connects while no process serves is answered by the next.

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

from muntin.web._run.news import tell

__all__ = ["run_and_watch"]

_ENDS: Final = ("SIGTERM", "SIGHUP", "SIGQUIT")
"""Signals that end both, besides Ctrl-C: SIGHUP is sent when the terminal is closed, SIGQUIT by Ctrl-\\."""

_PATIENCE: Final = 2.0
"""How long answers under way may take (seconds) when the code behind them has changed."""
_GLANCE: Final = 500
"""How often it is looked whether the program still runs (milliseconds)."""


def run_and_watch(
    command: Callable[[int | None], Sequence[str]], folder: Path, descriptors: Collection[int] = ()
) -> None:
    """Run a program until Ctrl-C, SIGTERM, SIGHUP or SIGQUIT; start it anew when a Python file changes.

    Args:
        command: returns the program and its arguments, for a descriptor at whose end it has to end; None where no
            descriptors are passed.
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
    is_told = False
    try:
        process = start()
        for changes in watch(
            folder, watch_filter=PythonFilter(), yield_on_timeout=True, rust_timeout=_GLANCE, debounce=100
        ):
            if changes:
                names = sorted({_shorten(Path(path), folder) for _, path in changes})
                tell(f"{', '.join(names)} changed: starting again")
                _stop(process)
                process = start()
                is_told = False
            elif not is_told and process.poll() is not None:
                tell("the program ended: waiting for a change")
                is_told = True
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
    """What signals do: the first ends the watching, and no other interrupts the end."""

    def __init__(self) -> None:
        self.is_under_way = False
        for name in _ENDS:
            number = getattr(signal, name, None)
            # What nohup(1) has ignored stays so.
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
