"""Text and bytes in every method that sends: received bytes can be sent on, and other types are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from muntin.http_core import (
    FieldBlock,
    LocalProtocolError,
    Rejected,
    RequestHead,
    ResponseHead,
    ServerConnection,
)
from muntin.http_core.client import ClientConnection, ReceivedResponse

HOST = [("Host", "a")]


def begin_exchange(fields: bytes = b"", version: bytes = b"1.1") -> ServerConnection:
    """Return a connection that has read a request."""
    connection = ServerConnection()
    connection.receive(b"GET / HTTP/" + version + b"\r\nHost: a\r\n" + fields + b"\r\n")
    assert isinstance(connection.next_event(), RequestHead)
    return connection


def finish(fields: Any) -> bytes:
    connection = begin_exchange()
    return connection.start(ResponseHead(200)) + connection.finish(fields)


def finish_client(fields: Any) -> bytes:
    client = ClientConnection()
    return client.start("POST", "/", HOST) + client.finish(fields)


def switch(fields: Any) -> bytes:
    connection = begin_exchange(b"Upgrade: x\r\nConnection: upgrade\r\n")
    return connection.switch(ResponseHead(101, fields))[0]


def write_block(fields: Any) -> bytes:
    block = FieldBlock(fields)
    assert all(type(word) is str for line in block for word in line)
    return block.raw + begin_exchange().respond(ResponseHead(200, block))[0]


def with_host(fields: Any) -> Any:
    """Return the fields behind Host; `fields` itself where it is no iterable of fields."""
    is_row = hasattr(fields, "__iter__") and not isinstance(fields, (dict, str, bytes))
    return (*HOST, *fields) if is_row else fields


WAYS: dict[str, Callable[[Any], bytes]] = {
    "respond": lambda fields: begin_exchange().respond(ResponseHead(200, fields), b"x")[0],
    "respond to HTTP/1.0": lambda fields: begin_exchange(version=b"1.0").respond(ResponseHead(200, fields))[
        0
    ],
    "announce": lambda fields: begin_exchange().announce(ResponseHead(200, fields), 5)[0],
    "start": lambda fields: begin_exchange().start(ResponseHead(200, fields)),
    "inform": lambda fields: begin_exchange().inform(103, fields),
    "finish": finish,
    "switch": switch,
    "refuse": lambda fields: begin_exchange().refuse(Rejected(400, "no"), b"no", b"", fields)[0],
    "block": write_block,
    "client request": lambda fields: ClientConnection().request("GET", "/", with_host(fields))[0],
    "client start": lambda fields: ClientConnection().start("POST", "/", with_host(fields)),
    "client finish": finish_client,
}
on_every_way = pytest.mark.parametrize("send", WAYS.values(), ids=WAYS.keys())


@on_every_way
def test_fields_are_text_or_bytes(send: Callable[[Any], bytes]) -> None:
    raw = b"X-Name: v\xc3\xa4lue\r\n"
    for line in (
        ("X-Name", "välue"),
        (b"X-Name", b"v\xc3\xa4lue"),
        (b"X-Name", "välue"),
        ("X-Name", b"v\xc3\xa4lue"),
        ["X-Name", "välue"],
    ):
        assert raw in send([line])
        assert raw + raw in send((line, line))
    # What is no UTF-8 goes out as it came in.
    assert b"X-Name: \xff\xfe\r\n" in send([(b"X-Name", b"\xff\xfe")])
    assert b"X-Name: \xff\r\n" in send([("X-Name", "\udcff")])


@on_every_way
@pytest.mark.parametrize(
    "line",
    [
        ("X-Name", None),
        ("X-Name", 5),
        ("X-Name", 5.0),
        ("X-Name", True),
        ("X-Name", ["a"]),
        ("X-Name", bytearray(b"a")),
        ("X-Name", memoryview(b"a")),
        (None, "a"),
        (5, "a"),
        (bytearray(b"X-Name"), "a"),
        ("X-Name",),
        ("X-Name", "a", "b"),
        "X-Name",
        b"X-Name",
        None,
        5,
        ("X-Name", "\ud800"),
        ("X-Name", b"a\r\nSet-Cookie: b"),
        (b"X-Name: a\r\nY", b"b"),
        (b"", b"a"),
        (b"X Y", b"a"),
    ],
    ids=repr,
)
def test_whatever_else_is_refused_by_one_error(send: Callable[[Any], bytes], line: object) -> None:
    with pytest.raises(LocalProtocolError):
        send([line])
    with pytest.raises(LocalProtocolError):
        send([("X-Before", "fine"), line, (b"X-Behind", b"fine")])


@on_every_way
@pytest.mark.parametrize("fields", [{"X-Name": "a"}, {"TE": "x"}, "X-Name", b"X-Name", None, 5], ids=repr)
def test_fields_that_are_no_row_of_pairs(send: Callable[[Any], bytes], fields: Any) -> None:
    with pytest.raises(LocalProtocolError):
        send(fields)


@on_every_way
def test_lines_may_come_one_by_one(send: Callable[[Any], bytes]) -> None:
    assert b"X: a\r\nY: b\r\n" in send(iter([("X", "a"), (b"Y", b"b")]))
    assert b"X: a\r\n" in send({"X": "a"}.items())


def test_what_is_refused_leaves_the_exchange_as_it_was() -> None:
    connection = begin_exchange()
    bad: Any = ResponseHead(200, [("X", "a"), ("Connection", "close"), ("Y", None)])  # type: ignore[list-item]
    for send in (connection.respond, connection.start, lambda head: connection.announce(head, 1)):
        with pytest.raises(LocalProtocolError):
            send(bad)
    with pytest.raises(LocalProtocolError):
        connection.refuse(Rejected(400, "no"), "text")  # type: ignore[arg-type]
    assert connection.keeps_alive
    assert b"Connection:" not in connection.respond(ResponseHead(200))[0]


def test_fields_of_a_request_can_be_sent_on() -> None:
    relayed = ServerConnection()
    relayed.receive(b"GET / HTTP/1.1\r\nHost: a\r\nX-Odd: \xe9\r\nConnection: close, x\r\n\r\n")
    head = relayed.next_event()
    assert isinstance(head, RequestHead)
    sent, _ = ClientConnection().request(head.method, head.target, head.fields)
    assert sent == b"GET / HTTP/1.1\r\nHost: a\r\nX-Odd: \xe9\r\nConnection: x\r\nConnection: close\r\n\r\n"
    assert b"X-Odd: \xe9\r\n" in relayed.respond(ResponseHead(200, head.fields))[0]


def test_a_response_can_be_sent_on() -> None:
    client = ClientConnection()
    client.request("GET", "/", HOST)
    client.receive(b"HTTP/1.1 299 Fein \xfc\r\nContent-Length: 2\r\nX: \xff\r\n\r\nhi")
    response = client.next_event()
    assert isinstance(response, ReceivedResponse)
    for reason in (response.reason, response.reason.decode("utf-8", "surrogateescape")):
        head, body = begin_exchange().respond(ResponseHead(response.status, response.fields, reason), b"hi")
        assert head + body == b"HTTP/1.1 299 Fein \xfc\r\nX: \xff\r\nContent-Length: 2\r\n\r\nhi"


@pytest.mark.parametrize("reason", [5, ["OK"], bytearray(b"OK"), b"a\r\nb", "a\nb", "\ud800"], ids=repr)
def test_reasons_that_cannot_be_sent(reason: Any) -> None:
    for send in (begin_exchange().respond, begin_exchange().start):
        with pytest.raises(LocalProtocolError):
            send(ResponseHead(200, (), reason))
    with pytest.raises(LocalProtocolError):
        begin_exchange(b"Upgrade: x\r\nConnection: upgrade\r\n").switch(ResponseHead(101, (), reason))


@pytest.mark.parametrize("status", ["200", b"200", None, 99, 1000, -1, 200.5, [200]], ids=repr)
def test_statuses_that_are_none(status: Any) -> None:
    for send in (
        lambda: begin_exchange().respond(ResponseHead(status)),
        lambda: begin_exchange().announce(ResponseHead(status), 0),
        lambda: begin_exchange().start(ResponseHead(status)),
        lambda: begin_exchange().switch(ResponseHead(status)),
    ):
        with pytest.raises(LocalProtocolError):
            send()
    with pytest.raises(LocalProtocolError if isinstance(status, int) else TypeError):
        begin_exchange().inform(status)


def begun(fields: Any = ()) -> ServerConnection:
    connection = begin_exchange()
    connection.start(ResponseHead(200, fields))
    return connection


def client_begun(fields: Any = ()) -> ClientConnection:
    client = ClientConnection()
    client.start("POST", "/", (*HOST, *fields))
    return client


BODIES: dict[str, Callable[[Any], bytes]] = {
    "respond": lambda body: b"".join(begin_exchange().respond(ResponseHead(200), body)),
    "refuse": lambda body: b"".join(begin_exchange().refuse(Rejected(400, "no"), body)),
    "chunk": lambda body: begun().send(body),
    "send": lambda body: begun([("Content-Length", "16")]).send(body),
    "client request": lambda body: b"".join(ClientConnection().request("POST", "/", HOST, body)),
    "client chunk": lambda body: client_begun().send(body),
    "client send": lambda body: client_begun([("Content-Length", "16")]).send(body),
}


@pytest.mark.parametrize("send", BODIES.values(), ids=BODIES.keys())
def test_bodies_are_bytes(send: Callable[[Any], bytes]) -> None:
    for body in (
        b"abcdefgh",
        bytearray(b"abcdefgh"),
        memoryview(b"abcdefgh"),
        memoryview(b"abcdefgh").cast("I"),
    ):
        sent = send(body)
        assert type(sent) is bytes
        assert b"abcdefgh" in sent
        assert b": 2\r\n" not in sent
        assert not sent.startswith(b"2\r\n")
    for body in ("täxt", "", None, 5, ["a"], [1, 2], (b"a",), {"a": "b"}):
        with pytest.raises(LocalProtocolError, match="bytes"):
            send(body)


@pytest.mark.parametrize("length", ["5", None, -1, 1.5, b"5"], ids=repr)
def test_lengths_that_are_none(length: Any) -> None:
    with pytest.raises(LocalProtocolError if isinstance(length, int) else TypeError):
        begin_exchange().announce(ResponseHead(200), length)


def test_method_and_target_are_text() -> None:
    for error, method, target in (
        (TypeError, b"GET", "/"),
        (TypeError, "GET", b"/"),
        (TypeError, None, "/"),
        (LocalProtocolError, "GET", "/\ud800"),
    ):
        with pytest.raises(error):
            ClientConnection().request(method, target, HOST)  # type: ignore[arg-type]
        with pytest.raises(error):
            ClientConnection().start(method, target, HOST)  # type: ignore[arg-type]


def test_trailers_are_wrong_for_every_peer_or_for_none() -> None:
    for connection in (begun(), begun([("Content-Length", "0")])):
        for trailers in ([("X", None)], [(b"Content-Length", b"1")], [("X Y", "a")], ["X: y"]):
            with pytest.raises(LocalProtocolError):
                connection.finish(trailers)  # type: ignore[arg-type]
        connection.finish([(b"X-Fine", "a")])


@pytest.mark.parametrize("end", [ServerConnection, ClientConnection])
def test_only_bytes_are_received(end: type[ServerConnection | ClientConnection]) -> None:
    connection = end()
    for data in ("GET / HTTP/1.1", None, 5, [71]):
        with pytest.raises(TypeError, match="bytes"):
            connection.receive(data)  # type: ignore[arg-type]
    assert connection.buffered == 0


def test_what_was_received_does_not_change_any_more() -> None:
    connection = ServerConnection()
    head = bytearray(b"GET /early HTTP/1.1\r\n")
    connection.receive(head)
    head[:] = b"x" * len(head)
    connection.receive(memoryview(b"Host: a\r\n\r\n"))
    event = connection.next_event()
    assert isinstance(event, RequestHead)
    assert event.target == "/early"
    assert head == b"x" * len(head)
