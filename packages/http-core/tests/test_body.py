"""Bodies: framing is removed, limits are kept, trailers are checked."""

from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core import (
    UNTIL_CLOSE,
    BodyData,
    EndOfBody,
    Limits,
    Rejected,
    RequestHead,
    ServerConnection,
    Signal,
)
from muntin.http_core._body import make_reader

ReadEvents = Callable[..., list[object]]
CHUNKED = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
NEXT = b"GET /next HTTP/1.1\r\nHost: a\r\n\r\n"


def of_body(events: list[object]) -> list[object]:
    return events[1:]


@pytest.mark.parametrize("rest", [b"", NEXT, b"junk"], ids=["alone", "then-a-request", "then-junk"])
def test_length(read_events: ReadEvents, rest: bytes) -> None:
    raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello" + rest
    assert of_body(read_events(raw)) == [BodyData(b"hello"), EndOfBody([])]


@pytest.mark.parametrize("rest", [b"", NEXT], ids=["alone", "then-a-request"])
@pytest.mark.parametrize(
    ("body", "data", "trailers"),
    [
        (b"0\r\n\r\n", b"", []),
        (b"5\r\nhello\r\n0\r\n\r\n", b"hello", []),
        (b"5;a\r\nhello\r\n0;b=c\r\n\r\n", b"hello", []),
        (b'5 ; a = "q\\"s" ;b\r\nhello\r\n0\r\n\r\n', b"hello", []),
        (b"00005\r\nhello\r\n000\r\n\r\n", b"hello", []),
        (b"a\r\n0123456789\r\n3\r\n\r\n\r\r\n0\r\n\r\n", b"0123456789\r\n\r", []),
        (b"1\r\na\r\n" * 20 + b"0\r\n\r\n", b"a" * 20, []),
        (b"1\r\na\r\n0\r\nX-Sum: 1\r\nY:  2 \r\n\r\n", b"a", [(b"X-Sum", b"1"), (b"Y", b"2")]),
    ],
)
def test_chunked(
    read_events: ReadEvents, body: bytes, data: bytes, trailers: list[tuple[bytes, bytes]], rest: bytes
) -> None:
    expected: list[object] = [BodyData(data)] if data else []
    assert of_body(read_events(CHUNKED + body + rest)) == [*expected, EndOfBody(trailers)]


@pytest.mark.row("HI-15", "AH-12", "AH-04")
@pytest.mark.parametrize(
    "body",
    [
        b"-1\r\n",
        b"+1\r\na\r\n",
        b"0x1\r\na\r\n",
        b"1_0\r\n",
        b" 1\r\na\r\n",
        b"1 \r\na\r\n",
        b"\r\n",
        b"g\r\n",
        b"1" * 17 + b"\r\n",
        b"f" * 16 + b"\r\n",
        b"1\na\r\n",
        b"1\ra\r\n",
        b"1;a\nb\r\na\r\n",
        b"1;a\rb\r\na\r\n",
        b"1;\x00\r\na\r\n",
        b'1;a="\r\na\r\n',
        b"1;" + b"a" * 300 + b"\r\na\r\n",
        b"1;" + b"a" * 300,
        b"\xd9\xa1\r\na\r\n",
    ],
)
def test_refused_chunk_line(read_events: ReadEvents, body: bytes) -> None:
    [event] = of_body(read_events(CHUNKED + body))
    assert isinstance(event, Rejected)
    assert event.status == 400


@pytest.mark.row("HI-15")
@pytest.mark.parametrize("end", [b"XX", b"\n\n", b"\r\r", b"\nx", b"b\r\n"])
def test_refused_end_of_chunk(read_events: ReadEvents, end: bytes) -> None:
    assert of_body(read_events(CHUNKED + b"1\r\na" + end + b"0\r\n\r\n")) == [
        BodyData(b"a"),
        Rejected(400, "malformed end of chunk"),
    ]


@pytest.mark.row("HI-16", "AH-13")
@pytest.mark.parametrize(
    "line",
    [
        b"Content-Length: 5",
        b"transfer-encoding: chunked",
        b"Host: b",
        b"Cookie: a=b",
        b"X : a",
        b"X",
        b"X: a\n",
        b" X: a",
        b"X: \x00",
        b"Content-Range: bytes 0-1/2",
        b"If-None-Match: *",
        b"Proxy-Authorization: Basic a",
    ],
)
def test_refused_trailer(read_events: ReadEvents, line: bytes) -> None:
    [event] = of_body(read_events(CHUNKED + b"0\r\n" + line + b"\r\n\r\n" + NEXT))
    assert isinstance(event, Rejected)
    assert event.status == 400


