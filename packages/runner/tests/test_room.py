"""How many connections fit, beside the cap and beside what the descriptors of the process allow."""

import pytest

from muntin.runner._room import REFUSED_AT_ONCE, RESERVE, Room, Verdict

resource = pytest.importorskip("resource")

KNOWN_BY_NOBODY = -1


def judge_all(room: Room, descriptors: range) -> dict[Verdict, int]:
    """Return how many of the connections with these descriptors have each verdict."""
    verdicts = [room.judge(1, descriptor) for descriptor in descriptors]
    return {verdict: verdicts.count(verdict) for verdict in Verdict}


@pytest.mark.row("HI-54")
@pytest.mark.parametrize(
    ("limit", "reserve"),
    [(2, 1), (20, 10), (40, 20), (64, 32), (128, 64), (256, 64), (512, 64), (1024, 128), (65536, 8192)],
)
def test_some_descriptors_are_never_taken(monkeypatch: pytest.MonkeyPatch, limit: int, reserve: int) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (limit, 1 << 20))
    verdicts = judge_all(Room(None), range(limit))
    assert verdicts[Verdict.CUT] == reserve
    assert verdicts[Verdict.SERVE] >= 1
    assert verdicts[Verdict.REFUSE] == min(REFUSED_AT_ONCE, (limit - reserve) // 8)
    # In this order: the descriptors of those who are served are the lowest.
    order = [Room(None).judge(1, descriptor) for descriptor in range(limit)]
    assert order == [verdict for verdict in Verdict for _ in range(verdicts[verdict])]


@pytest.mark.row("HI-54")
def test_the_reserve_is_what_a_process_needs_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (2 * RESERVE, 1 << 20))
    assert Room(None).judge(1, RESERVE) is Verdict.CUT


def test_a_limit_that_is_raised_counts_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    room = Room(None)
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 1 << 20))
    assert room.judge(1, 200) is Verdict.CUT
    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1 << 20))
    assert room.judge(1, 200) is Verdict.SERVE
    monkeypatch.setattr(resource, "getrlimit", lambda _: (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    assert room.judge(1, 1 << 40) is Verdict.SERVE


def test_a_cap_on_connections() -> None:
    room = Room(3)
    verdicts = [room.judge(count, KNOWN_BY_NOBODY) for count in range(1, 3 + REFUSED_AT_ONCE + 3)]
    assert verdicts == [Verdict.SERVE] * 3 + [Verdict.REFUSE] * REFUSED_AT_ONCE + [Verdict.CUT] * 2
