"""The engine of http-core, held to the cases of `conformance/http1`."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.http1.cases import Case, read_cases
from conformance.http1.engine import tell

# Only what hangs takes longer, however busy the machine is. Seconds.
PATIENCE = 120.0

CASES = [pytest.param(case, id=case.id, marks=pytest.mark.row(*case.rows)) for case in read_cases()]
SMALL = [case for case in read_cases() if len(case.raw) < 1000]
ROOT = Path(__file__).parents[2]


def whole(raw: bytes) -> Iterator[bytes]:
    yield raw


def byte_by_byte(raw: bytes) -> Iterator[bytes]:
    for at in range(len(raw)):
        yield raw[at : at + 1]


def in_elevens(raw: bytes) -> Iterator[bytes]:
    for at in range(0, len(raw), 11):
        yield raw[at : at + 11]


@pytest.mark.parametrize("cut", [whole, byte_by_byte, in_elevens])
@pytest.mark.parametrize("case", CASES)
def test_a_case(case: Case, cut: Callable[[bytes], Iterator[bytes]]) -> None:
    assert tell(cut(case.raw), eof=case.eof) == (case.expect, case.fate)


@pytest.mark.parametrize("cut", [whole, byte_by_byte])
@pytest.mark.parametrize("case", [case for case in CASES if case.values[0].is_complete])
def test_a_case_and_what_follows(case: Case, cut: Callable[[bytes], Iterator[bytes]]) -> None:
    told, fate = tell(cut(case.raw + b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"))
    more = ["GET /next", "end"] if case.fate == "open" else []
    assert (told, fate) == (case.expect + more, case.fate)


@given(case=st.sampled_from(SMALL), cuts=st.lists(st.integers(0, 1000), max_size=12))
def test_any_cut_gives_the_same(case: Case, cuts: list[int]) -> None:
    marks = [0, *sorted(min(cut, len(case.raw)) for cut in cuts), len(case.raw)]
    pieces = [case.raw[start:end] for start, end in pairwise(marks)]
    assert tell([piece for piece in pieces if piece], eof=case.eof) == (case.expect, case.fate)


@pytest.mark.row("HI-55", "AH-18")
def test_without_assertions_nothing_changes() -> None:
    command = [sys.executable, "-O", "-m", "conformance.http1.engine"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=PATIENCE)
    told = json.loads(done.stdout)
    assert told == {case.id: [case.expect, case.fate] for case in read_cases()}


def test_there_are_cases_enough_and_all_are_different() -> None:
    cases = list(read_cases())
    assert len(cases) >= 150
    assert len({(case.raw, case.eof) for case in cases}) == len(cases)
