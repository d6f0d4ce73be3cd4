"""The command line: `python -m benchmarks [workload ...]`."""

import argparse
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks import imports, latency, memory
from benchmarks.curves import CURVES
from benchmarks.peers import PEERS, Peer
from benchmarks.report import Results, format_results, write_json
from benchmarks.rounds import Plan, run_rounds
from benchmarks.run import describe_run
from benchmarks.workloads import KIB, MIB, WORKLOADS, Workload

EVERYTHING = [*WORKLOADS, latency.NAME, *memory.IDLE, imports.NAME]
ALL_CURVES = "curves"


def at_most(limit: int) -> Callable[[str], int]:
    """Return a type for the command line: a number from 1 to the limit. A benchmark always has an end."""

    def number(text: str) -> int:
        value = int(text)
        if not 1 <= value <= limit:
            raise argparse.ArgumentTypeError(f"{value} is not from 1 to {limit}")
        return value

    return number


def parse_arguments() -> argparse.Namespace:
    """Parse the command line."""
    last = max(os.sched_getaffinity(0))
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Measure muntin beside its peers."
    )
    parser.add_argument(
        "workloads",
        nargs="*",
        metavar="workload",
        help=f"what to measure: {', '.join(EVERYTHING)}, or all, which is the default; "
        f"or as a curve: {', '.join(CURVES)}, or {ALL_CURVES}",
    )
    parser.add_argument("--only", default="", help="the same as one word with commas between")
    parser.add_argument(
        "--peers", default=",".join(PEERS), help="who takes part, with commas between (%(default)s)"
    )
    parser.add_argument(
        "--subject", default="muntin", choices=PEERS, help="whose ratios are shown (%(default)s)"
    )
    parser.add_argument(
        "--rounds", type=at_most(100), help="turns of each peer (3; 2 where only curves are measured)"
    )
    parser.add_argument("--seconds", type=at_most(60), default=1, help="length of a turn (%(default)s)")
    parser.add_argument(
        "--idle", type=at_most(50_000), default=10_000, help="connections held for memory (%(default)s)"
    )
    parser.add_argument("--server-core", type=int, default=0, help="the core of the servers (%(default)s)")
    parser.add_argument("--load-core", type=int, default=last, help="the core of the load (%(default)s)")
    parser.add_argument("--json", type=Path, help="write every measurement to this file")
    parser.add_argument(
        "--wheels", type=Path, help="the interpreter of an environment that has muntin's wheels, for `muntin`"
    )
    arguments = parser.parse_args()
    asked = arguments.workloads + list(filter(None, arguments.only.split(",")))
    groups = {"all": EVERYTHING, ALL_CURVES: CURVES}
    arguments.workloads = [name for word in asked or ["all"] for name in groups.get(word, [word])]
    arguments.peers = arguments.peers.split(",")
    if arguments.rounds is None:
        # There are many points, and a line shows the odd one.
        arguments.rounds = 2 if set(arguments.workloads) <= set(CURVES) else 3
    for given, known in ((arguments.workloads, [*EVERYTHING, *CURVES]), (arguments.peers, PEERS)):
        if unknown := set(given).difference(known):
            parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return arguments


def choose(names: Iterable[str], asked: Iterable[str], wheels: Path | None) -> list[Peer]:
    """Return the peers that can be compared, are asked for and are installed; tell of those that are not."""
    asked = set(asked)
    chosen = []
    for name in names:
        if name in asked:
            if missing := PEERS[name].missing():
                print(f"without {name}: {', '.join(missing)} is not installed", file=sys.stderr)
            else:
                peer = PEERS[name]
                chosen.append(replace(peer, interpreter=str(wheels)) if wheels and peer.wheels else peer)
    return chosen


def make_files(folder: Path) -> Path:
    """Write the files that the static workloads ask for."""
    files = folder / "files"
    files.mkdir()
    (files / "small.bin").write_bytes(bytes(4 * KIB))
    (files / "large.bin").write_bytes(bytes(MIB))
    return files


def measure(name: str, arguments: argparse.Namespace, files: Path, results: Results) -> list[str]:
    """Measure one thing into the results, and give the peers that should be there but are not."""
    plan = results.plan
    if name == imports.NAME:
        modules = {peer: module for peer, module in imports.MODULES.items() if peer in arguments.peers}
        results.values.update(imports.measure_imports(modules, arguments.wheels))
        return []
    if name in CURVES:
        points = CURVES[name].points.values()
        return [failed for point in points for failed in measure_rates(point, arguments, files, results)]
    if name in WORKLOADS:
        return measure_rates(WORKLOADS[name], arguments, files, results)
    if name == latency.NAME:
        peers = choose(latency.PEERS, arguments.peers, arguments.wheels)
        table = latency.measure_latency(peers, plan, files)
        results.values.update(table)
        return [missing for row, of in table.items() for missing in list_missing(row, peers, of)]
    peers = choose(memory.IDLE[name].peers, arguments.peers, arguments.wheels)
    found = memory.measure_memory(name, peers, arguments.idle, files, plan.server_core)
    results.values[f"{name}: KiB per idle connection"] = found
    return list_missing(name, peers, found)


def measure_rates(
    workload: Workload, arguments: argparse.Namespace, files: Path, results: Results
) -> list[str]:
    """Measure the rates of one workload into the results, and return the peers that are not among them."""
    # Some descriptors of a server, and of the load, are for other things than connections.
    memory.allow_descriptors(workload.connections + 1000)
    peers = choose(workload.peers, arguments.peers, arguments.wheels)
    found = results.rates[workload.name] = run_rounds(workload, peers, results.plan, files)
    return list_missing(workload.name, peers, found)


def list_missing(name: str, peers: Iterable[Peer], found: Mapping[str, object]) -> list[str]:
    """Return the peers that should have been measured but were not, each with what it failed at."""
    return [f"{peer.name} ({name})" for peer in peers if peer.name not in found]


def main() -> int:
    """Measure, print the tables, and give the exit code: 1 if a server could not be measured, 2 without wrk."""
    arguments = parse_arguments()
    if not shutil.which("wrk"):
        print("wrk is not installed: apt-get install wrk, or see https://github.com/wg/wrk", file=sys.stderr)
        return 2
    plan = Plan(arguments.rounds, arguments.seconds, arguments.server_core, arguments.load_core)
    results, failed = Results(describe_run(arguments.wheels), plan), list[str]()
    with tempfile.TemporaryDirectory() as folder:
        files = make_files(Path(folder))
        for name in arguments.workloads:
            failed += measure(name, arguments, files, results)
    print(format_results(results, arguments.subject))
    if arguments.json:
        write_json(arguments.json, results)
    if failed:
        print(f"not measured: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
