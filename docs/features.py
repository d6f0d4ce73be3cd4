"""Fills the table of features: `features.toml` says what is promised, the marks of the tests say what proves it.

A test carries `@pytest.mark.row("HC-01")`; a case of the conformance data has `rows`. Both are read as text, so a build
of the documentation runs no test. `<!-- features: NAME -->` on a page becomes the table of that part.
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parents[1]
TESTS = ("packages/*/tests/**/test_*.py", "examples/**/test_*.py", "tests/**/test_*.py")
CASES = ("conformance/*/*.toml",)
PLACE = re.compile(r"^<!-- features: (?P<part>[\w-]+) -->$", re.MULTILINE)
# Enough to look something up; those who want all of them search for the row.
SHOWN = 3


class Mark(NamedTuple):
    """A row, and what proves it: a test, a class of tests, a file of tests, or a file of cases."""

    row: str
    proof: str


class Row(NamedTuple):
    """Something promised."""

    id: str
    source: str
    promise: str


class Part(NamedTuple):
    """Rows of one subject."""

    title: str
    rows: tuple[Row, ...]


def read_parts() -> dict[str, Part]:
    """Return what is promised, by the name of its part."""
    data = tomllib.loads((Path(__file__).parent / "features.toml").read_text())
    return {
        name: Part(part["title"], tuple(Row(id, *rest) for id, rest in part["rows"].items()))
        for name, part in data.items()
    }


def find_marks() -> Iterator[Mark]:
    """Iterate over the marks of all tests and cases in the repository."""
    for path in sorted(path for pattern in TESTS for path in ROOT.glob(pattern)):
        yield from read_marks(path.read_text(), str(path.relative_to(ROOT)))
    for path in sorted(path for pattern in CASES for path in ROOT.glob(pattern)):
        for row in sorted(set(_rows_of_cases(tomllib.loads(path.read_text())))):
            yield Mark(row, str(path.relative_to(ROOT)))


def read_marks(source: str, place: str) -> Iterator[Mark]:
    """Iterate over the marks of one file of tests."""
    yield from _marks_in(ast.parse(source), place)


def _marks_in(node: ast.AST, place: str) -> Iterator[Mark]:
    # What stands above a test or class belongs to it, and whatever else is found to what is around it.
    for child in ast.iter_child_nodes(node):
        match child:
            case ast.Call(func=ast.Attribute(attr="row", value=ast.Attribute(attr="mark")), args=args):
                for argument in args:
                    if isinstance(argument, ast.Constant):
                        yield Mark(str(argument.value), place)
            case ast.ClassDef(name=name) | ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield from _marks_in(child, f"{place}::{name}")
            case _:
                yield from _marks_in(child, place)


def _rows_of_cases(data: Any) -> Iterator[str]:
    if isinstance(data, dict):
        for name, value in data.items():
            if name == "rows":
                yield from value
            else:
                yield from _rows_of_cases(value)
    elif isinstance(data, list):
        for value in data:
            yield from _rows_of_cases(value)


def gather_proofs() -> dict[str, list[str]]:
    """Return what proves each row."""
    proofs: dict[str, list[str]] = {}
    for mark in find_marks():
        if mark.proof not in proofs.setdefault(mark.row, []):
            proofs[mark.row].append(mark.proof)
    return proofs


def format_part(part: Part, proofs: dict[str, list[str]]) -> str:
    """Return the table of one part in Markdown."""
    lines = ["| row | page | what is promised | proved by |", "|---|---|---|---|"]
    for row in part.rows:
        found = proofs.get(row.id, [])
        shown = [f"`{proof.removeprefix('packages/').replace('/tests/', ': ')}`" for proof in found[:SHOWN]]
        if len(found) > SHOWN:
            shown.append(f"and {len(found) - SHOWN} more")
        promise = row.promise.replace("|", "\\|")
        lines.append(f"| {row.id} | {row.source} | {promise} | {', '.join(shown) or '**open**'} |")
    return "\n".join(lines)


def fill(app: object, name: str, source: list[str]) -> None:
    """Put the tables where a page wants them."""
    if PLACE.search(source[0]):
        parts, proofs = read_parts(), gather_proofs()
        source[0] = PLACE.sub(lambda place: format_part(parts[place["part"]], proofs), source[0])


def setup(app: Any) -> dict[str, bool]:
    """Take part in a build."""
    app.connect("source-read", fill)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
