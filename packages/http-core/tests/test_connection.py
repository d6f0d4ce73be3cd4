"""Responses and the order of things: whole conversations with the server's side of a connection."""

from collections.abc import Callable

import pytest

from muntin.http_core import (
    NO_BODY,
    BodyData,
    BodyFraming,
    EndOfBody,
    FieldBlock,
    FramingKind,
    Limits,
    LocalProtocolError,
    NextExchange,
    PeerClosed,
    Rejected,
    RequestHead,
    ResponseHead,
    ResponseState,
    ServerConnection,
    Signal,
)

DATE = b"Date: Thu, 01 Jan 1970 00:00:00 GMT\r\n"
GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"


def after(raw: bytes) -> ServerConnection:
    """Return a connection that has read the head of a request."""
    connection = ServerConnection()
    connection.receive(raw)
    assert isinstance(connection.next_event(), RequestHead)
    return connection


def ok(*fields: tuple[str, str]) -> ResponseHead:
    return ResponseHead(200, fields)


# Whole responses


def test_a_whole_response() -> None:
    head, body = after(GET).respond(ok(("Content-Type", "text/plain")), b"hello", DATE)
    assert head + body == (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n" + DATE + b"Content-Length: 5\r\n\r\nhello"
    )


@pytest.mark.parametrize(
    ("request_line", "status", "fields", "length_line", "sent"),
    [
        (b"GET / HTTP/1.1", 200, (), b"Content-Length: 4\r\n", b"body"),
        (b"HEAD / HTTP/1.1", 200, (), b"Content-Length: 4\r\n", b""),
        (b"HEAD / HTTP/1.1", 200, (("Content-Length", "99"),), b"Content-Length: 99\r\n", b""),
        (b"GET / HTTP/1.1", 204, (), b"", b""),
        (b"GET / HTTP/1.1", 304, (), b"", b""),
        (b"GET / HTTP/1.1", 304, (("Content-Length", "99"),), b"Content-Length: 99\r\n", b""),
        (b"GET / HTTP/1.1", 200, (("content-length", "4"),), b"Content-Length: 4\r\n", b"body"),
        (b"GET / HTTP/1.1", 205, (), b"Content-Length: 0\r\n", b""),
    ],
)
def test_what_a_status_and_a_method_leave_of_a_body(
    request_line: bytes, status: int, fields: tuple[tuple[str, str], ...], length_line: bytes, sent: bytes
) -> None:
    connection = after(request_line + b"\r\nHost: a\r\n\r\n")
    head, body = connection.respond(ResponseHead(status, fields), b"body")
    assert head.split(b"\r\n", 1)[1] == length_line + b"\r\n"
    assert body == sent
    connection.start_next_exchange()
    elsewhere = after(request_line + b"\r\nHost: a\r\n\r\n")
    assert elsewhere.announce(ResponseHead(status, fields), 4) == (head, len(sent))
    elsewhere.start_next_exchange()


def test_nothing_is_announced_without_a_request() -> None:
    with pytest.raises(LocalProtocolError, match="no request"):
        ServerConnection().announce(ok(), 4)
    with pytest.raises(LocalProtocolError, match="differs"):
        after(GET).announce(ok(("Content-Length", "5")), 4)


def test_keep_alive_and_pipelining() -> None:
    connection = after(GET * 3)
    for turn in range(3):
        assert connection.next_event() is Signal.PAUSED
        connection.respond(ok(), b"%d" % turn)
        connection.start_next_exchange()
        expected = RequestHead if turn < 2 else Signal
        assert isinstance(connection.next_event(), expected)
    connection.receive_eof()
    assert connection.next_event() == PeerClosed()


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", b"Connection: close\r\n"),
        (b"GET / HTTP/1.0\r\n\r\n", b"Connection: close\r\n"),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", b"Connection: keep-alive\r\n"),
        (GET, b""),
    ],
)
def test_who_says_that_the_connection_ends(raw: bytes, line: bytes) -> None:
    connection = after(raw)
    head, _ = connection.respond(ok())
    assert head.endswith(b"Content-Length: 0\r\n" + line + b"\r\n")
    if line.endswith(b"close\r\n"):
        assert not connection.keeps_alive
        with pytest.raises(LocalProtocolError, match="LAST"):
            connection.start_next_exchange()
    else:
        connection.start_next_exchange()


