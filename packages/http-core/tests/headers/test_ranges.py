from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.ranges import (
    MAX_RANGES,
    ByteRange,
    ContentRange,
    RangeSpec,
    format_content_range,
    format_ranges,
    format_unsatisfied_range,
    parse_content_range,
    parse_ranges,
    resolve_ranges,
)

SIZES = st.integers(min_value=0, max_value=2**63)
SPECS = (
    st.builds(RangeSpec, st.none(), SIZES)
    | st.builds(RangeSpec, SIZES, st.none())
    | st.tuples(SIZES, SIZES).map(lambda pair: RangeSpec(min(pair), max(pair)))
)


@pytest.mark.parametrize(
    ("text", "specs"),
    [
        ("bytes=0-499", [(0, 499)]),
        ("bytes=500-", [(500, None)]),
        ("bytes=-500", [(None, 500)]),
        ("BYTES=0-0,-1", [(0, 0), (None, 1)]),
        ("bytes= 0-1 ,\t, 3-4,", [(0, 1), (3, 4)]),
        ("bytes=-0", [(None, 0)]),
        ("bytes=000-0001", [(0, 1)]),
        ("bytes=0-" + "9" * 100_000, [(0, 10**19)]),
    ],
)
@pytest.mark.row("HI-41")
def test_parses(text: str, specs: list[tuple[int | None, int | None]]) -> None:
    assert parse_ranges(text) == tuple(RangeSpec(*spec) for spec in specs)


@pytest.mark.row("HI-41", "AH-16")
@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=0-1,5-4",
        "bytes=0-1;2-3",
        "bytes=0--1",
        "bytes=+0-1",
        "bytes=1_0-20",
        "bytes=0 -1",
        "bytes 0-1",
        "items=0-1",
        "bytes=٠-٩",
        "bytes=0-¹",
        "bytes=0-1\n",
        "ｂytes=0-1",
        "bytes=" + "0-1," * 1_000,
        "bytes=" + "-" * 200_000,
        "bytes=" + "," * 200_000,
    ],
)
def test_ignores_what_is_malformed(text: str) -> None:
    assert parse_ranges(text) is None


def test_the_cap_is_exact() -> None:
    assert len(parse_ranges("bytes=" + "0-1," * MAX_RANGES) or ()) == MAX_RANGES
    assert parse_ranges("bytes=0-1,2-3", limit=1) is None


@pytest.mark.parametrize(
    ("text", "size", "ranges"),
    [
        ("bytes=0-499", 1000, [(0, 499)]),
        ("bytes=0-9999", 1000, [(0, 999)]),
        ("bytes=500-", 1000, [(500, 999)]),
        ("bytes=-500", 1000, [(500, 999)]),
        ("bytes=-5000", 1000, [(0, 999)]),
        ("bytes=0-0,-1", 1000, [(0, 0), (999, 999)]),
        ("bytes=-1,0-0", 1000, [(999, 999), (0, 0)]),
        ("bytes=0-10,5-20", 1000, [(0, 20)]),
        ("bytes=5-20,0-10,500-510", 1000, [(0, 20), (500, 510)]),
        ("bytes=500-510,5-20,0-10", 1000, [(500, 510), (0, 20)]),
        ("bytes=0-10,11-20", 1000, [(0, 20)]),
        ("bytes=0-10,90-99", 1000, [(0, 99)]),
        ("bytes=0-10,91-99", 1000, [(0, 10), (91, 99)]),
        ("bytes=0-99,10-20", 1000, [(0, 99)]),
        ("bytes=1000-", 1000, []),
        ("bytes=-0", 1000, []),
        ("bytes=0-", 0, []),
        ("bytes=-5", 0, []),
        ("bytes=2000-,0-1", 1000, [(0, 1)]),
        ("bytes=" + "9" * 500 + "-", 1000, []),
    ],
)
@pytest.mark.row("HI-41")
def test_resolves(text: str, size: int, ranges: list[tuple[int, int]]) -> None:
    specs = parse_ranges(text)
    assert specs is not None
    assert resolve_ranges(specs, size) == tuple(ByteRange(*item) for item in ranges)


def test_without_a_gap_only_what_touches_is_merged() -> None:
    specs = (RangeSpec(0, 1), RangeSpec(2, 3), RangeSpec(5, 6))
    assert resolve_ranges(specs, 10, gap=0) == (ByteRange(0, 3), ByteRange(5, 6))


@pytest.mark.row("HI-41")
def test_a_hundred_thousand_ranges_are_merged_at_once() -> None:
    specs = [RangeSpec(number * 2, number * 2 + 5) for number in range(100_000)]
    assert resolve_ranges(reversed(specs), 10**9) == (ByteRange(0, 200_003),)


@given(st.lists(SPECS, max_size=8), st.integers(min_value=0, max_value=2000))
def test_resolved_ranges_are_disjoint_within_the_size_and_complete(specs: list[RangeSpec], size: int) -> None:
    ranges = sorted(resolve_ranges(specs, size, gap=0))
    assert all(0 <= item.first <= item.last < size for item in ranges)
    assert all(one.last + 1 < other.first for one, other in pairwise(ranges))
    assert sum(item.length for item in ranges) == len(_bytes_wanted(specs, size))


def _bytes_wanted(specs: list[RangeSpec], size: int) -> set[int]:
    wanted: set[int] = set()
    for first, last in specs:
        if first is None:
            wanted.update(range(size)[max(size - (last or 0), 0) :])
        else:
            wanted.update(range(size)[first : None if last is None else last + 1])
    return wanted


@given(st.lists(SPECS, min_size=1, max_size=8))
def test_what_is_formatted_is_parsed_back(specs: list[RangeSpec]) -> None:
    assert parse_ranges(format_ranges(specs)) == tuple(specs)


@pytest.mark.parametrize(
    "spec", [RangeSpec(None, None), RangeSpec(2, 1), RangeSpec(-1, 2), RangeSpec(None, -1)]
)
def test_refuses_to_ask_for_nonsense(spec: RangeSpec) -> None:
    with pytest.raises(ValueError, match="not a range"):
        format_ranges([spec])


def test_refuses_to_ask_for_nothing() -> None:
    with pytest.raises(ValueError, match="at least one"):
        format_ranges([])


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("bytes 0-499/1000", ContentRange(ByteRange(0, 499), 1000)),
        ("bytes 0-499/*", ContentRange(ByteRange(0, 499), None)),
        ("bytes */1000", ContentRange(None, 1000)),
    ],
)
def test_content_range(text: str, parsed: ContentRange) -> None:
    assert parse_content_range(text) == parsed
    if parsed.range is not None:
        assert format_content_range(*parsed.range, parsed.size) == text
    elif parsed.size is not None:
        assert format_unsatisfied_range(parsed.size) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bytes",
        "bytes */*",
        "bytes 5-4/10",
        "bytes 0-10/10",
        "items 0-1/2",
        "bytes 0-١/10",
        "bytes 0-1/2 ",
    ],
)
def test_malformed_content_range(text: str) -> None:
    assert parse_content_range(text) is None


@pytest.mark.parametrize(("first", "last", "size"), [(5, 4, 10), (-1, 4, 10), (0, 10, 10), (0, 0, 0)])
def test_refuses_a_false_content_range(first: int, last: int, size: int) -> None:
    with pytest.raises(ValueError, match="not a range"):
        format_content_range(first, last, size)


def test_refuses_a_negative_size() -> None:
    with pytest.raises(ValueError, match="not a size"):
        format_unsatisfied_range(-1)
