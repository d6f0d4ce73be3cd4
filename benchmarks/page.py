"""The page of the documentation that shows a run: `python -m benchmarks.page` writes it from the kept results."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from benchmarks.chart import draw_bars
from benchmarks.processes import ROOT
from benchmarks.report import Results, failing, format_table, ratios, read_json
from benchmarks.rounds import median_cost, median_rate

RESULTS: Final = ROOT / "benchmarks" / "results" / "run.json"
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
    run, plan, rates = results.run, results.plan, medians(results)
    costs = {name: {peer: median_cost(of) for peer, of in row.items()} for name, row in results.rates.items()}
    versions = ", ".join(f"{name} {version}" for name, version in run.versions.items())
    parts = [
        INTRODUCTION.rstrip(),
        f"Run of {run.date}, commit {run.commit}; rounds: {plan.rounds}, of {plan.seconds} s each.\n"
        f"CPython {run.python} on {run.machine}; load before the run: {run.load}.\n"
        f"Compiled modules in `muntin`: {run.compiled}.\n{versions}.",
        BUSY if run.load > BUSY_FROM else "",
        *(f"![{describe_chart(name)}](performance/{name})" for name in draw_charts(results)),
        section("Requests or messages per second", rates, "{:,.0f}"),
        section("Rate of muntin as a multiple of", ratios("muntin", rates), "{:.2f}"),
        section("Rate of muntin-pure as a multiple of", ratios("muntin-pure", rates), "{:.2f}"),
        section("Processor time for each, µs", costs, "{:,.1f}"),
        section("Memory, imports and waiting: less is better", results.values, "{:,.2f}"),
        section("The same of muntin, as a multiple of", ratios("muntin", results.values), "{:.2f}"),
        *(
            f"In `{name}`, {', '.join(peers)} failed some requests."
            for name, row in results.rates.items()
            if (peers := failing(row))
        ),
    ]
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


def make_files(results: Results, page: Path) -> dict[Path, str]:
    """Return the contents of the page and its charts, by their paths."""
    charts = {page.with_suffix("") / name: chart for name, chart in draw_charts(results).items()}
    return {page: format_page(results), **charts}


def main() -> None:
    """Write the page and its charts."""
    for path, text in make_files(read_json(RESULTS), PAGE).items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


if __name__ == "__main__":
    main()