@pytest.mark.parametrize("way", ["field", "method"])
def test_we_end_the_connection(way: str) -> None:
    connection = after(GET + GET)
    fields = [("Connection", "close")] if way == "field" else []
    if way == "method":
        connection.close_after()
    head, _ = connection.respond(ok(*fields))
    assert head.count(b"Connection: close") == 1
    with pytest.raises(LocalProtocolError):
        connection.start_next_exchange()
    assert connection.next_event() is Signal.PAUSED


def test_a_date_of_the_author_stays_alone() -> None:
    head, _ = after(GET).respond(ok(("date", "yesterday")), b"", DATE)
    assert head.lower().count(b"date:") == 1


def test_reasons() -> None:
    assert after(GET).respond(ResponseHead(200, (), "Fine"))[0].startswith(b"HTTP/1.1 200 Fine\r\n")
    assert after(GET).respond(ResponseHead(299))[0].startswith(b"HTTP/1.1 299 \r\n")
    assert after(GET).respond(ResponseHead(413))[0].startswith(b"HTTP/1.1 413 Content Too Large\r\n")


@pytest.mark.row("HI-34", "HI-35", "AH-26", "AH-28")
@pytest.mark.parametrize(
    "head",
    [
        ResponseHead(200, [("X", "a\r\nY: b")]),
        ResponseHead(200, [("X", "a\nb")]),
        ResponseHead(200, [("X", "a\rb")]),
        ResponseHead(200, [("X", "a\x00b")]),
        ResponseHead(200, [("X", "a\x7f")]),
        ResponseHead(200, [("X: a\r\nY", "b")]),
        ResponseHead(200, [("X Y", "b")]),
        ResponseHead(200, [("", "b")]),
        ResponseHead(200, [("X\u00e9", "b")]),
        ResponseHead(200, (), "OK\r\nX: y"),
        ResponseHead(200, [("Content-Length", "+1")]),
        ResponseHead(200, [("Content-Length", "5")]),
        ResponseHead(200, [("Content-Length", "1"), ("Content-Length", "0")]),
        ResponseHead(200, [("Transfer-Encoding", "gzip")]),
        ResponseHead(200, [("Connection", "close"), ("Content-Length", "5")]),
        ResponseHead(99),
        ResponseHead(100),
        ResponseHead(101),
        ResponseHead(1000),
    ],
)
def test_what_must_not_be_sent(head: ResponseHead) -> None:
    connection = after(GET)
    with pytest.raises(LocalProtocolError):
        connection.respond(head)
    # Nothing has happened: another response can still be sent.
    assert connection.respond(ResponseHead(500))[0].startswith(b"HTTP/1.1 500 ")
    connection.start_next_exchange()


def test_text_beyond_ascii_goes_out_as_it_came_in() -> None:
    head, _ = after(GET).respond(ok(("X", "é\udcff")))
    assert b"X: \xc3\xa9\xff\r\n" in head


def test_other_connection_options_are_kept() -> None:
    head, _ = after(GET).respond(ok(("Connection", "keep-alive, X-Hop")))
    assert head.count(b"Connection:") == 1
    assert b"Connection: x-hop\r\n" in head


def test_fields_written_beforehand() -> None:
    block = FieldBlock([("Content-Type", "text/plain"), ("Server", "x")])
    assert after(GET).respond(ResponseHead(200, block)) == after(GET).respond(ResponseHead(200, list(block)))
    for bad in (("X", "a\r\nb"), ("Content-Length", "1"), ("Connection", "close"), ("Date", "now")):
        with pytest.raises(LocalProtocolError):
            FieldBlock([bad])


