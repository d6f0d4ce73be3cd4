"""The content of a small file: all of its bytes, what proves that they are still those of the file, and ready plans."""

import os
from typing import Final

from muntin.static._conditional import WHOLE, Field, decide
from muntin.static._plan import FilePlan, plan_outcome
from muntin.static._representation import Representation

__all__ = ["Content", "Ready"]


class Ready:
    """The plans for the whole representation of a file in memory: the same objects for every request.

    Args:
        representation: it describes `data`.
        data: all bytes of the file.
    """

    __slots__ = ("_data", "_not_modified", "representation", "wholes")

    def __init__(self, representation: Representation, data: bytes) -> None:
        self.representation: Final = representation
        self._data = data
        self.wholes: Final = {
            "GET": FilePlan(200, representation.fields, data),
            "HEAD": FilePlan(200, representation.fields),
        }
        """The plan for a request without conditions and ranges, by its method."""
        self._not_modified = FilePlan(304, representation.lasting)

    def plan(self, method: str, field: Field) -> FilePlan:
        """Plan the response to a GET or HEAD request, as `plan_content` does."""
        outcome = decide(method, field, self.representation)
        if outcome is WHOLE:
            return self.wholes[method]
        if outcome.status == 304:
            return self._not_modified
        return plan_outcome(outcome, self._data, self.representation, method)


class Content:
    """All bytes of a file, as they were read from a descriptor that the sandbox opened.

    Args:
        path: where the file is.
        status: of the descriptor.
        representation: it describes the file.
        data: the bytes.
        now: the time of the reading, in seconds of the monotonic clock.
    """

    __slots__ = ("_checked_at", "data", "forever", "path", "ready", "status")

    def __init__(
        self, path: str, status: os.stat_result, representation: Representation, data: bytes, now: float
    ) -> None:
        self.path: Final = path
        self.status: Final = status
        self.data: Final = data
        self.ready: Final = Ready(representation, data)
        self.forever: Ready | None = None
        """The plans for the URL that names this very content; made at its first request."""
        self._checked_at = now

    def was_checked(self, now: float, seconds: float) -> bool:
        """Return whether the last look at the file is less than so many seconds ago."""
        return now - self._checked_at < seconds

    def is_current(self, now: float, seconds: float) -> bool:
        """Return whether the path leads to the file that was read, unchanged.

        The file is not looked at if that was done less than `seconds` ago.

        Raises:
            OSError: the path cannot be followed any more.
        """
        if now - self._checked_at < seconds:
            return True
        found, known = os.stat(self.path), self.status
        # As `identify` tells files apart, but without the call: this is all that most requests do.
        if (
            found.st_ino != known.st_ino
            or found.st_ctime_ns != known.st_ctime_ns
            or found.st_mtime_ns != known.st_mtime_ns
            or found.st_size != known.st_size
            or found.st_dev != known.st_dev
        ):
            return False
        self._checked_at = now
        return True
