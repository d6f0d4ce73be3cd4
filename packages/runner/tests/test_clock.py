"""The server's clock: when it ticks, and what it makes of a time-out."""

import asyncio
from itertools import pairwise
from math import ceil, inf
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muntin.http_core import ResponseHead
from muntin.runner import Exchange, Server, Timeouts
from muntin.runner._clock import TickingClock

QUIET = dict.fromkeys(("first_byte", "head", "body", "write", "keep_alive", "drain", "linger"), inf)


class Loop:
    """A loop's time, and what is planned for when."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now
        self.planned: list[float] = []
        self.callback: Any = None

    def time(self) -> float:
        return self.now

    def call_at(self, when: float, callback: Any, *arguments: Any) -> Any:
        self.planned.append(when)
        self.callback = lambda: callback(*arguments)
        return asyncio.TimerHandle(when, callback, arguments, self)  # type: ignore[arg-type]

    def get_debug(self) -> bool:
        return False

    def _timer_handle_cancelled(self, handle: Any) -> None:
        pass


def test_it_ticks_at_whole_seconds() -> None:
    loop = Loop(100.3)
    ticks: list[float] = []
    clock = TickingClock(loop, Timeouts(), lambda: ticks.append(clock.now))  # type: ignore[arg-type]
    clock.start()
    for late in (0.0, 0.4, -0.001, 2.5):
        loop.now = loop.planned[-1] + late
        loop.callback()
    assert loop.planned == [101, 102, 103, 104, 107]
    # A loop that wakes a hair early has it counted as the time that was meant; ticks that it missed do not count.
    assert ticks == [101, 102.4, 103, 104.5]


@pytest.mark.row("HI-23")
@given(delays=st.lists(st.floats(0, 100), min_size=3, max_size=20), seconds=st.floats(0.02, 3))
@example(delays=[14.0, 0.0, 0.0], seconds=0.02)  # a quotient that is rounded down
def test_what_the_loop_was_late_its_peers_were_not(delays: list[float], seconds: float) -> None:
    """However late each tick is, a deadline has been looked at once for each interval that it is away."""
    loop = Loop(50.0)
    clock = TickingClock(loop, Timeouts(**QUIET | {"head": seconds}), lambda: None)  # type: ignore[arg-type]
    clock.start()
    deadline = clock.deadline_in(seconds)
    for looks, delay in enumerate(delays, start=1):
        loop.now = loop.planned[-1] + delay
        loop.callback()
        if clock.now >= deadline:
            assert looks >= seconds / clock.interval - 1e-6
            break
    assert all(earlier < later for earlier, later in pairwise(loop.planned))


@pytest.mark.row("RN-24")
@pytest.mark.parametrize(
    ("keep_alive", "threshold", "interval"),
    [(5, 5, 1), (75, 5, 1), (3, 5, 1), (1, 5, 0.5), (1, 1, 1), (0.2, 5, 0.1), (0.2, 0.1, 1), (0, 5, 0.01)],
)
def test_only_sharp_time_outs_make_it_tick_faster(
    keep_alive: float, threshold: float, interval: float
) -> None:
    timeouts = Timeouts(**QUIET | {"keep_alive": keep_alive}, ceil_threshold=threshold)
    clock = TickingClock(Loop(), timeouts, lambda: None)  # type: ignore[arg-type]
    assert clock.interval == interval


@pytest.mark.row("RN-24")
@given(
    now=st.floats(0, 1e6),
    age=st.floats(0, 1),
    seconds=st.floats(0, 1e4),
    threshold=st.sampled_from([0, 1, 5, 100]),
)
def test_no_deadline_is_early_and_long_ones_are_whole(
    now: float, age: float, seconds: float, threshold: float
) -> None:
    clock = TickingClock(Loop(now), Timeouts(ceil_threshold=threshold), lambda: None)  # type: ignore[arg-type]
    present = now + age * clock.interval
    deadline = clock.deadline_in(seconds)
    assert deadline >= present + seconds - 1e-6
    assert deadline <= ceil(now + seconds + clock.interval)
    if seconds >= threshold:
        assert deadline == ceil(deadline)
    assert clock.deadline_in(inf) == inf


@pytest.mark.row("RN-24")
def test_the_timers_of_a_server_can_be_seen_at_the_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of them are for whole seconds where the threshold is below every time-out."""

    async def hello(exchange: Exchange) -> None:
        exchange.respond(ResponseHead(200))

    async def main(threshold: float) -> list[float]:
        loop = asyncio.get_running_loop()
        planned: list[float] = []
        plan = loop.call_at

        def call_at(when: float, *arguments: Any, **options: Any) -> asyncio.TimerHandle:
            planned.append(when)
            return plan(when, *arguments, **options)

        monkeypatch.setattr(loop, "call_at", call_at)
        server = Server(hello, timeouts=Timeouts(keep_alive=1.5, ceil_threshold=threshold))
        listener = await loop.create_server(server, "127.0.0.1", 0)
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        writer.write(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        writer.close()
        listener.close()
        # Not what looks, several times a second, whether there is still work when it ends.
        serving = list(planned)
        await server.shutdown()
        return serving

    whole = asyncio.run(main(1))
    assert whole
    assert all(when == int(when) for when in whole)
    sharp = asyncio.run(main(5))
    assert any(when % 0.75 == 0 for when in sharp)


@pytest.mark.row("RN-24")
@given(now=st.floats(0, 1e6), seconds=st.floats(0, 1e4), threshold=st.sampled_from([0, 1, 5, 100]))
def test_timers_apart_follow_the_same_rule(now: float, seconds: float, threshold: float) -> None:
    clock = TickingClock(Loop(now), Timeouts(ceil_threshold=threshold), lambda: None)  # type: ignore[arg-type]
    deadline = clock.loop_deadline_in(seconds)
    assert deadline == (ceil(now + seconds) if seconds >= threshold else now + seconds)
    assert clock.loop_deadline_in(inf) == inf
