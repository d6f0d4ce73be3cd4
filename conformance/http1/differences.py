"""Where other implementations read a case of `requests.toml` otherwise than we do.

python -m conformance.http1.differences           print the tables
python -m conformance.http1.differences --write   put them into docs/explanation/http1-differences.md
"""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from conformance.http1.cases import Case, read_cases, read_groups
from conformance.http1.peers import PEERS, find_version, give_verdicts

__all__ = ["OTHERS", "PAGE", "comparable_cases", "find_differences", "read_recorded", "recorded_versions"]

PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "http1-differences.md"
MARK = "<!-- written by conformance/http1/differences.py from here on -->\n"
OTHERS = [peer for peer in PEERS if peer != "muntin"]


def comparable_cases() -> list[Case]:
    """Return the cases that end in a verdict: not those that stop in the middle."""
    return [case for case in read_cases() if case.is_complete]


def find_differences(peer: str) -> dict[str, str]:
    """Return the verdicts of one peer that are not ours, by the ids of the cases."""
    cases = comparable_cases()
    ours, theirs = give_verdicts("muntin", cases), give_verdicts(peer, cases)
    return {case: theirs[case] for case in ours if theirs[case] != ours[case]}


def write_tables(differences: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """Yield the lines of the tables: a group each, a peer a column; what agrees with us is left empty."""
    ours = give_verdicts("muntin", comparable_cases())
    yield "Recorded with " + ", ".join(f"{peer} {find_version(peer)}" for peer in OTHERS) + "."
    for name, group in read_groups().items():
        cases = [case for case in ours if case.startswith(f"{name}/")]
        differing = [case for case in cases if any(case in differences[peer] for peer in OTHERS)]
        if not differing:
            continue
        yield f"\n## {name}\n\n{group['about']} (RFC {group['rfc']}). {group.get('why', '')}".rstrip() + "\n"
        yield f"| case | muntin | {' | '.join(OTHERS)} |"
        yield "|---" * (len(OTHERS) + 2) + "|"
        for case in differing:
            cells = [differences[peer].get(case, "") for peer in OTHERS]
            yield f"| {case} | {ours[case]} | {' | '.join(cells)} |"


def read_rows() -> Iterator[list[str]]:
    """Yield the cells of the rows that the page records."""
    for line in PAGE.read_text().splitlines():
        if line.startswith("| ") and "/" in line.split("|")[1]:
            yield [cell.strip() for cell in line.strip("|").split("|")]


def read_recorded(peer: str) -> dict[str, str]:
    """Return the differences of one peer that the page records."""
    column = 2 + OTHERS.index(peer)
    return {row[0]: row[column] for row in read_rows() if row[column]}


def recorded_versions() -> dict[str, str]:
    """Return the versions that the page was recorded with."""
    [line] = [line for line in PAGE.read_text().splitlines() if line.startswith("Recorded with ")]
    return dict(pair.split(" ", 1) for pair in line.removeprefix("Recorded with ").rstrip(".").split(", "))


def main() -> None:
    """Print the tables, or write them into the page."""
    tables = "\n".join(write_tables({peer: find_differences(peer) for peer in OTHERS})) + "\n"
    if "--write" in sys.argv[1:]:
        PAGE.write_text(PAGE.read_text().partition(MARK)[0] + MARK + "\n" + tables)
    else:
        print(tables, end="")


if __name__ == "__main__":
    main()
