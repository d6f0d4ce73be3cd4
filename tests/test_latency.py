"""Latency: requests are due by a schedule, and what a response takes counts from then on."""

import pytest

from benchmarks.latency import COMMON, OWN, list_rates
from benchmarks.schedule import Schedule, find_percentile


class Connection:
    """A connection that counts what it was told to send."""

    def __init__(self) -> None:
        self.sent = 0

    def send(self) -> None:
        self.sent += 1


def make_schedule(*, rate: float, count: int, connections: int) -> tuple[Schedule, list[Connection]]:
    schedule = Schedule(rate, count, start=100.0)
    senders = [Connection() for _ in range(connections)]
    schedule.free.extend(senders)
    return schedule, senders


def test_nothing_is_sent_before_it_is_due():
    schedule, (first, second) = make_schedule(rate=10, count=2, connections=2)
    schedule.advance(99.99)
    assert (first.sent, second.sent) == (0, 0)
    schedule.advance(100.0)
    assert (first.sent, second.sent) == (1, 0)
    schedule.advance(100.05)
    assert (first.sent, second.sent) == (1, 0)
    schedule.advance(100.11)
    assert (first.sent, second.sent) == (1, 1)


def test_a_latency_counts_from_when_the_request_was_due():
    schedule, (only,) = make_schedule(rate=10, count=1, connections=1)
    schedule.advance(100.25)
    schedule.complete(only, 100.5)
    assert schedule.lags == [0.25]
    assert schedule.latencies == [0.5]
    assert schedule.finished


def test_a_stall_counts_for_every_request_that_waited_for_it():
    schedule, (only,) = make_schedule(rate=4, count=4, connections=1)
    schedule.advance(100.0)
    schedule.advance(100.75)
    assert only.sent == 1, "the connection is busy"
    for _ in range(4):  # a stall of a second, then every response at once
        schedule.complete(only, 101.0)
        schedule.advance(101.0)
    assert schedule.latencies == [1.0, 0.75, 0.5, 0.25]
    assert schedule.finished


def test_no_more_is_sent_than_was_asked_for():
    schedule, senders = make_schedule(rate=10, count=3, connections=5)
    schedule.advance(200.0)
    assert [sender.sent for sender in senders] == [1, 1, 1, 0, 0]
    assert not schedule.finished


def test_a_load_that_falls_behind_has_not_reached_its_rate():
    schedule, (only,) = make_schedule(rate=4, count=4, connections=1)
    schedule.advance(100.0)
    schedule.complete(only, 100.25)
    schedule.advance(100.25)
    assert schedule.reached_rate == 4
    schedule.complete(only, 103.0)
    schedule.advance(103.0)  # the third, two and a half seconds late
    assert schedule.reached_rate == pytest.approx(3 / (0.75 + 2.5))


def test_connections_take_turns():
    schedule, (first, second) = make_schedule(rate=1, count=3, connections=2)
    schedule.advance(100.0)
    schedule.complete(first, 100.5)
    schedule.advance(101.0)
    assert (first.sent, second.sent) == (1, 1)


@pytest.mark.parametrize(
    ("percent", "expected"), [(0, 1), (1, 1), (50, 50), (98.5, 99), (99, 99), (99.1, 100), (100, 100)]
)
def test_a_percentile_is_one_of_the_values(percent, expected):
    assert find_percentile(list(range(100, 0, -1)), percent) == expected


def test_of_few_values_the_99th_percentile_is_the_largest():
    assert find_percentile([3.0, 1.0, 2.0], 99) == 3.0


def test_nothing_has_no_percentile():
    with pytest.raises(ValueError, match="nothing was measured"):
        find_percentile([], 99)


def test_all_are_measured_at_the_same_rate_and_at_their_own():
    capacities = {"aiohttp": 1000.0, "muntin": 3000.0}
    assert list_rates("muntin", capacities) == pytest.approx({COMMON: 700, OWN: 2100})
    assert list_rates("aiohttp", capacities) == pytest.approx({COMMON: 700, OWN: 700})


def test_without_the_one_that_sets_the_rate_each_has_its_own():
    assert list_rates("muntin", {"muntin": 3000.0}) == pytest.approx({OWN: 2100})
