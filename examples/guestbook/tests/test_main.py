"""The command: what it says, what it refuses, how it ends."""

import signal
import socket
from urllib.parse import urlsplit

import pytest

PATIENCE = 120.0

# A setting that cannot be used, and what the one line about it must mention.
BAD_SETTINGS = [
    ({"GUESTBOOK_PORT": "eighty"}, "GUESTBOOK_PORT"),
    ({"GUESTBOOK_PORT": "65536"}, "GUESTBOOK_PORT"),
    ({"GUESTBOOK_PORT": "-1"}, "GUESTBOOK_PORT"),
    ({"GUESTBOOK_PORT": "\u0663"}, "GUESTBOOK_PORT"),
    ({"GUESTBOOK_DB": "guestbook.db"}, "GUESTBOOK_DB is not a database URL"),
    ({"GUESTBOOK_DB": "nosuch://u:secret@h/d"}, "GUESTBOOK_DB names a database that"),
    ({"GUESTBOOK_DB": "sqlite:///guestbook.db"}, "GUESTBOOK_DB needs an asynchronous driver"),
    (
        {"GUESTBOOK_DB": "sqlite+pysqlcipher://u:secret@/d"},
        "GUESTBOOK_DB needs a driver that is not installed",
    ),
]


@pytest.mark.parametrize(("settings", "complaint"), BAD_SETTINGS, ids=lambda value: str(value))
def test_a_bad_setting_is_named_in_one_line(start, settings, complaint):
    guestbook = start(wait=False, **settings)

    assert guestbook.process.wait(PATIENCE) == 2
    (line,) = guestbook.read_complaints().splitlines()
    assert line.startswith("guestbook: ")
    assert complaint in line
    assert "secret" not in line


def test_a_database_that_cannot_be_opened_is_said(start):
    guestbook = start(wait=False, GUESTBOOK_DB="sqlite+aiosqlite:////no/such/folder/guestbook.db")

    assert guestbook.process.wait(PATIENCE) == 1
    complaints = guestbook.read_complaints()
    assert complaints.startswith("guestbook: ")
    assert "Traceback" not in complaints


def test_a_port_that_is_taken_is_said(start):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        guestbook = start(wait=False, GUESTBOOK_PORT=port)
        assert guestbook.process.wait(PATIENCE) == 1

    complaints = guestbook.read_complaints()
    assert str(port) in complaints
    assert "Traceback" not in complaints


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_well_when_asked_to(start, signum):
    guestbook = start()

    assert guestbook.stop(signum) == 0
    assert guestbook.read_complaints() == ""


def test_entries_are_there_after_a_restart(start, png):
    database = {"GUESTBOOK_DB": "sqlite+aiosqlite:///kept.db"}
    first = start(**database)
    with first.client() as client:
        entry = client.post(
            "/api/entries", data={"name": "Ada", "message": "Remember me."}, files={"image": ("sky.png", png)}
        ).json()
    assert first.stop() == 0

    with start(**database).client() as client:
        assert client.get("/api/entries").json()["entries"] == [entry]
        assert client.get(entry["image"]).content == png


def test_an_upload_that_is_under_way_is_finished_before_the_end(start):
    guestbook = start()
    address = urlsplit(guestbook.url)
    body = b"name=Ada&message=Just+in+time."
    head = (
        b"POST /api/entries HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
        b"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %d\r\n\r\n" % len(body)
    )
    place = (address.hostname, address.port)
    idler, visitor = socket.create_connection(place, PATIENCE), socket.create_connection(place, PATIENCE)
    with idler, visitor, visitor.makefile("rb") as stream:
        idler.sendall(b"GET /api/entries HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert idler.recv(65536).startswith(b"HTTP/1.1 200 ")
        visitor.sendall(head)
        assert stream.readline() == b"HTTP/1.1 100 Continue\r\n"  # now its handler is at work
        assert stream.readline() == b"\r\n"
        visitor.sendall(body[:8])
        guestbook.process.terminate()
        assert idler.recv(65536) == b""  # now it is about to stop
        visitor.sendall(body[8:])
        response = stream.read()

    assert response.startswith(b"HTTP/1.1 201 ")
    assert response.endswith(b"}")
    assert guestbook.process.wait(PATIENCE) == 0
    assert guestbook.read_complaints() == ""
