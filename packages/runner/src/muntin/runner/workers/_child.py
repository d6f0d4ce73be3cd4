"""What a forked process does: its work and its own end, and nothing of what is above it on the stack.

All that belongs to the process it was forked from: sockets to close, files to remove, workers to stop. So it ends here,
whatever fails on the way; and what is only news, such as a line that nobody can read, decides nothing.
"""

import faulthandler
import logging
import os
import signal
import sys
import traceback
from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any, Final, NoReturn

from muntin.runner.workers._signals import ignore

__all__ = ["flush_output", "run_child"]

_IGNORED: Final = ("SIGINT", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2")
"""What workers ignore, until what they serve decides otherwise. A terminal sends the first three to all processes, but
they are for the supervisor."""


def run_child(
    prepare: Callable[[], object], work: Callable[[], Any], held: Collection[signal.Signals]
) -> NoReturn:
    """Work, and end the process with the status that it gives, as `sys.exit` understands it.

    Args:
        prepare: lets go of what the process inherited.
        work: what the process is for.
        held: signals that were held back during the fork.
    """
    status = 1
    try:
        status = _work(prepare, work, held)
        # The loop is closed: what it handled would kill.
        signal.pthread_sigmask(signal.SIG_BLOCK, held)
        with suppress(Exception):
            logging.shutdown()
        flush_output()
    finally:
        os._exit(status)


def _work(prepare: Callable[[], object], work: Callable[[], Any], held: Collection[signal.Signals]) -> int:
    try:
        prepare()
        for name in _IGNORED:
            signal.signal(signal.Signals[name], ignore)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, held)
        _show_where_it_hangs()
        return _read_status(work())
    except SystemExit as error:
        return _read_status(error.code)
    except BaseException:
        with suppress(Exception):
            traceback.print_exc()
        return 1


def _show_where_it_hangs() -> None:
    """Let SIGABRT write that to stderr, where there is one: under a name of Python's it may lead to no descriptor."""
    for stream in (sys.stderr, sys.__stderr__):
        if not faulthandler.is_enabled() and stream is not None:
            with suppress(Exception):
                faulthandler.enable(stream)


def _read_status(code: object) -> int:
    """Return an exit status as `sys.exit` understands it."""
    if code is None or isinstance(code, int):
        return int(code or 0) & 0xFF
    with suppress(Exception):
        print(code, file=sys.stderr)
    return 1


def flush_output() -> None:
    """Write out what is buffered, so that it is not written by two processes; what cannot be written stays."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
