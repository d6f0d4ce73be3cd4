"""Rounds: every server gets its turn, again and again, so that a noisy minute falls on all of them alike."""

import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import Measurement, make_load, write_script
from benchmarks.peers import Peer
from benchmarks.processes import Unfit, serving
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
    """Give the measurements of each peer, a round each: A B C, A B C and so on. Who is unfit is left out."""
    script = write_script(workload, files.parent)
    found: dict[str, list[Measurement]] = {peer.name: [] for peer in peers}
    for number in range(1, plan.rounds + 1):
        for peer in peers:
            if peer.name not in found:
                continue
            try:
                with serving(peer, workload, files=files, core=plan.server_core) as server:
                    make_load(server, workload, script=script, seconds=WARM_UP, core=plan.load_core)
                    measured = make_load(
                        server, workload, script=script, seconds=plan.seconds, core=plan.load_core
                    )
            except Unfit as unfit:
                print(unfit, file=sys.stderr)
                del found[peer.name]
            else:
                found[peer.name].append(measured)
                failed = f" ({measured.failed} failed)" if measured.failed else ""
                print(
                    f"{workload.name} {number}/{plan.rounds} {peer.name}: {measured.rate:,.0f}/s{failed}",
                    file=sys.stderr,
                )
    return found


def median_rate(measurements: Sequence[Measurement]) -> float:
    """Give the rate of the round in the middle."""
    return statistics.median(measurement.rate for measurement in measurements)


def median_cost(measurements: Sequence[Measurement]) -> float:
    """Give the cost of the round in the middle."""
    return statistics.median(measurement.cost for measurement in measurements)
