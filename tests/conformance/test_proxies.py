"""Ambiguous requests through real proxies: nobody is given what is another's.

Two proxies here, and six in `nox -s proxies`.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from conformance.proxies.proxies import PROXIES, find_program
from conformance.proxies.replay import read_cases

PATIENCE = 480.0
CASES = list(read_cases())


@pytest.mark.row("HI-01", "HI-02", "HI-04", "HI-05", "HI-18", "HI-22")
@pytest.mark.parametrize("name", ["nginx", "caddy"])
def test_no_request_arrives_that_the_proxy_has_not_seen(name: str) -> None:
    if find_program(name) is None:
        pytest.skip(f"there is no {name} on this machine: apt-get install {PROXIES[name].package}")
    done = subprocess.run(
        [sys.executable, "-m", "conformance.proxies", name],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{name}: {len(CASES)} cases, 0 went wrong" in done.stdout


def test_the_corpus_says_what_it_means() -> None:
    ids = [case.id for case in CASES]
    assert len(set(ids)) == len(ids)
    for case in CASES:
        assert b"{" not in case.raw + case.held
        assert case.id.encode() in case.raw
    smuggled = b"GET /smuggled HTTP/1.1\r\nHost: victim\r\n\r\n"
    assert len(smuggled) == 40
    assert sum(smuggled in case.raw + case.held for case in CASES) > len(CASES) / 2
