"""Several guestbooks behind one address: a PostgreSQL keeps the entries, a Redis carries the news."""

import json
import signal
from contextlib import ExitStack

import pytest
from guestbook.settings import Settings, SettingsError
from websockets.sync.client import connect

PATIENCE = 120.0


def open_feed(guestbook, query=""):
    return connect(guestbook.feed_url(query), proxy=None, open_timeout=PATIENCE)


def write(guestbook, message):
    with guestbook.client() as client:
        response = client.post("/api/entries", json={"name": "Ada", "message": message})
    assert response.status_code == 201
    return response.json()


def receive(feed):
    return json.loads(feed.recv(timeout=PATIENCE))


@pytest.fixture
def pair(start, postgresql, redis):
    """Return two guestbooks that share everything."""
    shared = {"GUESTBOOK_DB": postgresql, "GUESTBOOK_REDIS": redis.url}
    pair = [start(**shared), start(**shared)]
    yield pair
    for guestbook in pair:
        if guestbook.process.poll() is None:
            assert guestbook.stop() == 0, guestbook.read_complaints()


@pytest.mark.row("XP-13", "RN-26", "WS-16")
def test_what_is_written_at_one_is_read_at_the_other(pair):
    with ExitStack() as stack:
        feeds = [stack.enter_context(open_feed(guestbook)) for guestbook in pair]
        for number, guestbook in enumerate([*pair, *pair]):
            entry = write(guestbook, f"{number}")
            assert [receive(feed) for feed in feeds] == [entry, entry]


@pytest.mark.row("XP-13")
def test_what_is_written_while_redis_is_away_is_read_when_it_is_back(pair, redis):
    first, second = pair
    with open_feed(first) as near, open_feed(second) as far:
        known = write(first, "before")
        assert receive(near) == receive(far) == known
        redis.stop()
        missed = write(first, "meanwhile")
        assert receive(near) == missed
        redis.start()
        assert receive(far) == missed
        entry = write(second, "afterwards")
        assert receive(near) == receive(far) == entry
    for guestbook in pair:
        assert guestbook.stop() == 0
        complaints = guestbook.read_complaints()
        assert "no news from Redis" in complaints
        assert "Traceback" not in complaints
        guestbook.complaints.truncate(0)


@pytest.mark.row("XP-13")
def test_many_processes_at_one_address(start, postgresql, redis):
    guestbook = start(GUESTBOOK_DB=postgresql, GUESTBOOK_REDIS=redis.url, GUESTBOOK_WORKERS=2)
    with ExitStack() as stack:
        # Enough that each process has some, whichever it accepts.
        feeds = [stack.enter_context(open_feed(guestbook)) for _ in range(8)]
        entry = write(guestbook, "to all of you")
        assert [receive(feed) for feed in feeds] == [entry] * len(feeds)
        guestbook.process.send_signal(signal.SIGTERM)
    assert guestbook.process.wait(PATIENCE) == 0


def test_a_redis_that_is_not_there_is_said(start):
    guestbook = start(wait=False, GUESTBOOK_REDIS="unix:///no/such/socket")
    assert guestbook.process.wait(PATIENCE) == 1
    complaints = guestbook.read_complaints()
    assert "the Redis of GUESTBOOK_REDIS cannot be reached" in complaints
    assert "Traceback" not in complaints


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"GUESTBOOK_REDIS": "localhost"}, "GUESTBOOK_REDIS is not a URL"),
        ({"GUESTBOOK_WORKERS": "2"}, "GUESTBOOK_WORKERS needs GUESTBOOK_REDIS"),
        ({"GUESTBOOK_WORKERS": "many"}, "GUESTBOOK_WORKERS is 'many'"),
        ({"GUESTBOOK_PROXIES": "10.0.0.0/8, x"}, "GUESTBOOK_PROXIES names a network that is none"),
        ({"GUESTBOOK_DELAY": "-1"}, "GUESTBOOK_DELAY is '-1'"),
    ],
)
def test_settings_that_make_no_sense(settings, complaint):
    with pytest.raises(SettingsError, match=complaint):
        Settings.from_environment(settings)
