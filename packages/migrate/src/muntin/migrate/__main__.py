"""`python -m muntin.migrate PATH`: print what would change for a project that comes from aiohttp."""

import sys
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence

from muntin.migrate import Kind, examine

__all__ = ["main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the findings; return 0 if nothing behaves differently, 1 if something does, 2 for a wrong command."""
    parser = ArgumentParser(
        prog="python -m muntin.migrate",
        description="Print what would change for a project that comes from aiohttp. It changes nothing itself.",
        epilog="The names in brackets are headings of the page docs/how-to/migrate-from-aiohttp.",
    )
    parser.add_argument("path", nargs="+", help="a Python file, or a folder of them")
    counts: Counter[Kind] = Counter()
    try:
        for path in parser.parse_args(arguments).path:
            for finding in examine(path):
                counts[finding.kind] += 1
                # File names may have bytes that no terminal can show.
                print(str(finding).encode(errors="backslashreplace").decode())
    except FileNotFoundError as error:
        print(f"error: there is no {error.filename}", file=sys.stderr)
        return 2
    summary = ", ".join(f"{counts[kind]} {kind.value}" for kind in Kind if counts[kind])
    print(summary or "nothing was found that would change")
    return int(any(not kind.is_harmless for kind in counts))


if __name__ == "__main__":
    sys.exit(main())
