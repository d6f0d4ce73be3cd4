"""Request fields and validators in, an outcome out."""

import time
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.static._conditional import WHOLE, decide
from muntin.static._representation import About, describe

CHOSEN = describe(("a",), About("text/plain"), 1_600_000_000_000_000_000, 100)
CODED = describe(("a",), About("text/plain", coding="gzip"), 1_600_000_000_000_000_000, 1000)
UNDATED = describe(("a",), About("text/plain"), -(10**20), 100)
SAME, OTHER = '"16345785d8a00000-64"', '"x"'
BEFORE, EXACTLY, AFTER = (
    "Sun, 13 Sep 2020 12:26:39 GMT",
    "Sun, 13 Sep 2020 12:26:40 GMT",
    "Sun, 13 Sep 2020 12:26:41 GMT",
)


@pytest.mark.parametrize("combination", list(product((None, SAME, OTHER), (None, EXACTLY, BEFORE), repeat=2)))
def test_precedence(combination: tuple[str | None, ...]) -> None:
    """Every combination of the four conditions, against RFC 9110 §13.2.2 read as a truth table."""
    names = ("if-match", "if-unmodified-since", "if-none-match", "if-modified-since")
    fields = {name: value for name, value in zip(names, combination, strict=True) if value is not None}
    match, unmodified, none_match, modified = combination
    if match == OTHER or (match is None and unmodified == BEFORE):
        expected = 412
    elif none_match == SAME or (none_match is None and modified == EXACTLY):
        expected = 304
    else:
        expected = 200
    assert decide("GET", fields.get, CHOSEN).status == expected
    assert decide("HEAD", fields.get, CHOSEN).status == expected


@pytest.mark.parametrize(
    ("if_range", "status"),
    [
        (SAME, 206),
        (f"W/{SAME}", 200),
        (OTHER, 200),
        (EXACTLY, 206),
        (BEFORE, 200),
        (AFTER, 200),
        ("junk", 200),
    ],
)
def test_if_range(if_range: str, status: int) -> None:
    assert decide("GET", {"range": "bytes=0-1", "if-range": if_range}.get, CHOSEN).status == status


def test_if_range_alone_means_nothing() -> None:
    assert decide("GET", {"if-range": SAME}.get, CHOSEN) == WHOLE


def test_a_range_is_for_get() -> None:
    assert decide("HEAD", {"range": "bytes=0-1"}.get, CHOSEN) == WHOLE


def test_several_ranges_of_a_coded_form_are_not_cut() -> None:
    assert decide("GET", {"range": "bytes=0-1,900-901"}.get, CODED) == WHOLE
    assert decide("GET", {"range": "bytes=0-1"}.get, CODED).status == 206


def test_dates_mean_nothing_to_what_has_none() -> None:
    assert decide("GET", {"if-modified-since": EXACTLY}.get, UNDATED) == WHOLE
    assert decide("GET", {"if-unmodified-since": AFTER}.get, UNDATED).status in (200, 412)
    assert decide("GET", {"range": "bytes=0-1", "if-range": EXACTLY}.get, UNDATED) == WHOLE


@pytest.mark.row("HI-42")
@pytest.mark.parametrize("name", ["if-match", "if-none-match", "if-range", "if-modified-since", "range"])
@pytest.mark.parametrize(
    "value", ['"' * 100_000, '"a", ' * 20_000, "bytes=" + "0-1," * 50_000, "9" * 100_000]
)
def test_hostile_fields_take_linear_time(name: str, value: str) -> None:
    start = time.perf_counter()
    outcome = decide("GET", {name: value, "range": value if name == "if-range" else None}.get, CHOSEN)
    assert outcome.status in (200, 206, 304, 412, 416)
    assert time.perf_counter() - start < 1


@pytest.mark.row("HI-41")
def test_a_thousand_overlapping_ranges() -> None:
    field = "bytes=" + ",".join(f"{first}-" for first in range(1000))
    assert decide("GET", {"range": field}.get, CHOSEN) == WHOLE
    field = "bytes=" + ",".join(f"{first}-" for first in range(100))
    outcome = decide("GET", {"range": field}.get, CHOSEN)
    assert [(found.first, found.last) for found in outcome.ranges] == [(0, 99)]


FIELDS = ["if-match", "if-none-match", "if-modified-since", "if-unmodified-since", "range", "if-range"]


@given(
    st.dictionaries(
        st.sampled_from(FIELDS), st.text() | st.sampled_from([SAME, "*", EXACTLY, "bytes=5-", "bytes=-5"])
    )
)
def test_whatever_is_asked_the_response_is_sound(fields: dict[str, str]) -> None:
    outcome = decide("GET", fields.get, CHOSEN)
    assert outcome.status in (200, 206, 304, 412, 416)
    assert bool(outcome.ranges) == (outcome.status == 206)
    assert all(0 <= found.first <= found.last < CHOSEN.size for found in outcome.ranges)
