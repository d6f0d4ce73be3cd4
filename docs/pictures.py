"""Draws the two pictures of ARCHITECTURE.md: `python -m docs.pictures` writes them anew.

The packages come from their `pyproject.toml`, the way of a request from the calls that one request makes. A test
compares what stands in the file with what is drawn, so the pictures stay true.
"""

import re
import tomllib
from itertools import groupby
from pathlib import Path

from packaging.requirements import Requirement

from benchmarks.instructions import list_calls

__all__ = ["PAGE", "draw_packages", "draw_way", "redraw"]

PAGE = Path(__file__).parents[1] / "ARCHITECTURE.md"
_PACKAGES = PAGE.parent / "packages"
_WIDTH = 118


def read_needs() -> dict[str, list[str]]:
    """Return the siblings that each package depends on, by the names of their folders."""
    needs = {}
    for path in sorted(_PACKAGES.glob("*/pyproject.toml")):
        dependencies = tomllib.loads(path.read_text())["project"]["dependencies"]
        names = [Requirement(text).name for text in dependencies]
        needs[path.parent.name] = [
            name.removeprefix("muntin-") for name in names if name.startswith("muntin-")
        ]
    return needs


def find_level(package: str, needs: dict[str, list[str]]) -> int:
    """Return the level of a package: one above the highest package that it depends on."""
    return 1 + max((find_level(needed, needs) for needed in needs[package]), default=0)


def draw_packages() -> str:
    """Draw a row of boxes for each level, the highest first, with what its packages depend on."""
    needs = read_needs()
    rows: dict[int, list[str]] = {}
    for package in needs:
        rows.setdefault(find_level(package, needs), []).append(package)
    lines: list[str] = []
    for level, packages in sorted(rows.items(), reverse=True):
        needed = list(dict.fromkeys(name for package in packages for name in needs[package]))
        lines += [
            "          " + " ".join(f"┌{'─' * (len(name) + 2)}┐" for name in packages),
            f" level {level}  " + " ".join(f"│ {name} │" for name in packages),
            "          " + " ".join(f"└{'─' * (len(name) + 2)}┘" for name in packages),
            f"          imports {', '.join(needed)}" if needed else "          imports no sibling",
        ]
    return "\n".join(lines)


def draw_way() -> str:
    """Draw the calls of one request whose path has a variable: a line for each visit to a package, in order."""
    calls = [
        (file.split("/"), name.rpartition(".")[2])
        for file, name in list_calls("variable")
        # What a compiled kernel does is no call, so the picture leaves it out where none was built, too.
        if not file.endswith(("/_head_parts.py", "/_field_lines.py"))
    ]
    lines = []
    for package, visit in groupby(calls, lambda call: call[0][0]):
        steps = []
        for module, functions in groupby(visit, lambda call: "/".join(call[0][1:])):
            names = ", ".join(dict.fromkeys(function.strip("<>") for _, function in functions))
            steps.append(f"{module.removesuffix('.py')} ({names})")
        lines += _wrap(f" {package:<10} ", steps)
    return "\n".join(lines)


def _wrap(head: str, steps: list[str]) -> list[str]:
    """Join the steps of one visit by arrows, in lines that are not too long."""
    lines = [head + steps[0]]
    for step in steps[1:]:
        if len(lines[-1]) + len(step) + 3 > _WIDTH:
            lines.append(" " * len(head) + "→ " + step)
        else:
            lines[-1] += f" → {step}"
    return lines


def redraw(page: str) -> str:
    """Return the text of the page with both pictures drawn anew between their markers."""
    for name, draw in {"packages": draw_packages, "way": draw_way}.items():
        begin, end = f"<!-- picture: {name} -->\n", "<!-- end of picture -->"
        pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
        drawn = f"{begin}```\n{draw()}\n```\n{end}"
        page, count = pattern.subn(lambda match, drawn=drawn: drawn, page)
        if count != 1:
            raise ValueError(f"the page has {count} places for the picture {name!r}")
    return page


if __name__ == "__main__":
    PAGE.write_text(redraw(PAGE.read_text()))
