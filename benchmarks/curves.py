"""Curves: one workload again and again, with one thing about it growing. One row a curve, one workload a point."""

from collections.abc import Mapping
from dataclasses import dataclass

from benchmarks.report import Results
from benchmarks.rounds import median_rate
from benchmarks.workloads import HELLO, KIB, MIB, Workload

PEERS = ("aiohttp", "muntin")

# What wrk sends without being told to.
HOST = 1


@dataclass(frozen=True, slots=True)
class Curve:
    """What grows, and the workload at each of its points."""

    title: str
    unit: str
    """What the points count."""
    points: Mapping[int, Workload]
    sized: bool = False
    """Whether the points are sizes of responses in KiB, and the curve shows MiB instead of requests per second."""

    def read(self, results: Results) -> dict[int, dict[str, float]]:
        """Return the medians of the peers at each point that was measured."""
        return {
            point: {
                peer: median_rate(measured) * (point / KIB if self.sized else 1)
                for peer, measured in results.rates[workload.name].items()
            }
            for point, workload in self.points.items()
            if results.rates.get(workload.name)
        }


def list_lines(table: Mapping[int, Mapping[str, float]]) -> dict[str, list[tuple[float, float]]]:
    """Return the line of each peer, through the points that it has."""
    peers = dict.fromkeys(peer for row in table.values() for peer in row)
    return {peer: [(point, row[peer]) for point, row in table.items() if peer in row] for peer in peers}


def make_fields(count: int) -> dict[str, str]:
    """Return field lines that make a request of so many, with the one that wrk adds."""
    return {f"X-Field-{number:03}": f"value {number}" for number in range(count - HOST)}


def count_connections(size: int) -> int:
    """Return on how many connections responses of a size are asked for: the largest by few requests at a time."""
    return 16 if size <= MIB else 4 if size <= 32 * MIB else 1


CURVES = {
    "connections": Curve(
        "Requests per second over connections",
        "connections",
        {
            # The time that a thousand connections take to open belongs to the turn: it has to be longer.
            count: Workload(
                name=f"connections-{count}",
                peers=PEERS,
                answer=HELLO,
                connections=count,
                seconds=1 if count < 10_000 else 4,
            )
            for count in (1, 10, 100, 1000, 10_000)
        },
    ),
    "fields": Curve(
        "Requests per second over header fields",
        "fields",
        {
            count: Workload(name=f"fields-{count}", peers=PEERS, fields=make_fields(count), answer=HELLO)
            for count in (5, 20, 50, 100)
        },
    ),
    "routes": Curve(
        "Requests per second over routes",
        "routes",
        {
            count: Workload(
                name=f"routes-{count}",
                peers=PEERS,
                path=f"/item{count - 1}/42",
                resources=count,
                answer=len("42"),
            )
            for count in (10, 100, 1000, 10_000)
        },
    ),
    "bodies": Curve(
        "MiB per second over the size of a response",
        "KiB",
        {
            kib: Workload(
                name=f"bodies-{kib}",
                peers=PEERS,
                path=f"/bytes/{kib * KIB}",
                answer=kib * KIB,
                connections=count_connections(kib * KIB),
                seconds=1 if kib <= KIB else 2,
            )
            for kib in (1, 32, KIB, 32 * KIB, KIB * KIB)
        },
        sized=True,
    ),
    "pipelining": Curve(
        "Requests per second over requests sent at once",
        "at once",
        {
            count: Workload(name=f"pipelining-{count}", peers=PEERS, answer=HELLO, pipelined=count)
            for count in (1, 2, 8, 32)
        },
    ),
    "workers": Curve(
        "Requests per second over workers",
        "workers",
        {
            count: Workload(name=f"workers-{count}", peers=PEERS, answer=HELLO, workers=count)
            for count in (1, 2)
        },
    ),
}
