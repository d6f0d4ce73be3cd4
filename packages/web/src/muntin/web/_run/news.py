"""What a program tells of itself: where it serves, that it stopped.

That is only news. Where nobody can read it, because the other end of a pipe is closed or a disk is full, the program
serves all the same, and ends with the status that it would have had.
"""

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

__all__ = ["PRINT", "settle_output", "tell"]

PRINT: Final = print


def tell(text: str, by: Callable[..., Any] | None = PRINT) -> None:
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


def settle_output() -> None:
    """Write out what is buffered, at the end of a program; give up what cannot be written.

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
