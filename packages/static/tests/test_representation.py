"""Names and times in, fields out."""

import time

import pytest

from muntin.static._representation import About, describe

ABOUT = About("text/plain; charset=utf-8")
DAY_NS = 86_400_000_000_000


def test_validators() -> None:
    found = describe(("a.txt",), ABOUT, 1_600_000_000_123_456_789, 13)
    fields = dict(found.fields)
    assert fields["ETag"] == '"16345785dffbcd15-d"'
    assert fields["Last-Modified"] == "Sun, 13 Sep 2020 12:26:40 GMT"
    assert found.last_modified == 1_600_000_000


def test_each_coding_has_its_own_tag() -> None:
    tags = {describe(("a",), ABOUT._replace(coding=coding), 0, 1).etag for coding in ("", "br", "gzip")}
    assert len(tags) == 3


def test_what_a_304_repeats() -> None:
    found = describe(("a",), About("text/css", cache_control="no-cache", vary="Accept-Encoding"), 0, 1)
    assert [name for name, _ in found.lasting] == ["ETag", "Cache-Control", "Vary"]


@pytest.mark.row("BH-11")
def test_a_time_in_the_future_is_no_date() -> None:
    before = int(time.time())
    found = describe(("a",), ABOUT, time.time_ns() + DAY_NS, 1)
    assert found.last_modified is not None
    assert before <= found.last_modified <= time.time()


def test_times_before_the_epoch() -> None:
    found = describe(("a",), ABOUT, -DAY_NS, 1)
    assert dict(found.fields)["Last-Modified"] == "Wed, 31 Dec 1969 00:00:00 GMT"


def test_times_that_no_date_can_show() -> None:
    found = describe(("a",), ABOUT, -(10**20), 1)
    assert found.last_modified is None
    assert "Last-Modified" not in dict(found.fields)


def test_another_size_is_another_representation() -> None:
    found = describe(("a",), ABOUT, 5, 1)
    shorter = found.resized(0)
    assert (shorter.size, shorter.etag != found.etag) == (0, True)
    assert dict(shorter.fields)["Content-Length"] == "0"
