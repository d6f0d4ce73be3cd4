"""Running a forked process: it works and exits here, and never returns to the callers of the fork.

The code above the fork belongs to the parent: it closes sockets, removes files and stops workers. So the child exits
here whatever fails, and a failure to write output does not change its status.
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
"""Signals that workers ignore unless the application handles them. A terminal sends the first three to all processes,
but they are for the supervisor."""


def run_child(
    prepare: Callable[[], object], work: Callable[[], Any], held: Collection[signal.Signals]
) -> NoReturn:
    """Call a function, and exit with its result as the status, as `sys.exit` interprets it.

    Args:
        prepare: releases what the process inherited.
        work: the function.
        held: signals that were blocked during the fork.
    """
    status = 1
    try:
        status = _work(prepare, work, held)
        # The loop is closed: signals that it handled would kill the process.
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
    """Make SIGABRT write a traceback to stderr, if there is one; `sys.stderr` may have no descriptor."""
    for stream in (sys.stderr, sys.__stderr__):
        if not faulthandler.is_enabled() and stream is not None:
            with suppress(Exception):
                faulthandler.enable(stream)


def _read_status(code: object) -> int:
    """Return an exit status as `sys.exit` interprets it."""
    if code is None or isinstance(code, int):
        return int(code or 0) & 0xFF
    with suppress(Exception):
        print(code, file=sys.stderr)
    return 1


def flush_output() -> None:
    """Flush output, so that no buffered text is written by two processes; ignore failures."""
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:
            with suppress(OSError, ValueError):
                stream.flush()
