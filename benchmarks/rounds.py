"""Rounds: every server gets its turn, again and again, so that a noisy minute falls on all of them alike."""

import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Measurement, make_load, write_script
from benchmarks.peers import Peer
from benchmarks.processes import Server, Unfit, serving
from benchmarks.workloads import Workload

# Long enough for caches and the allocator to settle. Seconds.
WARM_UP = 1


@dataclass(frozen=True, slots=True)
class Plan:
    """How often and how long to measure, and on which cores."""

    rounds: int
    seconds: int
    server_core: int
    load_core: int


def run_rounds(
    workload: Workload, peers: Sequence[Peer], plan: Plan, files: Path
) -> dict[str, list[Measurement]]:
    """Return the measurements of each peer, a round each: A B C, A B C and so on. Who is unfit is left out.

    All servers of a workload stay there until its end; only one has something to do at a time.
    """
    script = write_script(workload, files.parent)
    seconds = max(plan.seconds, workload.seconds)
    warm_up = max(WARM_UP, workload.seconds)
    cores = [plan.server_core, *([plan.load_core] if workload.workers > 1 else [])]
    found: dict[str, list[Measurement]] = {}
    with ExitStack() as running:
        servers: dict[str, Server] = {}
        for peer in peers:
            try:
                server = running.enter_context(serving(peer, workload, files=files, cores=cores))
                make_load(server, workload, script=script, seconds=warm_up, core=plan.load_core)
            except Unfit as unfit:
                print(unfit, file=sys.stderr)
            else:
                servers[peer.name], found[peer.name] = server, []
        for number in range(1, plan.rounds + 1):
            for name, server in list(servers.items()):
                try:
                    measured = make_load(
                        server, workload, script=script, seconds=seconds, core=plan.load_core
                    )
                except Unfit as unfit:
                    print(f"{name}, {workload.name}: {unfit}", file=sys.stderr)
                    del servers[name], found[name]
                else:
                    found[name].append(measured)
                    report(f"{workload.name} {number}/{plan.rounds} {name}", measured)
    return found


def report(what: str, measured: Measurement) -> None:
    """Print one measurement for who waits."""
    failed = f" ({measured.failed} failed)" if measured.failed else ""
    print(f"{what}: {measured.rate:,.0f}/s{failed}", file=sys.stderr)


def median_rate(measurements: Sequence[Measurement]) -> float:
    """Return the rate of the round in the middle."""
    return statistics.median(measurement.rate for measurement in measurements)


def median_cost(measurements: Sequence[Measurement]) -> float:
    """Return the cost of the round in the middle."""
    return statistics.median(measurement.cost for measurement in measurements)
