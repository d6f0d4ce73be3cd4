"""Serving while somebody writes: a program in a process of its own, started anew whenever a Python file changes.

What was imported cannot be imported away again, so it is the process that is replaced. One that ended, by a mistake
in the code for example, has said why; the next change starts it again. The sockets are opened before, and stay open:
who connects while no process serves is answered by the next.
"""

import signal
import subprocess
from collections.abc import Collection, Sequence
from pathlib import Path
from types import FrameType
from typing import Final, NoReturn

from watchfiles import PythonFilter, watch

__all__ = ["run_and_watch"]

_PATIENCE: Final = 2.0
"""How long answers under way may take (seconds) when the code behind them has changed."""
_GLANCE: Final = 500
"""How often it is looked whether the program still runs (milliseconds)."""


def run_and_watch(command: Sequence[str], folder: Path, descriptors: Collection[int] = ()) -> None:
    """Run a program until Ctrl-C or SIGTERM; start it anew when a Python file changes.

    Args:
        command: the program and its arguments.
        folder: where the files are, at any depth.
        descriptors: those that the program inherits.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    process = subprocess.Popen(command, pass_fds=descriptors)
    is_told = False
    try:
        for changes in watch(
            folder, watch_filter=PythonFilter(), yield_on_timeout=True, rust_timeout=_GLANCE, debounce=100
        ):
            if changes:
                names = sorted({_shorten(Path(path), folder) for _, path in changes})
                print(f"{', '.join(names)} changed: starting again", flush=True)
                _stop(process)
                process = subprocess.Popen(command, pass_fds=descriptors)
                is_told = False
            elif not is_told and process.poll() is not None:
                print("the program ended: waiting for a change", flush=True)
                is_told = True
    except KeyboardInterrupt:
        pass
    finally:
        _stop(process)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _shorten(path: Path, folder: Path) -> str:
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(_PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
