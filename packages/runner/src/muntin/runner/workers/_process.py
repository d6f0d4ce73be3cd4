"""A worker as its supervisor sees it: a process id, a channel, and a stage.

A worker sends five words: it serves, it is alive, it wants to be replaced, it serves on for a while though it has to
stop, and it stops though the supervisor did not order it. A table says what follows if it sends nothing in time. The
supervisor sends three words, in addition to signals, because signals may come from other processes: the worker stops
because others serve in its place, all workers stop, and hurry.

A failure between the two costs no more than that worker.
"""

import os
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

__all__ = [
    "BEAT",
    "DRAINING",
    "HURRIED",
    "LEAVING",
    "READY",
    "REPLACED",
    "RETIRE",
    "STOP_ALL",
    "Process",
    "ProcessStage",
]

READY: Final = b"+"
BEAT: Final = b"."
RETIRE: Final = b"-"
DRAINING: Final = b"~"
"""A heartbeat of a worker that still serves until load balancers have noticed that it is about to stop."""
LEAVING: Final = b"!"
REPLACED: Final = b"/"
STOP_ALL: Final = b"$"
HURRIED: Final = b"^"


class ProcessStage(Enum):
    """The stages of a worker."""

    STARTING = auto()
    """It does not serve yet."""
    SERVING = auto()
    DRAINING = auto()
    """It was asked to stop, and serves on until clients have noticed."""
    STOPPING = auto()
    """It was asked to stop, and finishes the requests under way."""
    LEAVING = auto()
    """It stops without an order of its supervisor, by a foreign signal or by its application."""
    FORCED = auto()
    """It was asked to hurry."""
    ABORTING = auto()
    """It did not begin to serve, or its loop did not turn; SIGABRT makes it write where it hangs, and exit."""
    KILLED = auto()


_KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has none, and no workers either
_OVERDUE: Final[Mapping[ProcessStage, tuple[signal.Signals, ProcessStage]]] = {
    ProcessStage.STARTING: (signal.SIGABRT, ProcessStage.ABORTING),
    ProcessStage.SERVING: (signal.SIGABRT, ProcessStage.ABORTING),
    ProcessStage.DRAINING: (signal.SIGABRT, ProcessStage.ABORTING),
    ProcessStage.STOPPING: (_KILL, ProcessStage.KILLED),
    ProcessStage.LEAVING: (_KILL, ProcessStage.KILLED),
    ProcessStage.FORCED: (_KILL, ProcessStage.KILLED),
    ProcessStage.ABORTING: (_KILL, ProcessStage.KILLED),
}
"""The signal for a worker that is too long in a stage, and its next stage."""


@dataclass(eq=False, slots=True)
class Process:
    """One worker."""

    pid: int
    channel: socket.socket
    since: float
    """When its stage began (seconds)."""
    began: float = 0.0
    """When it was started (seconds)."""
    stage: ProcessStage = ProcessStage.STARTING
    last_heard: float = 0.0
    """When it last sent a word (seconds)."""
    served_since: float = float("inf")
    """When it began to serve (seconds)."""
    is_outdated: bool = False
    """True if it has to be replaced."""

    def read_channel(self, now: float) -> bool:
        """Read the words that it sent; return False if there will be no more."""
        try:
            while words := self.channel.recv(4096):
                self._apply(words, now)
        except BlockingIOError:
            return True
        except OSError:  # it is gone, and had not read all words
            pass
        return False

    def _apply(self, words: bytes, now: float) -> None:
        self.last_heard = now
        if self.stage is ProcessStage.STARTING and READY in words:
            self.enter(ProcessStage.SERVING, now)
            self.served_since = now
        if LEAVING in words and self.stage in (ProcessStage.STARTING, ProcessStage.SERVING):
            self.enter(ProcessStage.LEAVING, now)
        if RETIRE in words:
            self.is_outdated = True
        is_draining = words.endswith(DRAINING)
        if is_draining and self.stage in (ProcessStage.STOPPING, ProcessStage.LEAVING):
            self.enter(ProcessStage.DRAINING, now)
        elif self.stage is ProcessStage.DRAINING and not is_draining:
            self.enter(ProcessStage.STOPPING, now)

    @property
    def has_served(self) -> bool:
        """True if it has begun to serve."""
        return self.served_since < float("inf")

    def send_word(self, word: bytes) -> None:
        """Send it a word. A failure is ignored, because deadlines handle a worker that is gone or does not read."""
        with suppress(OSError):
            self.channel.send(word)

    def stop(self, word: bytes, now: float) -> None:
        """Order it to stop; the word is the reason."""
        self.send_word(word)
        self.send(signal.SIGTERM, ProcessStage.STOPPING, now)

    def hurry(self, now: float) -> None:
        """Order it to hurry. Its time for that does not begin again when the order is repeated."""
        self.send_word(HURRIED)
        if self.stage is ProcessStage.FORCED:
            now = self.since
        self.send(signal.SIGTERM, ProcessStage.FORCED, now)

    def enter(self, stage: ProcessStage, now: float) -> None:
        """Enter a stage."""
        self.stage = stage
        self.since = now

    def send(self, number: signal.Signals, stage: ProcessStage, now: float) -> None:
        """Send a signal, and enter a stage. The process was not waited for yet, so its id is not in use again."""
        self.deliver(number)
        self.enter(stage, now)

    def deliver(self, number: signal.Signals) -> None:
        """Send a signal that does not change its stage."""
        # Other code may have waited for it, or it runs as another user now.
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, number)

    def deadline(self, patience: Mapping[ProcessStage, float]) -> float:
        """Return the time by which it has to send a word, or to end."""
        begun = self.last_heard if self.stage in (ProcessStage.SERVING, ProcessStage.DRAINING) else self.since
        return begun + patience.get(self.stage, float("inf"))

    def escalate(self, now: float) -> None:
        """Send the signal for an overdue worker."""
        number, stage = _OVERDUE[self.stage]
        self.send(number, stage, now)
