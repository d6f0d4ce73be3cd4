"""The messages of a program: where it serves, that it stopped.

They are not essential: if they cannot be written, because a pipe is closed or a disk is full, the program serves
all the same, and ends with the same status.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

__all__ = ["PRINT", "flush_output", "print_line"]

PRINT: Final = print


def print_line(text: str, by: Callable[..., Any] | None = PRINT) -> None:
    """Print a line at once.

    Args:
        text: the line.
        by: what prints; None for silence.
    """
    with suppress(OSError, ValueError):  # the latter of a file that is closed
        if by is PRINT:
            print(text, flush=True)
        elif by is not None:
            by(text)


def flush_output() -> None:
    """Write out what is buffered, at the end of a program; drop what cannot be written.

    Python would try that once more, fail, and end with status 120.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is None:
            continue
        try:
            stream.flush()
        except (OSError, ValueError):
            with suppress(OSError, ValueError):
                _lead_nowhere(stream.fileno())


def _lead_nowhere(descriptor: int) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, descriptor)
    finally:
        os.close(nowhere)
