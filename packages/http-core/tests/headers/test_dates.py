import math
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.dates import format_date, parse_date

MOMENT = datetime(1994, 11, 6, 8, 49, 37, tzinfo=UTC)


def test_formats_as_imf_fixdate() -> None:
    assert format_date(784111777) == "Sun, 06 Nov 1994 08:49:37 GMT"


def test_a_fraction_never_moves_a_date_into_the_future() -> None:
    assert format_date(784111777.999) == "Sun, 06 Nov 1994 08:49:37 GMT"
    assert format_date(-0.5) == "Wed, 31 Dec 1969 23:59:59 GMT"


@pytest.mark.parametrize("timestamp", [math.nan, math.inf, -math.inf, 1e12, 1e30, -1e12])
def test_refuses_what_no_date_can_show(timestamp: float) -> None:
    with pytest.raises(ValueError, match="no HTTP date"):
        format_date(timestamp)


@pytest.mark.parametrize(
    "text",
    ["Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994"],
)
def test_accepts_all_three_forms(text: str) -> None:
    assert parse_date(text, now=MOMENT) == MOMENT


def test_asctime_with_a_two_digit_day() -> None:
    assert parse_date("Wed Nov 16 08:49:37 1994") == datetime(1994, 11, 16, 8, 49, 37, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "sun, 06 nov 1994 08:49:37 gmt",
        "Sun, 31 Feb 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Fri, 31 Dec 9999 23:59:60 GMT",
        "Sun" + " " * 100_000,
    ],
)
def test_malformed_is_none(text: str) -> None:
    assert parse_date(text) is None


def test_a_leap_second_is_the_next_minute() -> None:
    assert parse_date("Sat, 31 Dec 2016 23:59:60 GMT") == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("digits", "year"), [("26", 2026), ("76", 2076), ("77", 1977), ("99", 1999), ("00", 2000)]
)
def test_a_two_digit_year_is_at_most_fifty_years_ahead(digits: str, year: int) -> None:
    moment = parse_date(f"Sunday, 06-Nov-{digits} 08:49:37 GMT", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert moment is not None
    assert moment.year == year


def test_a_two_digit_year_is_relative_to_the_clock() -> None:
    moment = parse_date("Sunday, 06-Nov-94 08:49:37 GMT")
    assert moment is not None
    assert moment.year % 100 == 94


@given(st.integers(min_value=-62135596800, max_value=253402300799))
def test_what_is_formatted_is_parsed_back(timestamp: int) -> None:
    moment = parse_date(format_date(timestamp))
    assert moment is not None
    assert moment == datetime.fromtimestamp(timestamp, UTC)


@given(st.text(max_size=60))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is UTC
