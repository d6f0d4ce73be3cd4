"""Reports: measurements as tables for people and as JSON for programs."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.load import Measurement
from benchmarks.rounds import Plan, median_cost, median_rate
from benchmarks.run import Run

Table = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True, slots=True)
class Results:
    """What one run found: rates, of which more is better, and other values, of which less is."""

    run: Run
    plan: Plan
    rates: dict[str, dict[str, list[Measurement]]] = field(default_factory=dict)
    values: dict[str, dict[str, float]] = field(default_factory=dict)


def format_results(results: Results, subject: str) -> str:
    """Return the medians, and how many times those of each peer the subject's are."""
    rates = {name: {peer: median_rate(of) for peer, of in row.items()} for name, row in results.rates.items()}
    costs = {name: {peer: median_cost(of) for peer, of in row.items()} for name, row in results.rates.items()}
    tables = [
        format_table("per second", rates, "{:,.0f}"),
        format_table(f"rate of {subject} ÷", ratios(subject, rates), "{:.2f}"),
        format_table("processor µs each", costs, "{:,.1f}"),
        format_table(f"cost of {subject} ÷", ratios(subject, costs), "{:.2f}"),
        format_table("", results.values, "{:,.1f}"),
        format_table(f"{subject} ÷", ratios(subject, results.values), "{:.2f}"),
        *(
            f"{name}: {peer} failed some requests"
            for name, row in results.rates.items()
            for peer in failing(row)
        ),
    ]
    return "\n\n".join(filter(None, tables))


def failing(row: Mapping[str, Sequence[Measurement]]) -> list[str]:
    """Return the peers that did not answer every request."""
    return [peer for peer, measurements in row.items() if any(item.failed for item in measurements)]


def ratios(subject: str, table: Table) -> dict[str, dict[str, float]]:
    """Return the subject's value divided by that of each other peer, in the rows that have it."""
    return {
        name: {peer: row[subject] / value for peer, value in row.items() if peer != subject and value}
        for name, row in table.items()
        if subject in row
    }


def format_table(corner: str, table: Table, number: str) -> str:
    """Format a table as Markdown, lined up to be read as it stands; nothing if it is empty."""
    peers = list(dict.fromkeys(peer for row in table.values() for peer in row))
    if not peers:
        return ""
    cells = [[corner, *peers]]
    cells += [
        [name, *(number.format(row[peer]) if peer in row else "" for peer in peers)]
        for name, row in table.items()
    ]
    first, *others = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = [
        " | ".join(
            [row[0].ljust(first), *(cell.rjust(width) for cell, width in zip(row[1:], others, strict=True))]
        )
        for row in cells
    ]
    lines.insert(1, " | ".join(["-" * first, *("-" * (width - 1) + ":" for width in others)]))
    return "\n".join(f"| {line} |" for line in lines)


def write_json(path: Path, results: Results) -> None:
    """Write every single measurement, and what it was made on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(results), indent=1) + "\n")


def read_json(path: Path) -> Results:
    """Read what `write_json` wrote."""
    told = json.loads(path.read_text())
    rates = {
        name: {peer: [Measurement(**item) for item in of] for peer, of in row.items()}
        for name, row in told["rates"].items()
    }
    return Results(Run(**told["run"]), Plan(**told["plan"]), rates, told["values"])
