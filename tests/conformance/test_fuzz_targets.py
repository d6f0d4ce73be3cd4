"""The targets of fuzzing hold for bytes that Hypothesis finds as well; `nox -s fuzz` goes on from there."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.fuzz.targets import TARGETS
from conformance.http1.cases import read_cases

WORDS = sorted({word for case in read_cases() for word in case.raw.split(b" ") if len(word) < 30})
BYTES = st.lists(st.one_of(st.sampled_from(WORDS), st.binary(max_size=6)), max_size=12).map(b"".join)


@pytest.mark.parametrize("target", TARGETS)
@given(raw=BYTES)
def test_nothing_breaks_a_promise(target: str, raw: bytes) -> None:
    TARGETS[target](raw)


@pytest.mark.parametrize("target", TARGETS)
def test_the_cases_break_no_promise(target: str) -> None:
    for case in read_cases():
        TARGETS[target](case.raw)
