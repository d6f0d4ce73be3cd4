"""A worker as its supervisor sees it: a process id, a channel, and how far it is.

A worker says five things: that it serves, that it is alive, that it wants to be replaced, that it goes on for a while
though it was told to stop, and that it stops though its supervisor did not ask for that. What follows when it says
nothing in time is a table. It is told three things besides signals, for these may come from anybody: that it is to stop
because others serve in its place, or that all stop, and to be quick about it.

Nothing that fails between the two is more than the loss of that worker.
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
"""A beat of one that still serves, until balancers have noticed that it is about to stop."""
LEAVING: Final = b"!"
REPLACED: Final = b"/"
STOP_ALL: Final = b"$"
HURRIED: Final = b"^"


class ProcessStage(Enum):
    """How far a worker is."""

    STARTING = auto()
    """It is not known yet whether it can serve."""
    SERVING = auto()
    DRAINING = auto()
    """It was asked to stop, and serves on until those who send requests have noticed."""
    STOPPING = auto()
    """It was asked to stop, and answers what is under way."""
    LEAVING = auto()
    """It stops by itself, told by somebody else than its supervisor, or by its application."""
    FORCED = auto()
    """It was asked to be quick about it."""
    ABORTING = auto()
    """It did not come to serve, or did not turn its loop, and was told to say where it hangs and to die."""
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
"""What happens to a worker that is too long in a stage."""


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
    """When it last said anything (seconds)."""
    served_since: float = float("inf")
    """When it began to serve (seconds)."""
    is_outdated: bool = False
    """Whether it is to be replaced."""

    def read_channel(self, now: float) -> bool:
        """Take in what it said; return whether it may say more."""
        try:
            while said := self.channel.recv(4096):
                self._apply(said, now)
        except BlockingIOError:
            return True
        except OSError:  # it is gone, and had not read all that it was told
            pass
        return False

    def _apply(self, said: bytes, now: float) -> None:
        self.last_heard = now
        if self.stage is ProcessStage.STARTING and READY in said:
            self.enter(ProcessStage.SERVING, now)
            self.served_since = now
        if LEAVING in said and self.stage in (ProcessStage.STARTING, ProcessStage.SERVING):
            self.enter(ProcessStage.LEAVING, now)
        if RETIRE in said:
            self.is_outdated = True
        is_draining = said.endswith(DRAINING)
        if is_draining and self.stage in (ProcessStage.STOPPING, ProcessStage.LEAVING):
            self.enter(ProcessStage.DRAINING, now)
        elif self.stage is ProcessStage.DRAINING and not is_draining:
            self.enter(ProcessStage.STOPPING, now)

    @property
    def has_served(self) -> bool:
        """Whether it came to serve."""
        return self.served_since < float("inf")

    def send_word(self, word: bytes) -> None:
        """Say a word to it; one that is gone, or does not read_channel, has its deadlines."""
        with suppress(OSError):
            self.channel.send(word)

    def stop(self, word: bytes, now: float) -> None:
        """Let it stop: since others serve, or since all do."""
        self.send_word(word)
        self.send(signal.SIGTERM, ProcessStage.STOPPING, now)

    def hurry(self, now: float) -> None:
        """Let it be quick about its end. It has the time for that once, however often that is said."""
        self.send_word(HURRIED)
        if self.stage is ProcessStage.FORCED:
            now = self.since
        self.send(signal.SIGTERM, ProcessStage.FORCED, now)

    def enter(self, stage: ProcessStage, now: float) -> None:
        """Note how far it is."""
        self.stage = stage
        self.since = now

    def send(self, number: signal.Signals, stage: ProcessStage, now: float) -> None:
        """Send a signal. It was not waited for yet, so that its id is nobody else's."""
        self.deliver(number)
        self.enter(stage, now)

    def deliver(self, number: signal.Signals) -> None:
        """Send a signal that leaves it as far as it is."""
        # Somebody else may have waited for it, or it has become another user.
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self.pid, number)

    def deadline(self, patience: Mapping[ProcessStage, float]) -> float:
        """Give the time by which it has to be last_heard, or gone."""
        begun = self.last_heard if self.stage in (ProcessStage.SERVING, ProcessStage.DRAINING) else self.since
        return begun + patience.get(self.stage, float("inf"))

    def escalate(self, now: float) -> None:
        """Do what is next with one that is overdue."""
        number, stage = _OVERDUE[self.stage]
        self.send(number, stage, now)
