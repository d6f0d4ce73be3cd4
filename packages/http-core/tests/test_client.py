"""The client's side: sending, receiving, and conversations of both sides."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core import (
    HTTP_10,
    BodyData,
    EndOfBody,
    Fields,
    FramingKind,
    Limits,
    LocalProtocolError,
    PeerClosed,
    Rejected,
    RequestHead,
    ResponseHead,
    ServerConnection,
    Signal,
)
from muntin.http_core._client_states import CLIENT_REQUEST, CLIENT_RESPONSE, advance_client
from muntin.http_core._states import Input
from muntin.http_core.client import (
    ClientConnection,
    ClientRequestState,
    ClientResponseState,
    ReceivedResponse,
)

HOST = [("Host", "a")]


def begin_exchange(method: str = "GET", target: str = "/", fields: Fields = HOST) -> ClientConnection:
    """Return a client that has sent a request."""
    client = ClientConnection()
    client.request(method, target, fields)
    return client


def read_events(
    client: ClientConnection, raw: bytes, *, eof: bool = False, size: int = 10_000
) -> list[object]:
    """Read the events of bytes that arrive in pieces of a size; pieces of one body are joined."""
    events: list[object] = []

    def take_all() -> None:
        while not isinstance(event := client.next_event(), Signal):
            if isinstance(event, BodyData) and events and isinstance(events[-1], BodyData):
                events[-1] = BodyData(events[-1].data + event.data)
            elif isinstance(event, BodyData):
                events.append(BodyData(event.data))
            else:
                events.append(
                    (event.status, event.framing.kind) if isinstance(event, ReceivedResponse) else event
                )
            if isinstance(event, (Rejected, PeerClosed)):
                return

    for start in range(0, len(raw), size):
        client.receive(raw[start : start + size])
        take_all()
        if events and isinstance(events[-1], Rejected):
            return events
    if eof:
        client.receive_eof()
        take_all()
    return events


# Requests


@pytest.mark.parametrize(
    ("method", "fields", "body", "more"),
    [
        ("GET", HOST, b"", b""),
        ("GET", HOST, b"hi", b"Content-Length: 2\r\n"),
        ("POST", HOST, b"", b"Content-Length: 0\r\n"),
        ("POST", [*HOST, ("Content-Length", "2")], b"hi", b"Content-Length: 2\r\n"),
        ("DELETE", [*HOST, ("Connection", "close")], b"", b"Connection: close\r\n"),
    ],
)
def test_a_whole_request(method: str, fields: Fields, body: bytes, more: bytes) -> None:
    client = ClientConnection()
    head, out = client.request(method, "/", fields, body)
    assert (head, out) == (f"{method} / HTTP/1.1\r\nHost: a\r\n".encode() + more + b"\r\n", body)
    assert client.request_state is ClientRequestState.DONE
    assert client.keeps_alive is (b"close" not in more)


@pytest.mark.parametrize(
    ("method", "target", "fields"),
    [
        ("GET", "/", []),
        ("GET", "/", [("Host", "a/b")]),
        ("GET", "/", [*HOST, ("X", "a\r\nY: b")]),
        ("GET", "/ HTTP/1.1\r\nX: y\r\nZ:", HOST),
        ("GET", "/a b", HOST),
        ("GET", "/é", HOST),
        ("GET", "relative", HOST),
        ("G T", "/", HOST),
        ("GET /a", "b", HOST),
        ("GET", "/", [*HOST, ("Content-Length", "3")]),
    ],
)
def test_requests_that_must_not_be_sent(method: str, target: str, fields: Fields) -> None:
    client = ClientConnection()
    with pytest.raises(LocalProtocolError):
        client.request(method, target, fields)
    # Nothing has happened.
    client.request("GET", "/", HOST)


def test_streamed_requests() -> None:
    client = ClientConnection()
    assert client.start("POST", "/", HOST) == (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    assert client.send(b"hi") == b"2\r\nhi\r\n"
    assert client.finish([("X-Sum", "1")]) == b"0\r\nX-Sum: 1\r\n\r\n"
    with pytest.raises(LocalProtocolError, match="DONE"):
        client.send(b"more")
    with pytest.raises(LocalProtocolError):
        client.finish()


def test_a_request_that_falls_short() -> None:
    client = ClientConnection()
    assert client.start("PUT", "/", [*HOST, ("Content-Length", "3")]).endswith(b"Content-Length: 3\r\n\r\n")
    assert client.send(b"ab") == b"ab"
    with pytest.raises(LocalProtocolError, match="longer"):
        client.send(b"cd")
    with pytest.raises(LocalProtocolError, match="shorter"):
        client.finish()
    assert client.request_state is ClientRequestState.BROKEN
    assert not client.keeps_alive


def test_a_quiet_connection() -> None:
    client = ClientConnection()
    assert client.next_event() is Signal.NEED_DATA


def test_one_exchange_at_a_time() -> None:
    client = begin_exchange()
    with pytest.raises(LocalProtocolError):
        client.request("GET", "/", HOST)
    with pytest.raises(LocalProtocolError):
        client.start_next_exchange()
    assert read_events(client, b"HTTP/1.1 204 No Content\r\n\r\n") == [(204, FramingKind.NONE)]
    assert client.response_state is ClientResponseState.DONE
    client.start_next_exchange()
    client.request("GET", "/", HOST)


def test_nothing_is_asked_of_a_peer_that_is_gone() -> None:
    client = ClientConnection()
    assert read_events(client, b"", eof=True) == [PeerClosed()]
    with pytest.raises(LocalProtocolError, match="CLOSED"):
        client.request("GET", "/", HOST)


# Responses

NONE, LENGTH, CHUNKED, CLOSE = FramingKind


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("method", "raw", "events"),
    [
        ("GET", b"200 OK\r\nContent-Length: 2\r\n\r\nhi", [(200, LENGTH), BodyData(b"hi"), EndOfBody()]),
        ("GET", b"200 OK\r\nContent-Length: 0\r\n\r\n", [(200, NONE)]),
        ("GET", b"200\r\nContent-Length: 0\r\n\r\n", [(200, NONE)]),
        ("GET", b"299 \xff\r\nContent-Length: 0\r\n\r\n", [(299, NONE)]),
        (
            "GET",
            b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\nX: y\r\n\r\n",
            [(200, CHUNKED), BodyData(b"hi"), EndOfBody([(b"X", b"y")])],
        ),
        ("GET", b"200 OK\r\n\r\nhi", [(200, CLOSE), BodyData(b"hi"), EndOfBody()]),
        ("HEAD", b"200 OK\r\nContent-Length: 2\r\n\r\n", [(200, NONE)]),
        ("HEAD", b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", [(200, NONE)]),
        ("GET", b"204 No Content\r\nContent-Length: 2\r\n\r\n", [(204, NONE)]),
        ("GET", b"304 Not Modified\r\nContent-Length: 2\r\n\r\n", [(304, NONE)]),
        (
            "GET",
            b"100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </>\r\n\r\nHTTP/1.1 204 No\r\n\r\n",
            [(100, NONE), (103, NONE), (204, NONE)],
        ),
    ],
)
def test_understood(method: str, raw: bytes, events: list[object], size: int) -> None:
    assert read_events(begin_exchange(method), b"HTTP/1.1 " + raw, eof=True, size=size) == events


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"HTTP/1.1 2000 OK\r\n\r\n", "malformed status line"),
        (b"HTTP/1.1 020 OK\r\n\r\n", "malformed status line"),
        (b"HTTP/1.1  200 OK\r\n\r\n", "malformed status line"),
        (b"http/1.1 200 OK\r\n\r\n", "malformed status line"),
        (b"\r\nHTTP/1.1 200 OK\r\n\r\n", "malformed status line"),
        (b"HTTP/1.1 200 a\x00b\r\n\r\n", "malformed status line"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "HTTP version not supported"),
        (b"HTTP/1.1 200 OK\r\nX : y\r\n\r\n", "malformed field line"),
        (b"HTTP/1.1 200 " + b"a" * 9000 + b"\r\n\r\n", "status line too long"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 9000 + b"\r\n\r\n", "field line too long"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "too many fields"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n", "malformed Content-Length"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "Content-Length and Transfer-Encoding exclude each other",
        ),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "transfer coding not implemented"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", "an upgrade that was not requested"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "incomplete body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "malformed chunk size"),
        (b"HTTP/1.1 200 OK\r\nX: y", "incomplete head"),
        (b"", "no response"),
    ],
)
def test_refused(raw: bytes, reason: str, size: int) -> None:
    client = begin_exchange()
    assert read_events(client, raw, eof=True, size=size)[-1] == Rejected(502, reason)
    assert client.next_event() == Rejected(502, reason)
    assert client.response_state is ClientResponseState.ERROR
    assert not client.keeps_alive


def test_a_response_without_a_request() -> None:
    assert read_events(ClientConnection(), b"HTTP/1.1 408 Request Timeout\r\n\r\n") == [
        Rejected(502, "a response without a request")
    ]


def test_what_a_response_says() -> None:
    client = begin_exchange()
    client.receive(b"HTTP/1.0 200 Fine\r\nX: y\r\nContent-Length: 0\r\n\r\n")
    head = client.next_event()
    assert isinstance(head, ReceivedResponse)
    assert (head.status, head.reason, head.version, head.keep_alive) == (200, b"Fine", HTTP_10, False)
    assert (head.get(b"x"), head.fields[0]) == (b"y", (b"X", b"y"))
    assert (head.is_interim, head.switches, repr(head)) == (False, False, "<ReceivedResponse 200>")
    assert client.next_event() is Signal.PAUSED
    assert client.response_state is ClientResponseState.LAST_DONE
    with pytest.raises(LocalProtocolError, match="LAST"):
        client.start_next_exchange()


@pytest.mark.parametrize("framing", [b"", b"Transfer-Encoding: chunked\r\n"])
def test_a_limit_on_bodies(framing: bytes) -> None:
    client = ClientConnection(Limits(body=3))
    client.request("GET", "/", HOST)
    raw = b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n" + (b"4\r\n" if framing else b"") + b"four"
    assert read_events(client, raw)[-1] == Rejected(502, "body too large")


def test_a_body_within_the_limit_lasts_until_the_end() -> None:
    client = ClientConnection(Limits(body=4))
    client.request("GET", "/", HOST)
    events = read_events(client, b"HTTP/1.1 200 OK\r\n\r\nfour", eof=True, size=3)
    assert events == [(200, CLOSE), BodyData(b"four"), EndOfBody()]


def test_an_early_response() -> None:
    client = ClientConnection()
    client.start("POST", "/", HOST)
    assert read_events(client, b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n") == [
        (413, NONE)
    ]
    with pytest.raises(LocalProtocolError):
        client.start_next_exchange()
    client.finish()
    client.start_next_exchange()


UPGRADE = [*HOST, ("Connection", "Upgrade"), ("Upgrade", "x")]


def test_no_switch_within_a_request() -> None:
    client = ClientConnection()
    client.start("POST", "/", UPGRADE)
    assert read_events(client, b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n") == [
        Rejected(502, "a switch of protocols within the request")
    ]


# The tables


@pytest.mark.parametrize("table", [CLIENT_REQUEST, CLIENT_RESPONSE], ids=["request", "response"])
@pytest.mark.parametrize("move", Input)
def test_every_state_and_input(table: dict[object, dict[Input, object]], move: Input) -> None:
    for state, ways in table.items():
        if move in ways:
            assert advance_client(table, state, move) in table  # type: ignore[type-var]
        else:
            with pytest.raises(LocalProtocolError, match=f"{move.name} .*{state.name}"):  # type: ignore[attr-defined]
                advance_client(table, state, move)  # type: ignore[type-var]


# Both sides


def take(side: ClientConnection | ServerConnection) -> list[object]:
    """Read all events so far."""
    events: list[object] = []
    while not isinstance(event := side.next_event(), Signal):
        events.append(event)
    return events


def test_two_exchanges() -> None:
    client, server = ClientConnection(), ServerConnection()
    for turn in (b"one", b"two"):
        server.receive(b"".join(client.request("POST", "/", HOST, turn)))
        assert take(server)[1:] == [BodyData(turn), EndOfBody()]
        client.receive(server.inform(103, [("Link", "</>")]))
        client.receive(b"".join(server.respond(ResponseHead(200), turn.upper())))
        interim, head, *rest = take(client)
        assert isinstance(interim, ReceivedResponse)
        assert interim.is_interim
        assert isinstance(head, ReceivedResponse)
        assert (head.status, rest) == (200, [BodyData(turn.upper()), EndOfBody()])
        client.start_next_exchange()
        server.start_next_exchange()
    server.close_after()
    server.receive(client.request("GET", "/", HOST)[0])
    take(server)
    client.receive(server.start(ResponseHead(200)) + server.send(b"bye") + server.finish([("X-Sum", "3")]))
    assert take(client)[1:] == [BodyData(b"bye", [3]), EndOfBody([(b"X-Sum", b"3")])]


def test_an_upgrade() -> None:
    client, server = ClientConnection(), ServerConnection()
    server.receive(client.request("GET", "/", UPGRADE)[0] + b"from the client")
    take(server)
    head, rest = server.switch(ResponseHead(101, [("Upgrade", "x")]))
    assert rest == b"from the client"
    client.receive(head + b"from the ")
    [response] = take(client)
    assert isinstance(response, ReceivedResponse)
    assert response.switches
    client.receive(b"server")
    assert client.take_rest() == b"from the server"
    assert client.request_state is ClientRequestState.SWITCHED
    with pytest.raises(LocalProtocolError, match="HTTP"):
        begin_exchange().take_rest()


@pytest.mark.row("HI-12")
def test_a_tunnel() -> None:
    client, server = ClientConnection(), ServerConnection()
    server.receive(client.request("CONNECT", "a:1", [("Host", "a:1")])[0])
    take(server)
    client.receive(server.switch(ResponseHead(200))[0] + b"raw")
    [response] = take(client)
    assert isinstance(response, ReceivedResponse)
    assert response.switches
    assert client.take_rest() == b"raw"


@given(
    method=st.sampled_from(["GET", "HEAD", "POST"]),
    status=st.sampled_from([200, 204, 304, 404]),
    pieces=st.lists(st.binary(max_size=30), max_size=6),
    is_sized=st.booleans(),
    size=st.integers(1, 40),
)
def test_any_conversation(method: str, status: int, pieces: list[bytes], is_sized: bool, size: int) -> None:
    body = b"".join(pieces)
    sized = [("Content-Length", str(len(body)))] if is_sized else []
    client, server = ClientConnection(), ServerConnection()
    for _ in range(2):
        asking = client.start(method, "/", [*HOST, *sized])
        asking += b"".join(map(client.send, pieces)) + client.finish()
        received = b""
        for start in range(0, len(asking), size):
            server.receive(asking[start : start + size])
            for event in take(server):
                received += event.data if isinstance(event, BodyData) else b""
                assert isinstance(event, (RequestHead, BodyData, EndOfBody))
        response = server.start(ResponseHead(status, sized))
        response += b"".join(map(server.send, pieces)) + server.finish()
        events = read_events(client, response, size=size)
        responded = b"".join(event.data for event in events if isinstance(event, BodyData))
        assert received == body
        assert responded == (b"" if method == "HEAD" or status in (204, 304) else body)
        client.start_next_exchange()
        server.start_next_exchange()
