"""Which workers to start and which to stop, decided from the present state of all workers.

The rule: the supervisor itself never causes fewer workers to serve than wanted. So an outdated worker is stopped only
when another serves in its place, and while there are outdated ones, new workers are started one after the other.
"""

from collections.abc import Collection
from typing import NamedTuple

from muntin.runner.workers._process import Process, ProcessStage

__all__ = ["Plan", "plan"]


class Plan(NamedTuple):
    """The workers to start and to stop next."""

    starts: int
    stops: list[Process]


def plan(fleet: Collection[Process], wanted: int, *, is_careful: bool = False) -> Plan:
    """Return the next starts and stops.

    Args:
        fleet: the present workers, the oldest first.
        wanted: how many should serve.
        is_careful: whether to start no more than one at a time, because the next may fail as well.
    """
    serving = [process for process in fleet if process.stage is ProcessStage.SERVING]
    starting = [process for process in fleet if process.stage is ProcessStage.STARTING]
    outdated = [process for process in serving if process.is_outdated]
    fresh = [process for process in (*serving, *starting) if not process.is_outdated]
    coming = [process for process in starting if not process.is_outdated]
    stops = [process for process in starting if process.is_outdated]
    stops += outdated[: max(0, len(serving) - wanted)]
    stops += fresh[wanted:]
    missing = wanted - len(fresh)
    at_once = 1 if outdated or is_careful else wanted
    return Plan(max(0, min(missing, at_once - len(coming))), stops)
