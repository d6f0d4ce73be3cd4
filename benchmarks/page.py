"""The page of the documentation that shows a run: `python -m benchmarks.page` writes it from the kept results."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from benchmarks.chart import draw_bars, draw_lines
from benchmarks.curves import CURVES, list_lines
from benchmarks.processes import ROOT
from benchmarks.report import Results, failing, format_table, ratios, read_json
from benchmarks.rounds import median_cost, median_rate

RESULTS: Final = ROOT / "benchmarks" / "results" / "run.json"
CURVE_RESULTS: Final = ROOT / "benchmarks" / "results" / "curves.json"
PAGE: Final = ROOT / "docs" / "explanation" / "performance.md"
SUBJECTS: Final = ("muntin", "muntin-pure")

# Other programs than the one that starts the run had something to do.
BUSY_FROM: Final = 1.0
BUSY: Final = (
    "**The machine was busy with other things: this shows what is measured, not how fast anybody is.**"
)

INTRODUCTION: Final = """\
# Performance

Written by `python -m benchmarks.page` from `benchmarks/results/run.json`: one run of `nox -s bench`, whose rounds
take turns. How it measures stands in the README of `benchmarks/`. Only ratios of one run mean anything.

`muntin` are wheels with compiled modules, `muntin-pure` the same sources as plain Python. `raw` answers every read
with the same bytes, and `bare` moves the same bodies without HTTP's rules; uvicorn, granian and `runner` run a function
without a framework.
"""

CURVES_INTRODUCTION: Final = """\
## Curves

Beside aiohttp while one thing grows, from `benchmarks/results/curves.json`: one run of `nox -s bench -- curves`.
Ten thousand connections open within their turn, which is four seconds long. Header fields come with every request,
but no handler reads them. The route asked for is the last one. Bodies are streamed in pieces of 64 KiB with a
Content-Length, the largest on one connection. Two workers share one port and, on two cores, one of these with the load.
"""


def draw_charts(results: Results) -> dict[str, str]:
    """Return the charts of a run, by the names of their files."""
    rates = medians(results)
    charts = {}
    if requests := {name: rates[name] for name in ("hello", "browser") if name in rates}:
        # The limit would make all the others short.
        shown = {name: {p: v for p, v in row.items() if p != "raw"} for name, row in requests.items()}
        charts["requests.svg"] = draw_bars("Requests per second on one core", shown)
    over = {
        name: {f"{subject}": row[subject] / row["aiohttp"] for subject in SUBJECTS if subject in row}
        for name, row in rates.items()
        if row.get("aiohttp")
    }
    if over := {name: row for name, row in over.items() if row}:
        charts["ratios.svg"] = draw_bars("Rates as multiples of those of aiohttp", over, "{:.2f}")
    return charts


def medians(results: Results) -> dict[str, dict[str, float]]:
    """Return the median rates of a run."""
    return {name: {peer: median_rate(of) for peer, of in row.items()} for name, row in results.rates.items()}


def format_page(results: Results) -> str:
    """Return the page of a run."""
    rates = medians(results)
    costs = {name: {peer: median_cost(of) for peer, of in row.items()} for name, row in results.rates.items()}
    parts = [
        INTRODUCTION.rstrip(),
        *describe_circumstances(results),
        *(f"![{describe_chart(name)}](performance/{name})" for name in draw_charts(results)),
        section("Requests or messages per second", rates, "{:,.0f}"),
        section("Rate of muntin as a multiple of", ratios("muntin", rates), "{:.2f}"),
        section("Rate of muntin-pure as a multiple of", ratios("muntin-pure", rates), "{:.2f}"),
        section("Processor time for each, µs", costs, "{:,.1f}"),
        section("Memory, imports and waiting: less is better", results.values, "{:,.2f}"),
        section("The same of muntin, as a multiple of", ratios("muntin", results.values), "{:.2f}"),
        *list_failures(results),
    ]
    return join(parts)


def describe_circumstances(results: Results) -> list[str]:
    """Return what a run was made with and on, and a warning if other programs were busy meanwhile."""
    run, plan = results.run, results.plan
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    return [
        f"Run of {run.date}, commit {run.commit}; rounds: {plan.rounds}, of {plan.seconds} s each.\n"
        f"CPython {run.python} on {run.machine}; load before the run: {run.load}.\n"
        f"Compiled modules in `muntin`: {run.compiled}.\n{versions}.",
        BUSY if run.load > BUSY_FROM else "",
    ]


def draw_curves(results: Results) -> dict[str, str]:
    """Return the charts of the curves that were measured, by the names of their files."""
    tables = {name: curve.read(results) for name, curve in CURVES.items()}
    return {
        f"curve-{name}.svg": draw_lines(CURVES[name].title, CURVES[name].unit, list_lines(table))
        for name, table in tables.items()
        if table
    }


def format_curves(results: Results) -> str:
    """Return the part of the page that shows curves: a chart and a table each."""
    parts = [CURVES_INTRODUCTION.rstrip(), *describe_circumstances(results)]
    for name, curve in CURVES.items():
        if table := curve.read(results):
            rates = {f"{point:,}": row for point, row in table.items()}
            over = {
                point: {f"muntin ÷ {peer}": ratio for peer, ratio in row.items()}
                for point, row in ratios("muntin", rates).items()
            }
            parts += [
                f"### {curve.title}",
                f"![Lines: {curve.title}](performance/curve-{name}.svg)",
                format_table(curve.unit, rates, "{:,.0f}"),
                format_table(curve.unit, over, "{:.2f}"),
            ]
    return join([*parts, *list_failures(results)])


def list_failures(results: Results) -> list[str]:
    """Return a sentence for each workload in which a peer failed some requests."""
    return [
        f"In `{name}`, {', '.join(peers)} failed some requests."
        for name, row in results.rates.items()
        if (peers := failing(row))
    ]


def join(parts: Iterable[str]) -> str:
    """Return paragraphs with an empty line between them; empty ones are left out."""
    return "\n\n".join(filter(None, parts)) + "\n"


def describe_chart(name: str) -> str:
    """Return the alternative text of a chart; the tables below it hold all of its figures."""
    return {
        "requests.svg": "Bars: requests per second of each server, with few and with a browser's header fields",
        "ratios.svg": "Bars: rates of muntin, compiled and pure, as multiples of aiohttp's, for each workload",
    }[name]


def section(title: str, table: Mapping[str, Mapping[str, float]], number: str) -> str:
    """Return a table under its heading; nothing for an empty one."""
    text = format_table("", table, number)
    return f"## {title}\n\n{text}" if text else ""


def make_files(results: Results, curves: Results, page: Path) -> dict[Path, str]:
    """Return the contents of the page and its charts, by their paths."""
    charts = draw_charts(results) | draw_curves(curves)
    text = f"{format_page(results)}\n{format_curves(curves)}"
    return {page: text, **{page.with_suffix("") / name: chart for name, chart in charts.items()}}


def main() -> None:
    """Write the page and its charts."""
    for path, text in make_files(read_json(RESULTS), read_json(CURVE_RESULTS), PAGE).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
