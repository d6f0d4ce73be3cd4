"""HTTP dates (RFC 9110 §5.6.7).

Knows the one form that is sent and the three that are accepted. Does not know the clock, except to place a
two-digit year, and never consults the locale.
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


@cache  # compiled for the first date that arrives: every server writes dates, few read any
def _forms() -> tuple[re.Pattern[str], ...]:
    """Give the forms, the preferred one first: nearly every date that arrives is one."""
    return tuple(map(re.compile, (_IMF_FIXDATE, _RFC850_DATE, _ASCTIME_DATE)))


def format_date(timestamp: float) -> str:
    """Give the IMF-fixdate of a moment, such as ``Sun, 06 Nov 1994 08:49:37 GMT``.

    Args:
        timestamp: seconds since the epoch; a fraction is cut off, as a date must not lie in the future.

    Raises:
        ValueError: the moment has no four-digit year, or is not a finite number.
    """
    try:
        return _format_second(int(timestamp // 1))
    except (OverflowError, OSError, ValueError):
        raise ValueError(f"no HTTP date can show the timestamp {timestamp!r}") from None


@lru_cache(maxsize=128)  # A server formats the current second, and few files' times, again and again.
def _format_second(timestamp: int) -> str:
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(timestamp)
    if not 1 <= year <= 9999:
        raise ValueError(year)
    return f"{_DAYS[weekday]}, {day:02} {_MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


def parse_date(text: str, *, now: datetime | None = None) -> datetime | None:
    """Give the moment that a field names, in UTC, or None when the text is not an HTTP date.

    All three forms are accepted. The name of the day is not held against the date: a recipient gains
    nothing by refusing a date whose sender miscounted the week.

    Args:
        text: the field's value, without white space around it.
        now: what the two-digit year of the obsolete RFC 850 form is relative to; the clock's time when None.
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
        # A leap second is in the grammar and not in datetime: it becomes the first second of the next minute.
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        return moment + timedelta(seconds=1) if second == 60 else moment
    except (ValueError, OverflowError):
        return None


def _full_year(two_digits: int, now: datetime | None) -> int:
    """Place a two-digit year: more than 50 years ahead means the past (RFC 9110 §5.6.7)."""
    this_year = (now or datetime.now(UTC)).year
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + 50 else year
