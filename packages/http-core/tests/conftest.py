"""What the engine's tests share: every conversation is held three ways."""

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

Told = list[object]


def collect(connection: ServerConnection, told: Told) -> None:
    """Take all events there are; pieces of one body are joined, as their cut depends on that of the reads, and where
    chunks end is left out.
    """
    while True:
        event: Event = connection.next_event()
        if isinstance(event, Signal):
            return
        if isinstance(event, BodyData) and told and isinstance(told[-1], BodyData):
            told[-1] = BodyData(told[-1].data + event.data)
        elif isinstance(event, BodyData):
            told.append(BodyData(event.data))
        elif isinstance(event, RequestHead):
            told.append((event.method, event.target, event.version, list(event.fields)))
        else:
            told.append(EndOfBody(list(event.trailers)) if isinstance(event, EndOfBody) else event)
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
    """A way to cut a stream into reads."""
    return CUTS[request.param]


@pytest.fixture
def hear(cut: Callable[[bytes], Iterator[bytes]]) -> Callable[..., Told]:
    """Give what an engine tells of a stream, cut in one of the ways."""

    def hear(raw: bytes, limits: Limits | None = None, *, eof: bool = False) -> Told:
        connection = ServerConnection(limits or Limits())
        told: Told = []
        for piece in cut(raw):
            connection.receive(piece)
            if told and isinstance(told[-1], Rejected):
                break
            collect(connection, told)
        if eof and not (told and isinstance(told[-1], Rejected)):
            connection.receive_eof()
            collect(connection, told)
        return told

    return hear