# Streamed responses


@pytest.mark.parametrize("fields", [[], [("Content-Length", "5")]])
@pytest.mark.parametrize("method", [b"GET", b"HEAD"])
@pytest.mark.parametrize("data", [b"hello", bytearray(b"hello"), b""])
def test_parts_of_a_piece_are_what_is_sent_without_a_copy(
    method: bytes, fields: list[tuple[str, str]], data: bytes
) -> None:
    joined, gathered = after(method + GET[3:]), after(method + GET[3:])
    for connection in (joined, gathered):
        connection.start(ResponseHead(200, fields))
    parts = gathered.send_parts(data)
    assert b"".join(parts) == joined.send(data)
    assert not parts or type(data) is not bytes or any(part is data for part in parts)
    if method == b"GET" and fields and data:
        with pytest.raises(LocalProtocolError, match="longer"):
            gathered.send_parts(b"more")
    with pytest.raises(LocalProtocolError, match="not of str"):
        gathered.send_parts("text")  # type: ignore[arg-type]


def test_a_chunked_response() -> None:
    connection = after(GET)
    assert (
        connection.start(ok(), DATE) == b"HTTP/1.1 200 OK\r\n" + DATE + b"Transfer-Encoding: chunked\r\n\r\n"
    )
    assert connection.send(b"hello") == b"5\r\nhello\r\n"
    assert connection.send(b"") == b""
    assert connection.finish() == b"0\r\n\r\n"
    connection.start_next_exchange()


def test_trailers() -> None:
    connection = after(GET)
    connection.start(ok(("Trailer", "X-Sum")))
    assert connection.finish([("X-Sum", "1")]) == b"0\r\nX-Sum: 1\r\n\r\n"


@pytest.mark.parametrize(
    "trailer", [("Content-Length", "1"), ("Set-Cookie", "a=b"), ("X", "a\r\nb"), ("X Y", "a")]
)
def test_trailers_that_must_not_be_sent(trailer: tuple[str, str]) -> None:
    connection = after(GET)
    connection.start(ok())
    with pytest.raises(LocalProtocolError):
        connection.finish([trailer])
    assert connection.finish() == b"0\r\n\r\n"


def test_a_streamed_response_of_known_length() -> None:
    connection = after(GET)
    assert connection.start(ok(("Content-Length", "5"))).endswith(b"Content-Length: 5\r\n\r\n")
    assert connection.send(b"he") + connection.send(b"llo") == b"hello"
    with pytest.raises(LocalProtocolError, match="longer"):
        connection.send(b"!")
    assert connection.finish([("X", "left out")]) == b""
    connection.start_next_exchange()


def test_a_piece_sent_by_other_means() -> None:
    connection = after(GET)
    assert connection.response_framing == NO_BODY
    with pytest.raises(LocalProtocolError):
        connection.count(1)
    connection.start(ok(("Content-Length", "5")))
    assert connection.response_framing == BodyFraming(FramingKind.LENGTH, 5)
    connection.count(5)
    with pytest.raises(LocalProtocolError, match="longer"):
        connection.count(1)
    assert connection.finish() == b""


def test_what_the_author_says_of_framing_does_no_harm() -> None:
    head = after(GET).start(ok(("Transfer-Encoding", "Chunked"), ("X", "y")))
    assert head.endswith(b"\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n")
    head, _ = after(GET).respond(
        ok(
            ("Transfer-Encoding", "chunked"),
        ),
        b"hi",
    )
    assert head.endswith(b"OK\r\nContent-Length: 2\r\n\r\n")


def test_a_response_that_falls_short_breaks_the_connection() -> None:
    connection = after(GET)
    connection.start(ok(("Content-Length", "5")))
    connection.send(b"he")
    with pytest.raises(LocalProtocolError, match="shorter"):
        connection.finish()
    assert not connection.keeps_alive
    with pytest.raises(LocalProtocolError):
        connection.start_next_exchange()


