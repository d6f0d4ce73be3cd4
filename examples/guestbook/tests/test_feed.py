"""The live feed, through a WebSocket client that is not ours."""

import json
import socket
from urllib.parse import urlsplit

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

PATIENCE = 120.0


def write(client, message, name="Ada"):
    return client.post("/api/entries", json={"name": name, "message": message}).json()


def receive(feed):
    return json.loads(feed.recv(timeout=PATIENCE))


def receive_until_closed(feed):
    """Return all entries that still come, and the code with which the feed ends."""
    found = []
    try:
        while True:
            found.append(receive(feed))
    except ConnectionClosed as closed:
        return found, closed.rcvd.code


def open_feed(guestbook, query=""):
    return connect(guestbook.feed_url(query), proxy=None, open_timeout=PATIENCE)


def test_an_entry_reaches_every_reader_in_the_form_of_the_api(guestbook, client):
    with open_feed(guestbook) as first, open_feed(guestbook) as second:
        entry = write(client, "Hello, readers!")

        assert receive(first) == receive(second) == entry


def test_an_entry_from_the_form_is_news_too(guestbook, client):
    with open_feed(guestbook) as feed:
        client.post("/", data={"name": "Ada", "message": "By form."})

        assert receive(feed)["message"] == "By form."


def test_entries_arrive_in_their_order(guestbook, client):
    with open_feed(guestbook) as feed:
        written = [write(client, f"{number}")["id"] for number in range(30)]

        assert [receive(feed)["id"] for _ in written] == written


def test_a_reader_who_was_away_gets_what_was_missed_and_each_entry_once(guestbook, client):
    seen, *missed = [write(client, f"{number}") for number in range(120)]

    with open_feed(guestbook, f"?after={seen['id']}") as feed:
        now = write(client, "now")

        assert [receive(feed) for _ in range(120)] == [*missed, now]


def test_a_reader_who_leaves_does_not_disturb_the_others(guestbook, client):
    with open_feed(guestbook) as feed:
        with open_feed(guestbook):
            pass
        with open_feed(guestbook) as rude:
            rude.socket.shutdown(socket.SHUT_RDWR)

        entry = write(client, "Still here?")
        assert receive(feed) == entry


@pytest.mark.parametrize(("said", "code"), [("Hello?", 1003), (b"\0", 1003), ("x" * 2000, 1009)])
def test_a_reader_who_speaks_is_sent_away(guestbook, said, code):
    with open_feed(guestbook) as feed:
        feed.send(said)
        assert receive_until_closed(feed) == ([], code)


def test_another_version_is_told_which_one_is_spoken(client):
    fields = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version": "8",
    }

    response = client.get("/feed", headers=fields)

    assert response.status_code == 426
    assert response.headers["Sec-WebSocket-Version"] == "13"
    assert response.json()["title"] == "Upgrade Required"


def test_a_reader_who_lags_behind_is_asked_to_come_back_and_misses_nothing(guestbook, client):
    address = urlsplit(guestbook.url)
    narrow = socket.socket()
    narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    narrow.connect((address.hostname, address.port))

    # No pings of this side, whose answers would lag behind as well.
    options = {
        "compression": None,
        "max_queue": 1,
        "proxy": None,
        "open_timeout": PATIENCE,
        "ping_interval": None,
    }
    with connect(guestbook.feed_url(), sock=narrow, **options) as feed:
        written = []
        for _ in range(500):
            written.append(write(client, "🪟" * 1000)["id"])
            feed.pong()  # still there, however long all this takes
        entries, code = receive_until_closed(feed)

    assert code == 1013
    found = [entry["id"] for entry in entries]
    assert found == written[: len(found)]
    assert len(found) < len(written)
    with open_feed(guestbook, f"?after={found[-1]}") as feed:
        assert [receive(feed)["id"] for _ in written[len(found) :]] == written[len(found) :]


def test_a_reader_is_told_when_the_guestbook_closes(start):
    guestbook = start(GUESTBOOK_DB="sqlite+aiosqlite:///closing.db")
    with open_feed(guestbook) as feed:
        guestbook.process.terminate()
        assert receive_until_closed(feed) == ([], 1001)

    assert guestbook.process.wait(PATIENCE) == 0
    assert guestbook.read_complaints() == ""
