"""HTTP dates (RFC 9110 §5.6.7): the one form that is sent, and the three that are accepted.

The clock is only read to place a two-digit year, and the locale never.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from functools import cache, lru_cache
from typing import Final

__all__ = ["format_date", "parse_date"]

_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH_NUMBERS: Final = {name: number for number, name in enumerate(_MONTHS, 1)}

_MONTH: Final = f"(?P<month>{'|'.join(_MONTHS)})"
_TIME: Final = "(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_IMF_FIXDATE: Final = rf"(?:{'|'.join(_DAYS)}), (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"
_RFC850_DATE: Final = (
    rf"(?:{'|'.join(_LONG_DAYS)}), (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"
)
_ASCTIME_DATE: Final = (
    rf"(?:{'|'.join(_DAYS)}) {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})"
)


@cache  # compiled for the first date that is parsed: every server writes dates, few read any
def _forms() -> tuple[re.Pattern[str], ...]:
    """Return the patterns of the three forms, the preferred one first: nearly every date that arrives has it."""
    return tuple(map(re.compile, (_IMF_FIXDATE, _RFC850_DATE, _ASCTIME_DATE)))


def format_date(timestamp: float) -> str:
    """Format a time as IMF-fixdate, such as ``Sun, 06 Nov 1994 08:49:37 GMT``.

    Args:
        timestamp: seconds since the epoch; a fraction is cut off, since a date must not be in the future.

    Raises:
        ValueError: the year has not four digits, or the timestamp is not finite.
    """
    try:
        return _format_second(int(timestamp // 1))
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"no HTTP date can show the timestamp {timestamp!r}") from None


@lru_cache(maxsize=128)  # A server formats the current second, and the times of few files, again and again.
def _format_second(timestamp: int) -> str:
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(timestamp)
    if not 1 <= year <= 9999:
        raise ValueError(year)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


def parse_date(text: str, *, now: datetime | None = None) -> datetime | None:
    """Parse an HTTP date into a time in UTC; return None if the text is none.

    All three forms are accepted. The day of the week is not compared with the date: to refuse a wrong one would not
    help anybody.

    Args:
        text: the field's value, without white space around it.
        now: the time by which the century of a two-digit year (RFC 850) is chosen; None for the current time.
    """
    for form in _forms():
        if match := form.fullmatch(text):
            break
    else:
        return None
    month, day = _MONTH_NUMBERS[match["month"]], int(match["day"])
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"])
    year = int(match["year"]) if len(match["year"]) == 4 else _full_year(int(match["year"]), now)
    if second > 60:
        return None
    try:
        # The grammar has leap seconds, and datetime has not: one becomes the first second of the next minute.
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return moment + timedelta(seconds=1) if second == 60 else moment
    except (ValueError, OverflowError):
        return None


def _full_year(two_digits: int, now: datetime | None) -> int:
    """Return the year of two digits: one more than 50 years ahead is in the past (RFC 9110 §5.6.7)."""
    this_year = (now or datetime.now(UTC)).year
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + 50 else year
