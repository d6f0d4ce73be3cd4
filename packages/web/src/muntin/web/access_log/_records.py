"""Records of the access log, as `logging` makes them, in less time."""

import asyncio
import logging
import os
import threading
import time
from typing import Any

__all__ = ["RecordMaker"]


class RecordMaker:
    """Makes the records of a logger, at the level INFO.

    `make_plainly` has `logging` make one, which finds out each time what hardly ever changes: the names of the process
    and the thread, the parts of the file's path. `make` returns an equal one, but copies all that from the first record
    of the thread. Where somebody has set a factory of records, or overrides `makeRecord`, all are made plainly.

    Args:
        logger: whose records these are.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._is_standard = type(logger).makeRecord is logging.Logger.makeRecord
        self._first: logging.LogRecord | None = None

    def make_plainly(self, line: str, attributes: dict[str, Any]) -> logging.LogRecord:
        """Return a record of a line, with further attributes, from `logging`."""
        logger = self._logger
        return logger.makeRecord(
            logger.name, logging.INFO, __file__, 0, line, (), None, "log", attributes, None
        )

    def make(self, line: str, attributes: dict[str, Any]) -> logging.LogRecord:
        """Return what `make_plainly` returns."""
        first = self._first
        if (
            first is None
            or first.thread != threading.get_ident()
            or first.process != os.getpid()
            or not self._is_standard
            or logging.getLogRecordFactory() is not logging.LogRecord
        ):
            self._first = self.make_plainly(line, {})
            return self.make_plainly(line, attributes)
        record = logging.LogRecord.__new__(logging.LogRecord)
        now = time.time()
        fields = record.__dict__
        fields.update(first.__dict__)
        fields["msg"] = line
        fields["created"] = now
        fields["msecs"] = now % 1 * 1000 // 1
        fields["relativeCreated"] = first.relativeCreated + (now - first.created) * 1000
        if getattr(logging, "logAsyncioTasks", False):
            fields["taskName"] = _name_task()
        fields.update(attributes)
        return record


def _name_task() -> str | None:
    """Return the name of the task that runs, which records have since Python 3.12; None outside of one."""
    try:
        task = asyncio.current_task()
    except RuntimeError:
        return None
    return None if task is None else task.get_name()
