"""Latency: how long a response takes under a load that a server can well bear, at a rate that does not follow it."""

import json
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from benchmarks.peers import Peer
from benchmarks.processes import ROOT, Server, Unfit, pinned, serving
from benchmarks.rounds import WARM_UP, Plan, median_rate, run_rounds
from benchmarks.workloads import WORKLOADS

NAME = "latency"
PEERS = ("aiohttp", "muntin", "muntin-pure")
# Whose capacity sets the rate for all.
MEASURE = "aiohttp"
SHARE = 0.7

WORKLOAD = WORKLOADS["browser"]
# A load that falls further behind its schedule than this has measured something else.
REACHED = 0.9

COMMON = f"p99 at {SHARE:.0%} of {MEASURE}'s capacity, µs"
OWN = f"p99 at {SHARE:.0%} of its own capacity, µs"


def measure_latency(peers: Sequence[Peer], plan: Plan, files: Path) -> dict[str, dict[str, float]]:
    """Return the 99th percentiles of the peers in µs, at a share of one capacity and of each one's own.

    Who is unfit, or could not be sent requests at that rate, is left out.
    """
    measured = run_rounds(WORKLOAD, peers, plan, files)
    capacities = {name: median_rate(rounds) for name, rounds in measured.items()}
    found: dict[str, dict[str, list[float]]] = {COMMON: {}, OWN: {}}
    with ExitStack() as running:
        servers = {
            peer.name: running.enter_context(serving(peer, WORKLOAD, files=files, cores=[plan.server_core]))
            for peer in peers
            if peer.name in capacities
        }
        for number in range(plan.rounds + 1):
            for name, server in servers.items():
                for row, rate in list_rates(name, capacities).items():
                    try:
                        p99 = send(server, rate, plan.seconds if number else WARM_UP, plan.load_core)
                    except Unfit as unfit:
                        print(f"{name}, {row}: {unfit}", file=sys.stderr)
                    else:
                        # The first round warms up.
                        if number:
                            found[row].setdefault(name, []).append(p99)
                            print(f"{name}, {row}: {p99:,.0f} at {rate:,.0f}/s", file=sys.stderr)
    return {
        row: {name: statistics.median(values) for name, values in of.items()} for row, of in found.items()
    }


def list_rates(name: str, capacities: Mapping[str, float]) -> dict[str, float]:
    """Return the rates at which a peer is measured, by the names of their rows."""
    common = {COMMON: capacities[MEASURE] * SHARE} if MEASURE in capacities else {}
    return common | {OWN: capacities[name] * SHARE}


def send(server: Server, rate: float, seconds: int, core: int) -> float:
    """Send requests at a rate from one core, and return the 99th percentile of their latencies in µs.

    Raises:
        Unfit: the server broke off, or the load did not reach the rate.
    """
    options = {
        "--port": server.port,
        "--path": WORKLOAD.path,
        "--rate": rate,
        "--seconds": seconds,
        "--connections": WORKLOAD.connections,
    }
    words = [str(word) for option in options.items() for word in option]
    command = pinned([sys.executable, "-m", "benchmarks.steady", *words], core)
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=4 * seconds + 30)
    if run.returncode:
        raise Unfit(f"the load ended with {run.returncode}: {run.stderr[-1000:]}")
    told = json.loads(run.stdout)
    if told["rate"] < rate * REACHED:
        raise Unfit(f"{told['rate']:,.0f} requests per second instead of {rate:,.0f}")
    return float(told["p99"])
