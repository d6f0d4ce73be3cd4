import pytest

from muntin.websocket.aio._heartbeat import Heartbeat

pytestmark = pytest.mark.anyio


@pytest.fixture
def start(clock):
    calls = []

    def make(**options):
        heartbeat = Heartbeat(
            10.0,
            clock,
            ping=lambda: calls.append(("ping", clock.now - 100)),
            give_up=lambda: calls.append(("give up", clock.now - 100)),
            is_reading_paused=options.get("is_reading_paused", lambda: False),
        )
        return heartbeat, calls

    return make


async def test_a_silent_peer_is_given_up_on(clock, start):
    _, calls = start()
    clock.advance(100)
    assert calls == [("ping", 10), ("give up", pytest.approx(15, abs=0.01))]


@pytest.mark.parametrize("stall", [5, 5.5, 100])
async def test_a_reply_that_a_busy_loop_has_not_read_counts(clock, start, stall):
    """In a turn of the loop timers may run before reads; in uvloop they do."""
    heartbeat, calls = start()
    clock.advance(10)
    clock.stall(stall)
    clock.advance(0)
    heartbeat.reset()
    clock.advance(9.9)
    assert [call for call, _ in calls] == ["ping"]


async def test_delays_of_the_loop_are_not_the_peers(clock, start):
    """If the machine slept, the reply may still be on its way. It gets at most as much time as usual."""
    _, calls = start()
    clock.advance(10)
    clock.stall(7)
    clock.advance(1.9)
    assert [call for call, _ in calls] == ["ping"]
    clock.advance(0.2)
    assert [call for call, _ in calls] == ["ping", "give up"]


async def test_any_bytes_end_the_silence(clock, start):
    heartbeat, calls = start()
    clock.advance(7)
    heartbeat.reset()
    clock.advance(9)
    assert calls == []
    clock.advance(2)
    heartbeat.reset()
    assert calls == [("ping", 17)]
    clock.advance(9)
    clock.advance(2)
    assert calls == [("ping", 17), ("ping", 28)]


async def test_silence_has_no_meaning_while_we_do_not_read(clock, start):
    _, calls = start(is_reading_paused=lambda: True)
    clock.advance(40)
    assert calls == [("ping", 10), ("ping", 25), ("ping", 40)]


async def test_it_stops(clock, start):
    heartbeat, calls = start()
    heartbeat.stop()
    clock.advance(100)
    assert calls == []
    assert clock.pending == 0
