"""The descriptor by which a program notices that the process that watches its files is gone."""

import asyncio
import os
import signal
from typing import Final

__all__ = ["watch_lifeline"]

_PATIENCE: Final = 2
"""How long the end may take then (seconds): no process is left that would kill the program."""


def watch_lifeline(lifeline: int) -> None:
    """End the program of the running loop in order when the other end of a pipe is closed, or else by SIGALRM.

    Args:
        lifeline: the end of the pipe from which it is read.
    """
    loop = asyncio.get_running_loop()
    loop.add_reader(lifeline, _on_parent_gone, loop, lifeline)


def _on_parent_gone(loop: asyncio.AbstractEventLoop, lifeline: int) -> None:
    loop.remove_reader(lifeline)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_PATIENCE)
    os.kill(os.getpid(), signal.SIGTERM)
