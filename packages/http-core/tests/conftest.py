"""Fixtures of the engine's tests: every stream is read three times, in pieces of different sizes."""

from collections.abc import Callable, Iterator

import pytest

from muntin.http_core import (
    BodyData,
    EndOfBody,
    Event,
    Limits,
    PeerClosed,
    Rejected,
    RequestHead,
    ServerConnection,
    Signal,
)

Events = list[object]


def collect(connection: ServerConnection, events: Events) -> None:
    """Read all events so far into a list.

    Pieces of one body are joined, since they depend on the reads, and the ends of chunks are left out.
    """
    while True:
        event: Event = connection.next_event()
        if isinstance(event, Signal):
            return
        if isinstance(event, BodyData) and events and isinstance(events[-1], BodyData):
            events[-1] = BodyData(events[-1].data + event.data)
        elif isinstance(event, BodyData):
            events.append(BodyData(event.data))
        elif isinstance(event, RequestHead):
            events.append((event.method, event.target, event.version, list(event.fields)))
        else:
            events.append(EndOfBody(list(event.trailers)) if isinstance(event, EndOfBody) else event)
        if isinstance(event, (Rejected, PeerClosed)):
            return


def whole(raw: bytes) -> Iterator[bytes]:
    yield raw


def byte_by_byte(raw: bytes) -> Iterator[bytes]:
    for at in range(len(raw)):
        yield raw[at : at + 1]


def in_sevens(raw: bytes) -> Iterator[bytes]:
    for at in range(0, len(raw), 7):
        yield raw[at : at + 7]


CUTS = {"whole": whole, "byte by byte": byte_by_byte, "in sevens": in_sevens}


@pytest.fixture(params=CUTS, ids=lambda name: name.replace(" ", "-"))
def cut(request: pytest.FixtureRequest) -> Callable[[bytes], Iterator[bytes]]:
    """Return a function that cuts a stream into reads."""
    return CUTS[request.param]


@pytest.fixture
def read_events(cut: Callable[[bytes], Iterator[bytes]]) -> Callable[..., Events]:
    """Return a function that reads the events of a stream, cut in one of the ways."""

    def read_events(raw: bytes, limits: Limits | None = None, *, eof: bool = False) -> Events:
        connection = ServerConnection(limits or Limits())
        events: Events = []
        for piece in cut(raw):
            connection.receive(piece)
            if events and isinstance(events[-1], Rejected):
                break
            collect(connection, events)
        if eof and not (events and isinstance(events[-1], Rejected)):
            connection.receive_eof()
            collect(connection, events)
        return events

    return read_events
