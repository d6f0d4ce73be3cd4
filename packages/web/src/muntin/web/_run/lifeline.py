"""The descriptor by which a program notices that the process is gone which watches its files.

It knows no more than that: how it is passed is for `command`, and for `reloading`, which this must not import.
"""

import asyncio
import os
import signal
from typing import Final

__all__ = ["hold_on"]

_PATIENCE: Final = 2
"""How long the end may take then (seconds): nobody is left who would kill a program that does not come to it."""


def hold_on(lifeline: int) -> None:
    """End the program of the running loop in order when the other end of a pipe is closed, or else by SIGALRM.

    Args:
        lifeline: the end of the pipe from which it is read.
    """
    loop = asyncio.get_running_loop()
    loop.add_reader(lifeline, _let_go, loop, lifeline)


def _let_go(loop: asyncio.AbstractEventLoop, lifeline: int) -> None:
    loop.remove_reader(lifeline)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(_PATIENCE)
    os.kill(os.getpid(), signal.SIGTERM)
