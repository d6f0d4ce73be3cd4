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
            is_deaf=options.get("is_deaf", lambda: False),
        )
        return heartbeat, calls

    return make


async def test_a_silent_peer_is_given_up_on(clock, start):
    _, calls = start()
    clock.advance(100)
    assert calls == [("ping", 10), ("give up", 15)]


async def test_any_word_breaks_the_silence(clock, start):
    heartbeat, calls = start()
    clock.advance(7)
    heartbeat.hear()
    clock.advance(9)
    assert calls == []
    clock.advance(2)
    heartbeat.hear()
    assert calls == [("ping", 17)]
    clock.advance(9)
    clock.advance(2)
    assert calls == [("ping", 17), ("ping", 28)]


async def test_silence_means_nothing_while_we_do_not_listen(clock, start):
    _, calls = start(is_deaf=lambda: True)
    clock.advance(40)
    assert calls == [("ping", 10), ("ping", 25), ("ping", 40)]


async def test_it_stops(clock, start):
    heartbeat, calls = start()
    heartbeat.stop()
    clock.advance(100)
    assert calls == []
    assert clock.pending == 0
