"""`python -m conformance.proxies`: replay ambiguous requests through real proxies, and tell what went wrong."""

import argparse
import sys
import tempfile
from fnmatch import fnmatchcase
from pathlib import Path

from conformance.proxies.proxies import PROXIES, find_program, running
from conformance.proxies.replay import Case, find_faults, read_cases, running_origin


def replay(name: str, cases: list[Case]) -> int:
    """Replay cases through a proxy, print what went wrong, and return in how many cases something did."""
    failed = 0
    connections: list[int] = []
    with (
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder,
        running_origin() as origin,
        running(name, Path(folder), origin.port) as port,
    ):
        for case in cases:
            faults = find_faults(case, port, origin, connections)
            failed += bool(faults)
            for fault in faults:
                print(f"{name}: {case.id}: {fault}", flush=True)
    # The next request of a connection is what all this is about.
    if len(set(connections)) > len(connections) / 2:
        print(
            f"{name}: used {len(set(connections))} connections for {len(connections)} requests: nothing is proved"
        )
        failed += 1
    return failed


def main() -> int:
    """Replay what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m conformance.proxies", description=__doc__)
    parser.add_argument("proxies", nargs="*", help=f"of {', '.join(PROXIES)}; all by default")
    parser.add_argument("--case", default="*", help='a pattern of cases, such as "held-body*"')
    parser.add_argument("--strict", action="store_true", help="fail where a proxy is not installed")
    given = parser.parse_args()
    if unknown := set(given.proxies) - set(PROXIES):
        parser.error(f"no such proxy: {', '.join(sorted(unknown))}")
    cases = [case for case in read_cases() if fnmatchcase(case.id, given.case)]
    if not cases:
        parser.error(f"no case is called {given.case}")
    failed = missing = 0
    for name in given.proxies or PROXIES:
        if find_program(name) is None:
            print(f"{name}: skipped, not installed: apt-get install {PROXIES[name].package}")
            missing += 1
            continue
        wrong = replay(name, cases)
        failed += wrong
        print(f"{name}: {len(cases)} cases, {wrong} went wrong", flush=True)
    return 1 if failed or (given.strict and missing) else 0


if __name__ == "__main__":
    sys.exit(main())