@pytest.mark.row("HI-14", "AH-22")
@pytest.mark.parametrize(
    ("trailers", "limits"),
    [
        (b"X: a\r\n" * 40 + b"\r\n", Limits()),
        (b"X: a\r\n" * 5000, Limits()),
        (b"X: " + b"a" * 9000, Limits()),
        (b"X: " + b"a" * 9000 + b"\r\n\r\n", Limits()),
    ],
)
def test_too_many_trailers(read_events: ReadEvents, trailers: bytes, limits: Limits) -> None:
    assert of_body(read_events(CHUNKED + b"0\r\n" + trailers, limits)) == [Rejected(431, "too many trailers")]


def test_trailers_that_just_fit(read_events: ReadEvents) -> None:
    trailers = b"X: a\r\n" * 2 + b"\r\n"
    assert of_body(read_events(CHUNKED + b"0\r\n" + trailers, Limits(trailer_section=12))) == [
        EndOfBody([(b"X", b"a")] * 2)
    ]
    assert of_body(read_events(CHUNKED + b"0\r\n" + trailers, Limits(trailer_section=11))) == [
        Rejected(431, "too many trailers")
    ]


def test_limit_on_the_body(read_events: ReadEvents) -> None:
    limits = Limits(body=4)
    declared = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n"
    assert read_events(declared % 5 + b"hello", limits) == [Rejected(413, "body too large")]
    assert of_body(read_events(declared % 4 + b"four", limits)) == [BodyData(b"four"), EndOfBody([])]
    assert of_body(read_events(CHUNKED + b"4\r\nfour\r\n1\r\nx\r\n", limits)) == [
        BodyData(b"four"),
        Rejected(413, "body too large"),
    ]
    assert of_body(read_events(CHUNKED + b"4\r\nfour\r\n0\r\n\r\n", limits)) == [
        BodyData(b"four"),
        EndOfBody([]),
    ]


@pytest.mark.row("HI-17", "AH-20")
def test_very_many_tiny_chunks() -> None:
    connection = ServerConnection()
    connection.receive(CHUNKED + b"1\r\nx\r\n" * 150_000 + b"0\r\n\r\n")
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.next_event() == BodyData(b"x" * 150_000, list(range(1, 150_001)))
    assert connection.next_event() == EndOfBody()


@pytest.mark.parametrize("framing", ["Content-Length: 5", "Transfer-Encoding: chunked"])
def test_where_chunks_end(cut: Callable[[bytes], Iterator[bytes]], framing: str) -> None:
    is_chunked = "chunked" in framing
    body = b"2\r\nab\r\n3;a=b\r\ncde\r\n0\r\n\r\n" if is_chunked else b"abcde"
    connection = ServerConnection()
    data, ends = b"", []
    for piece in cut(f"POST / HTTP/1.1\r\nHost: a\r\n{framing}\r\n\r\n".encode() + body):
        connection.receive(piece)
        while not isinstance(event := connection.next_event(), Signal):
            if isinstance(event, BodyData):
                assert all(len(data) < end <= len(data + event.data) for end in event.chunk_ends)
                data += event.data
                ends += event.chunk_ends
    assert (data, ends) == (b"abcde", [2, 5] if is_chunked else [])


def test_nothing_is_read_past_the_end() -> None:
    connection = ServerConnection()
    connection.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx" + NEXT)
    assert isinstance(connection.next_event(), RequestHead)
    assert connection.next_event() == BodyData(b"x")
    assert connection.next_event() == EndOfBody()
    assert connection.next_event() is Signal.PAUSED
    assert connection.buffered == len(NEXT)


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=8), st.integers(1, 50))
def test_any_chunks_however_cut(chunks: list[bytes], size: int) -> None:
    raw = CHUNKED + b"".join(b"%X\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    connection = ServerConnection()
    got = b""
    ended = False
    for start in range(0, len(raw), size):
        connection.receive(raw[start : start + size])
        while not isinstance(event := connection.next_event(), Signal):
            got += event.data if isinstance(event, BodyData) else b""
            ended |= isinstance(event, EndOfBody)
    assert (got, ended) == (b"".join(chunks), True)


def test_what_is_left() -> None:
    connection = ServerConnection()
    assert connection.request_left == 0
    connection.receive(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhel")
    connection.next_event()
    assert connection.request_left == 5
    connection.next_event()
    assert connection.request_left == 2
    chunked = ServerConnection()
    chunked.receive(CHUNKED)
    chunked.next_event()
    assert chunked.request_left is None


def test_a_body_until_the_close_has_no_known_rest() -> None:
    assert make_reader(UNTIL_CLOSE, Limits()).left is None