@pytest.mark.row("BH-14", "HC-10")
def test_http_10_reads_until_the_end() -> None:
    connection = after(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    assert connection.start(ok()) == b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
    assert connection.send(b"hello") == b"hello"
    assert connection.finish([("X", "left out")]) == b""
    assert not connection.keeps_alive


@pytest.mark.parametrize(
    ("request_line", "status", "framing"),
    [
        (b"HEAD / HTTP/1.1", 200, b""),
        (b"GET / HTTP/1.1", 304, b""),
        (b"GET / HTTP/1.1", 204, b""),
        (b"GET / HTTP/1.1", 205, b"Content-Length: 0\r\n"),
    ],
)
def test_streamed_responses_without_a_body(request_line: bytes, status: int, framing: bytes) -> None:
    connection = after(request_line + b"\r\nHost: a\r\n\r\n")
    assert connection.start(ResponseHead(status)).split(b"\r\n", 1)[1] == framing + b"\r\n"
    assert connection.send(b"ignored") == b""
    assert connection.finish() == b""
    connection.start_next_exchange()


def test_head_tells_the_length_of_the_stream() -> None:
    connection = after(b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")
    assert b"Content-Length: 10\r\n" in connection.start(ok(("Content-Length", "10")))
    assert connection.finish() == b""


# Order


def test_one_response_a_request() -> None:
    connection = after(GET)
    connection.respond(ok())
    for attempt in (
        lambda: connection.respond(ok()),
        lambda: connection.start(ok()),
        lambda: connection.start(ResponseHead(103)),
        lambda: connection.send(b"x"),
        lambda: connection.finish(),
        lambda: connection.inform(103),
    ):
        with pytest.raises(LocalProtocolError):
            attempt()


def test_no_response_without_a_request() -> None:
    with pytest.raises(LocalProtocolError, match="no request"):
        ServerConnection().start(ok())
    with pytest.raises(LocalProtocolError, match="no request"):
        ServerConnection().respond(ok())
    with pytest.raises(LocalProtocolError):
        ServerConnection().start_next_exchange()


@pytest.mark.parametrize(("behind", "following"), [(b"", NextExchange.AWAITED), (b"G", NextExchange.ARRIVED)])
def test_trying_the_next_exchange(behind: bytes, following: NextExchange) -> None:
    connection = after(GET + behind)
    assert connection.try_next_exchange() is NextExchange.NONE
    connection.respond(ok())
    assert connection.try_next_exchange() is following
    assert connection.try_next_exchange() is NextExchange.NONE
    connection.receive_eof()
    assert isinstance(connection.next_event(), Rejected if behind else PeerClosed)


def test_no_exchange_follows_the_last_one_or_an_incomplete_request() -> None:
    connection = after(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + GET)
    connection.respond(ok())
    assert connection.try_next_exchange() is NextExchange.NONE
    connection = after(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo")
    connection.respond(ok())
    assert connection.try_next_exchange() is NextExchange.NONE
    assert connection.next_event() == BodyData(b"bo")


def test_the_end_of_the_stream_belongs_to_the_next_exchange() -> None:
    connection = after(GET)
    connection.receive_eof()
    connection.respond(ok())
    assert connection.try_next_exchange() is NextExchange.ARRIVED
    assert isinstance(connection.next_event(), PeerClosed)


def test_a_response_may_overtake_its_request() -> None:
    connection = after(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbo")
    connection.respond(ok())
    with pytest.raises(LocalProtocolError, match="BODY"):
        connection.start_next_exchange()
    connection.receive(b"dy" + GET)
    assert connection.next_event() == BodyData(b"body")
    assert connection.next_event() == EndOfBody()
    connection.start_next_exchange()
    assert isinstance(connection.next_event(), RequestHead)


EXPECTATIONS = (
    b"100-continue",
    b"100-Continue",
    b"100-continue, 100-continue",
    b"100-continue\r\nExpect: 100-continue",
    b"100-continue,tea",
    b"tea, 100-continue",
    b"100-continue;q=1",
    b"100-continue 100-continue",
    b"tea",
    b",",
    b"",
)
"""Values of Expect; a proxy on the way may hold a body back for any of them."""


def respond_at_once(connection: ServerConnection) -> bytes:
    return connection.respond(ok(), b"no")[0]


def announce_at_once(connection: ServerConnection) -> bytes:
    return connection.announce(ok(), 2)[0]


def stream_at_once(connection: ServerConnection) -> bytes:
    return connection.start(ok(("Content-Length", "0"))) + connection.finish()


@pytest.mark.row("HI-22")
@pytest.mark.parametrize("way", [respond_at_once, announce_at_once, stream_at_once])
@pytest.mark.parametrize("expectation", EXPECTATIONS)
@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 39\r\n\r\n", b"Content-Length: 39\r\n\r\nhalf", b"Transfer-Encoding: chunked\r\n\r\n"],
)
def test_an_early_response_to_a_body_that_may_be_held_back_is_the_last(
    way: Callable[[ServerConnection], bytes], expectation: bytes, framing: bytes
) -> None:
    connection = after(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: " + expectation + b"\r\n" + framing)
    connection.next_event()
    assert b"\r\nConnection: close\r\n" in way(connection)
    assert connection.response_state is ResponseState.LAST_DONE
    assert not connection.keeps_alive
    # Whatever comes now, be it the body or a request in its place, leads to no further exchange.
    connection.receive(b"GET /smuggled HTTP/1.1\r\nHost: victim\r\n\r\n")
    with pytest.raises(LocalProtocolError):
        connection.start_next_exchange()


@pytest.mark.row("HI-22")
def test_a_peer_of_http_10_may_hold_its_body_back_too() -> None:
    raw = b"POST / HTTP/1.0\r\nConnection: keep-alive\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"
    assert b"Connection: close\r\n" in respond_at_once(after(raw))
    assert b"Connection: keep-alive\r\n" in respond_at_once(after(raw.replace(b"Expect", b"Except")))


@pytest.mark.row("HI-22")
def test_a_final_response_after_100_still_waits_for_the_body() -> None:
    connection = after(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n")
    connection.inform(100)
    assert b"Connection: close\r\n" in respond_at_once(connection)


@pytest.mark.row("HI-22")
@pytest.mark.parametrize("expectation", EXPECTATIONS)
def test_a_body_that_has_come_keeps_the_connection_whatever_was_expected(expectation: bytes) -> None:
    for framing in (b"Content-Length: 2\r\n\r\nhi", b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"\r\n"):
        connection = after(b"POST / HTTP/1.1\r\nHost: a\r\nExpect: " + expectation + b"\r\n" + framing + GET)
        while not isinstance(connection.next_event(), Signal):
            pass
        assert b"Connection:" not in respond_at_once(connection)
        assert connection.start_next_exchange()


def test_who_expects_to_be_asked_for_a_body() -> None:
    def asks(expectation: bytes) -> bool:
        head = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: " + expectation + b"\r\n\r\n"
        connection = ServerConnection()
        connection.receive(head)
        event = connection.next_event()
        return isinstance(event, RequestHead) and event.expects_continue

    assert [asks(each) for each in EXPECTATIONS] == [True] * 6 + [False] * 5


def test_interim_responses() -> None:
    connection = after(GET)
    assert connection.inform(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    assert (
        connection.inform(103, [("Link", "</s.css>")])
        == b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>\r\n\r\n"
    )
    for status in (99, 101, 200):
        with pytest.raises(LocalProtocolError):
            connection.inform(status)
    connection.respond(ok())
    assert after(b"GET / HTTP/1.0\r\n\r\n").inform(103) == b""


UPGRADE = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"


def test_switching_protocols() -> None:
    connection = after(UPGRADE + b"more")
    head, rest = connection.switch(ResponseHead(101, [("Upgrade", "x")]))
    assert head == b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"
    assert rest == b"more"
    assert connection.next_event() is Signal.PAUSED
    assert not connection.keeps_alive


def test_connect() -> None:
    connection = after(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\nmore")
    assert connection.switch(ResponseHead(200)) == (b"HTTP/1.1 200 OK\r\n\r\n", b"more")


@pytest.mark.row("HI-12")
def test_connect_can_be_refused_but_not_accepted_by_respond() -> None:
    connection = after(b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n")
    with pytest.raises(LocalProtocolError, match="200"):
        connection.respond(ok(), b"body")
    with pytest.raises(LocalProtocolError, match="200"):
        connection.start(ok())
    assert connection.respond(ResponseHead(405), b"no")[1] == b"no"
    connection.start_next_exchange()


@pytest.mark.row("HI-18", "AH-34")
def test_a_body_is_no_new_protocol() -> None:
    raw = UPGRADE.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n")
    connection = after(raw + b"GE")
    with pytest.raises(LocalProtocolError, match="BODY"):
        connection.switch(ResponseHead(101))
    connection.receive(b"T")
    assert connection.next_event() == BodyData(b"GET")
    assert connection.next_event() == EndOfBody()
    assert connection.switch(ResponseHead(101))[1] == b""


def test_no_switch_in_the_middle_of_a_response() -> None:
    connection = after(UPGRADE)
    connection.start(ok())
    with pytest.raises(LocalProtocolError, match="SWITCH"):
        connection.switch(ResponseHead(101))
    connection.finish()
    connection.start_next_exchange()


@pytest.mark.parametrize("status", [101, 200])
def test_nobody_asked_for_another_protocol(status: int) -> None:
    with pytest.raises(LocalProtocolError):
        after(GET).switch(ResponseHead(status))


# Refusals


@pytest.mark.row("HI-52", "AH-41")
def test_a_refused_request() -> None:
    connection = ServerConnection()
    connection.receive(b"GET /secret\r\n\r\n" + GET)
    event = connection.next_event()
    assert event == Rejected(400, "malformed request line")
    assert connection.next_event() == event
    head, body = connection.refuse(
        Rejected(400, "malformed request line"), b"400: malformed request line", DATE, [("X-Why", "a")]
    )
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"X-Why: a\r\n" in head
    assert b"Connection: close\r\n" in head
    assert b"secret" not in head + body
    with pytest.raises(LocalProtocolError):
        connection.start_next_exchange()


@pytest.mark.row("HI-52")
def test_a_refused_request_can_get_a_response_like_others() -> None:
    connection = ServerConnection()
    connection.receive(b"GET /secret\r\n\r\n" + GET)
    refused = connection.next_event()
    head = connection.abandon()
    assert (head.method, head.target, head.version, list(head.fields)) == ("UNKNOWN", "/", (1, 0), [])
    assert connection.next_event() == refused
    block = connection.start(ResponseHead(400)) + connection.send(b"no") + connection.finish()
    assert block == b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\nno"
    with pytest.raises(LocalProtocolError):
        connection.start_next_exchange()


def test_a_request_that_takes_too_long_can_be_abandoned() -> None:
    connection = ServerConnection()
    connection.receive(GET[:10])
    assert connection.next_event() is Signal.NEED_DATA
    assert connection.abandon().method == "UNKNOWN"
    connection.receive(GET[10:])
    assert connection.next_event() is Signal.PAUSED
    assert connection.respond(ResponseHead(408))[0].startswith(b"HTTP/1.1 408 ")


def test_the_head_of_a_request_with_a_bad_body_is_known() -> None:
    connection = ServerConnection()
    connection.receive(b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
    head = connection.next_event()
    assert isinstance(connection.next_event(), Rejected)
    assert connection.abandon() is head


def test_a_complete_request_gets_a_response_and_is_not_abandoned() -> None:
    connection = after(GET)
    with pytest.raises(LocalProtocolError):
        connection.abandon()


def test_how_much_waits() -> None:
    connection = ServerConnection(Limits(pipelined=50))
    assert not connection.has_ended
    connection.receive(GET)
    connection.next_event()
    assert not connection.is_full
    connection.receive(GET * 2)
    assert connection.is_full
    assert connection.buffered == len(GET * 2)
    connection.receive_eof()
    assert connection.has_ended


TIGHT = Limits(
    request_line=40,
    field_line=30,
    field_section=60,
    chunk_line=12,
    trailer_section=40,
    pipelined=1,
)
CHUNKED_HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.row("HI-21")
@pytest.mark.parametrize(
    "raw",
    [
        b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % (b"a" * 26),
        b"\r\nGET /%b HTTP/1.1\r\nHost: a\r\nX: %b\r\nY: %b\r\n\r\n" % (b"a" * 26, b"x" * 20, b"y" * 16),
        b"GET / HTTP/1.1\r\nHost: a\r\nX: %b" % (b"x" * 100),
        b"GET / HTTP/1.1\r\nHost: a\r\nX: %b\r\nY: %b\r\nZ: %b\r\n" % (b"x" * 20, b"y" * 20, b"z" * 20),
        b"GET /%b" % (b"a" * 100),
        CHUNKED_HEAD + b"5;a=bcdef\r\nhello\r\n0\r\nX: %b\r\nY: %b\r\n\r\n" % (b"x" * 15, b"y" * 15),
        CHUNKED_HEAD + b"5;a=%b" % (b"a" * 100),
        CHUNKED_HEAD + b"0\r\nX: %b" % (b"x" * 100),
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n" + b"b" * 100,
    ],
)
@pytest.mark.parametrize("step", [1, 7, 1000])
def test_reading_never_pauses_while_more_bytes_are_needed(raw: bytes, step: int) -> None:
    connection = ServerConnection(TIGHT)
    for at in range(0, len(raw), step):
        connection.receive(raw[at : at + step])
        while not isinstance(event := connection.next_event(), (Signal, Rejected)):
            pass
        if event is Signal.NEED_DATA:
            assert not connection.is_full
        else:
            break
    assert isinstance(event, Rejected) or event is Signal.PAUSED


@pytest.mark.parametrize("limits", [TIGHT, Limits()])
def test_what_nobody_takes_is_bounded_before_and_within_a_request(limits: Limits) -> None:
    """Reading pauses also where `next_event` is not called, as while the peer does not read its responses."""
    idle = ServerConnection(limits)
    idle.receive(GET * (limits.head_ceiling // len(GET) + 1))
    assert idle.is_full
    within = ServerConnection(limits)
    within.receive(CHUNKED_HEAD)
    assert isinstance(within.next_event(), RequestHead)
    within.receive(b"1\r\na\r\n" * max(limits.body_ceiling, limits.pipelined))
    assert within.is_full
    while isinstance(within.next_event(), BodyData):
        pass
    assert not within.is_full


def test_a_body_that_is_here_can_be_taken_at_once() -> None:
    raw = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n"
    connection = after(raw + b"hello" + GET)
    assert connection.take_body() == b"hello"
    assert connection.take_body() is None
    assert connection.next_event() is Signal.PAUSED
    connection.respond(ok())
    assert connection.start_next_exchange()
    assert isinstance(connection.next_event(), RequestHead)


@pytest.mark.parametrize(
    "raw",
    [
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhell",
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    ],
)
def test_other_bodies_are_told_by_events(raw: bytes) -> None:
    connection = after(raw)
    assert connection.take_body() is None
    assert isinstance(connection.next_event(), BodyData)
    assert connection.take_body() is None
