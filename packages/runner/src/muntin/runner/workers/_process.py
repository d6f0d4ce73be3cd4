"""A worker as its supervisor sees it: a process id, a channel, and how far it is.

A worker says four things: that it serves, that it is alive, that it wants to be replaced, and that it goes on for a
while though it was told to stop. What follows when it says nothing in time is a table. It is told one thing besides
signals: that others serve in its place.
"""

import os
import signal
import socket
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

__all__ = ["BEAT", "DRAINING", "READY", "RELIEVED", "RETIRE", "Process", "Stage"]

READY: Final = b"+"
BEAT: Final = b"."
RETIRE: Final = b"-"
DRAINING: Final = b"~"
"""A beat of one that still serves, until balancers have noticed that it is about to stop."""
RELIEVED: Final = b"/"


class Stage(Enum):
    """How far a worker is."""

    STARTING = auto()
    """It is not known yet whether it can serve."""
    SERVING = auto()
    DRAINING = auto()
    """It was asked to stop, and serves on until those who send requests have noticed."""
    STOPPING = auto()
    """It was asked to stop, and answers what is under way."""
    FORCED = auto()
    """It was asked to be quick about it."""
    ABORTING = auto()
    """It did not come to serve, or did not turn its loop, and was told to say where it hangs and to die."""
    KILLED = auto()


_KILL: Final = getattr(signal, "SIGKILL", signal.SIGTERM)  # Windows has none, and no workers either
_OVERDUE: Final[Mapping[Stage, tuple[signal.Signals, Stage]]] = {
    Stage.STARTING: (signal.SIGABRT, Stage.ABORTING),
    Stage.SERVING: (signal.SIGABRT, Stage.ABORTING),
    Stage.DRAINING: (signal.SIGABRT, Stage.ABORTING),
    Stage.STOPPING: (_KILL, Stage.KILLED),
    Stage.FORCED: (_KILL, Stage.KILLED),
    Stage.ABORTING: (_KILL, Stage.KILLED),
}
"""What happens to a worker that is too long in a stage."""


@dataclass(eq=False, slots=True)
class Process:
    """One worker."""

    pid: int
    channel: socket.socket
    since: float
    """When its stage began (seconds)."""
    stage: Stage = Stage.STARTING
    heard: float = 0.0
    """When it last said anything (seconds)."""
    served_since: float = float("inf")
    """When it began to serve (seconds)."""
    is_outdated: bool = False
    """Whether it is to be replaced."""

    def listen(self, now: float) -> bool:
        """Take in what it said; tell whether it may say more."""
        with suppress(BlockingIOError):
            while said := self.channel.recv(4096):
                self.heard = now
                if self.stage is Stage.STARTING and READY in said:
                    self.enter(Stage.SERVING, now)
                    self.served_since = now
                if RETIRE in said:
                    self.is_outdated = True
                self._note_draining(said.endswith(DRAINING), now)
            return False
        return True

    def _note_draining(self, is_draining: bool, now: float) -> None:
        if is_draining and self.stage is Stage.STOPPING:
            self.enter(Stage.DRAINING, now)
        elif self.stage is Stage.DRAINING and not is_draining:
            self.enter(Stage.STOPPING, now)

    def relieve(self, now: float) -> None:
        """Let it stop, since others serve."""
        with suppress(OSError):
            self.channel.send(RELIEVED)
        self.send(signal.SIGTERM, Stage.STOPPING, now)

    def enter(self, stage: Stage, now: float) -> None:
        """Note how far it is."""
        self.stage = stage
        self.since = now

    def send(self, number: signal.Signals, stage: Stage, now: float) -> None:
        """Send a signal. It was not waited for yet, so that its id is nobody else's."""
        os.kill(self.pid, number)
        self.enter(stage, now)

    def deadline(self, patience: Mapping[Stage, float]) -> float:
        """Give the time by which it has to be heard, or gone."""
        begun = self.heard if self.stage in (Stage.SERVING, Stage.DRAINING) else self.since
        return begun + patience.get(self.stage, float("inf"))

    def escalate(self, now: float) -> None:
        """Do what is next with one that is overdue."""
        number, stage = _OVERDUE[self.stage]
        self.send(number, stage, now)
