"""Heads: which are accepted, which are refused, and with which status."""

from collections.abc import Callable
from ipaddress import IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core import (
    HTTP_10,
    HTTP_11,
    NO_BODY,
    BodyFraming,
    FramingKind,
    Limits,
    Rejected,
    RemoteProtocolError,
    RequestHead,
    ServerConnection,
    Signal,
)
from muntin.http_core._request_head import parse_request_head

ReadEvents = Callable[..., list[object]]
HOST = b"Host: a.example\r\n"


def read(raw: bytes) -> RequestHead:
    connection = ServerConnection()
    connection.receive(raw)
    event = connection.next_event()
    assert isinstance(event, RequestHead), event
    return event


@pytest.mark.parametrize(
    ("raw", "method", "target", "version", "fields"),
    [
        (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", HTTP_11, [(b"Host", b"a")]),
        (b"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", "GET", "/", HTTP_11, [(b"Host", b"a")]),
        (b"PURGE /x HTTP/1.1\r\nhOST:a\r\n\r\n", "PURGE", "/x", HTTP_11, [(b"hOST", b"a")]),
        (b"get /x HTTP/1.1\r\nHost: a\r\n\r\n", "get", "/x", HTTP_11, [(b"Host", b"a")]),
        (b"GET / HTTP/1.0\r\n\r\n", "GET", "/", HTTP_10, []),
        (
            b"GET /?q=%20&r={}|^ HTTP/1.1\r\nX: \t a b\t c \t\r\nHost: [::1]:80\r\nY:\r\n\r\n",
            "GET",
            "/?q=%20&r={}|^",
            HTTP_11,
            [(b"X", b"a b\t c"), (b"Host", b"[::1]:80"), (b"Y", b"")],
        ),
        (b"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS", "*", HTTP_11, [(b"Host", b"a")]),
        (
            b"CONNECT a:443 HTTP/1.1\r\nHost: a:443\r\n\r\n",
            "CONNECT",
            "a:443",
            HTTP_11,
            [(b"Host", b"a:443")],
        ),
        (
            b"GET http://A.example/p?q HTTP/1.1\r\nHost: a.example\r\n\r\n",
            "GET",
            "http://A.example/p?q",
            HTTP_11,
            [(b"Host", b"a.example")],
        ),
        (
            b"GET / HTTP/1.1\r\nHost: a\r\nX: \xe9\xff\r\n\r\n",
            "GET",
            "/",
            HTTP_11,
            [(b"Host", b"a"), (b"X", b"\xe9\xff")],
        ),
    ],
)
def test_understood(
    read_events: ReadEvents,
    raw: bytes,
    method: str,
    target: str,
    version: object,
    fields: list[tuple[bytes, bytes]],
) -> None:
    assert read_events(raw) == [(method, target, version, fields)]


@pytest.mark.parametrize(
    ("line", "status"),
    [
        pytest.param(b"GET / HTTP/2.0", 505, marks=pytest.mark.row("HI-09")),
        pytest.param(b"GET / HTTP/0.9", 505, marks=pytest.mark.row("HI-09")),
        pytest.param(b"GET / HTTP/1.9", 505, marks=pytest.mark.row("HI-09")),
        pytest.param(b"PRI * HTTP/2.0", 505, marks=pytest.mark.row("HI-09")),
        pytest.param(b"GET  / HTTP/1.1", 400, marks=pytest.mark.row("HI-10")),
        (b"GET /  HTTP/1.1", 400),
        (b"GET\t/ HTTP/1.1", 400),
        (b"GET /a b HTTP/1.1", 400),
        (b"GET /\xc3\xa9 HTTP/1.1", 400),
        (b"GET relative HTTP/1.1", 400),
        (b"GET @host HTTP/1.1", 400),
        (b"GET * HTTP/1.1", 400),
        pytest.param(b"GET /a#b HTTP/1.1", 400, marks=pytest.mark.row("HI-11")),
        (b"CONNECT / HTTP/1.1", 400),
        (b"CONNECT a HTTP/1.1", 400),
        pytest.param(b"GET ftp://a.example/ HTTP/1.1", 400, marks=pytest.mark.row("HI-31")),
        (b"GET http://b.example/ HTTP/1.1", 400),
        (b"GET http://a.example@b/ HTTP/1.1", 400),
        (b"GET http:// HTTP/1.1", 400),
        (b"G@T / HTTP/1.1", 400),
        (b" GET / HTTP/1.1", 400),
        (b"GET /", 400),
        (b"GET / http/1.1", 400),
        (b"GET / HTTP/1.1 ", 400),
        (b"GET / HTTP/11", 400),
        (b"\x16\x03\x01\x02", 400),
        (b"", 400),
    ],
)
def test_refused_request_line(read_events: ReadEvents, line: bytes, status: int) -> None:
    [*_, event] = read_events(b"\r\n" * (not line) + line + b"\r\n" + HOST + b"\r\n")
    assert isinstance(event, Rejected)
    assert event.status == status


def test_one_empty_line_may_come_first(read_events: ReadEvents) -> None:
    request = b"GET / HTTP/1.1\r\n" + HOST + b"\r\n"
    assert read_events(b"\r\n" + request) == [("GET", "/", HTTP_11, [(b"Host", b"a.example")])]
    assert read_events(b"\r\n\r\n" + request) == [Rejected(400, "malformed request line")]
    assert read_events(b"\r\n\r\n\r\n" + request) == [Rejected(400, "malformed request line")]


@pytest.mark.row("HI-08")
@pytest.mark.parametrize(
    "line",
    [
        b"X : a",
        b": a",
        b"X",
        b" X: a",
        b"X: a\r\n b",
        b"X: a\r\n\tb",
        b"X: a\rb",
        b"X: a\x00b",
        b"X: a\x0bb",
        b"X: a\x7f",
        b"X\x00: a",
        b"X(: a",
        b"\xc3\xa9: a",
        b"X: a\nY: b",
        b"X: a\n",
    ],
)
def test_refused_field_line(read_events: ReadEvents, line: bytes) -> None:
    assert read_events(b"GET / HTTP/1.1\r\n" + HOST + line + b"\r\n\r\n") == [
        Rejected(400, "malformed field line")
    ]
    assert read_events(b"GET / HTTP/1.1\r\n" + line + b"\r\n" + HOST + b"\r\n")[-1] == Rejected(
        400, "malformed field line"
    )


def test_bare_line_feeds_are_refused_at_once(read_events: ReadEvents) -> None:
    assert read_events(b"GET / HTTP/1.1\nHost: a\n\n") == [Rejected(400, "malformed request line")]


@pytest.mark.row("HI-07", "AH-27")
@pytest.mark.parametrize(
    "hosts",
    [
        b"",
        b"Host: a\r\nHost: a\r\n",
        b"Host: a\r\nhost: b\r\n",
        b"Host:\r\n",
        b"Host: \r\n",
        b"Host: a/b\r\n",
        b"Host: a?c\r\n",
        b"Host: u@a\r\n",
        b"Host: a b\r\n",
        b"Host: a:b\r\n",
        b"Host: a:123456\r\n",
        b"Host: :80\r\n",
        b"Host: [::1\r\n",
        b"Host: ::1\r\n",
        b"Host: a, b\r\nHost: c\r\n",
        b"Host: \xc3\xa9\r\n",
        b"Host: a%zz\r\n",
    ],
)
def test_refused_host(read_events: ReadEvents, hosts: bytes) -> None:
    [event] = read_events(b"GET / HTTP/1.1\r\n" + hosts + b"\r\n")
    assert isinstance(event, Rejected)
    assert event.status == 400


@pytest.mark.parametrize(
    "host", [b"a", b"a.b-c_d", b"1.2.3.4:80", b"[2001:db8::1]:8080", b"a:", b"%41", b"x!$&'()*+,;=~"]
)
def test_accepted_host(host: bytes) -> None:
    assert read(b"GET / HTTP/1.1\r\nHost: " + host + b" \r\n\r\n").get(b"host") == host


@pytest.mark.parametrize(
    ("fields", "framing"),
    [
        (b"", NO_BODY),
        (b"Content-Length: 0\r\n", NO_BODY),
        (b"content-length:  10 \r\n", BodyFraming(FramingKind.LENGTH, 10)),
        (b"Content-Length: 007\r\n", BodyFraming(FramingKind.LENGTH, 7)),
        (b"Transfer-Encoding: chunked\r\n", BodyFraming(FramingKind.CHUNKED)),
        (b"transfer-encoding: CHUNKED \r\n", BodyFraming(FramingKind.CHUNKED)),
    ],
)
def test_framing(fields: bytes, framing: BodyFraming) -> None:
    assert read(b"POST / HTTP/1.1\r\n" + HOST + fields + b"\r\n").framing == framing


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        pytest.param(
            b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", 400, marks=pytest.mark.row("HI-01")
        ),
        pytest.param(b"Content-Length: 5\r\nContent-Length: 5\r\n", 400, marks=pytest.mark.row("HI-02")),
        (b"Content-Length: 5\r\nContent-Length: 6\r\n", 400),
        (b"Content-Length: 5, 5\r\n", 400),
        pytest.param(b"Content-Length: +1\r\n", 400, marks=pytest.mark.row("HI-03", "AH-15")),
        (b"Content-Length: -1\r\n", 400),
        (b"Content-Length: 1_0\r\n", 400),
        (b"Content-Length: 0x5\r\n", 400),
        (b"Content-Length: 5 5\r\n", 400),
        (b"Content-Length:\r\n", 400),
        (b"Content-Length: \xd9\xa1\r\n", 400),
        (b"Content-Length: " + b"1" * 20 + b"\r\n", 400),
        pytest.param(b"Transfer-Encoding: xchunked\r\n", 400, marks=pytest.mark.row("HI-04", "AH-03")),
        (b"Transfer-Encoding: chunked, identity\r\n", 400),
        (b"Transfer-Encoding: chunked, chunked\r\n", 400),
        (b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", 400),
        (b"Transfer-Encoding: identity\r\n", 400),
        (b"Transfer-Encoding: gzip\r\n", 400),
        (b"Transfer-Encoding: chunked;q=1\r\n", 400),
        (b"Transfer-Encoding: , chunked\r\n", 400),
        (b"Transfer-Encoding:\r\n", 400),
        pytest.param(b"Transfer-Encoding: gzip, chunked\r\n", 501, marks=pytest.mark.row("HI-05")),
    ],
)
def test_refused_framing(read_events: ReadEvents, fields: bytes, status: int) -> None:
    [event] = read_events(b"POST / HTTP/1.1\r\n" + HOST + fields + b"\r\n")
    assert isinstance(event, Rejected)
    assert event.status == status


@pytest.mark.row("HI-06")
def test_transfer_encoding_is_unknown_to_http_10(read_events: ReadEvents) -> None:
    [event] = read_events(b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert isinstance(event, Rejected)
    assert event.status == 400


@pytest.mark.row("HC-49")
@pytest.mark.parametrize(
    ("version", "connection", "keep_alive"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: keep-alive\r\n", True),
        (b"1.1", b"Connection: Keep-Alive\r\n", True),
        (b"1.1", b"Connection: close\r\n", False),
        (b"1.1", b"Connection: keep-alive\r\nConnection: Close\r\n", False),
        (b"1.1", b"Connection: x, close , y\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: keep-alive\r\n", True),
        (b"1.0", b"Connection: keep-alive, close\r\n", False),
    ],
)
def test_keep_alive(version: bytes, connection: bytes, keep_alive: bool) -> None:
    assert read(b"GET / HTTP/" + version + b"\r\n" + HOST + connection + b"\r\n").keep_alive is keep_alive


def test_a_head_shows_itself() -> None:
    assert repr(read(b"GET /p HTTP/1.1\r\n" + HOST + b"\r\n")) == "<RequestHead GET /p>"


def test_expect_and_upgrade() -> None:
    head = read(
        b"GET / HTTP/1.1\r\n"
        + HOST
        + b"Expect: 100-Continue\r\nUpgrade: WebSocket\r\nConnection: Upgrade\r\n\r\n"
    )
    assert (head.expect, head.upgrade) == ("100-continue", "WebSocket")
    head = read(b"GET / HTTP/1.1\r\n" + HOST + b"Upgrade: websocket\r\n\r\n")
    assert (head.expect, head.upgrade) == (None, None)
    head = read(b"GET / HTTP/1.0\r\nExpect: 100-continue\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
    assert (head.expect, head.upgrade) == (None, None)


def test_empty_elements_of_an_expectation_do_not_count() -> None:
    for value in (b"", b" ", b", ,\t,"):
        assert read(b"GET / HTTP/1.1\r\n" + HOST + b"Expect:" + value + b"\r\n\r\n").expect is None
    for value in (b",100-continue", b"100-continue, ", b"\r\nExpect: 100-continue"):
        assert read(b"GET / HTTP/1.1\r\n" + HOST + b"Expect:" + value + b"\r\n\r\n").expect == "100-continue"
    assert read(b"GET / HTTP/1.1\r\n" + HOST + b"Expect: a,, b\r\n\r\n").expect == "a,, b"


SMALL = Limits(request_line=40, field_line=30, field_section=100, field_count=5)


@pytest.mark.row("HI-13", "HI-14", "AH-22", "AH-31")
@pytest.mark.parametrize(
    ("raw", "status"),
    [
        (b"GET /" + b"a" * 26 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 200),
        (b"GET /" + b"a" * 27 + b" HTTP/1.1\r\n" + HOST + b"\r\n", 414),
        (b"GET /" + b"a" * 27, 200),
        (b"GET /" + b"a" * 50, 414),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 27 + b"\r\n\r\n", 200),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 28 + b"\r\n\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 40, 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 4 + b"\r\n", 200),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 5 + b"\r\n", 431),
        (b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n" * 5, 431),
        (b"GET / HTTP/1.1\r\n" + HOST + (b"X: " + b"a" * 25 + b"\r\n") * 3 + b"\r\n", 431),
    ],
)
def test_limits(read_events: ReadEvents, raw: bytes, status: int) -> None:
    events = read_events(raw, SMALL)
    assert [event.status for event in events if isinstance(event, Rejected)] == (
        [] if status == 200 else [status]
    )


def test_the_first_fault_counts(read_events: ReadEvents) -> None:
    too_long = b"X: " + b"a" * 40 + b"\r\n"
    assert read_events(b"GET / HTTP/1.1\r\n" + too_long + b"bad\r\n\r\n", SMALL)[-1].status == 431  # type: ignore[attr-defined]
    assert read_events(b"GET / HTTP/1.1\r\nbad\r\n" + too_long + b"\r\n", SMALL)[-1].status == 400  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("raw", "event"),
    [
        (b"GET", Rejected(400, "incomplete head")),
        (b"GET / HTTP/1.1\r\nHost: a\r\n", Rejected(400, "incomplete head")),
        (b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nab", Rejected(400, "incomplete body")),
    ],
)
def test_the_peer_ends_too_early(read_events: ReadEvents, raw: bytes, event: Rejected) -> None:
    assert read_events(raw, eof=True)[-1] == event


TOKEN = st.text("!#$%&'*+-.^_`|~0123456789abcXYZ", min_size=1, max_size=12)
VALUE = st.text([chr(c) for c in (9, *range(32, 127), *range(128, 256))], max_size=30)


@given(
    method=TOKEN,
    target=st.text([chr(c) for c in (33, 34, *range(36, 127))], max_size=30).map("/".__add__),
    fields=st.lists(st.tuples(TOKEN.map("X-".__add__), VALUE), max_size=8),
    at=st.integers(0, 8),
)
def test_any_valid_head_is_understood(
    method: str, target: str, fields: list[tuple[str, str]], at: int
) -> None:
    lines = [f"{name}: {value}" for name, value in fields]
    lines.insert(at, "Host: a")
    head = read("\r\n".join([f"{method} {target} HTTP/1.1", *lines, "", ""]).encode("latin-1"))
    assert (head.method, head.target) == (method, target)
    assert [(n.decode(), v.decode("latin-1")) for n, v in head.fields if n != b"Host"] == [
        (name, value.strip(" \t")) for name, value in fields
    ]


@given(st.binary(max_size=300).map(lambda junk: junk.replace(b"\n", b"\r\n")), st.integers(1, 20))
def test_any_bytes_get_one_verdict_however_cut(junk: bytes, size: int) -> None:
    def verdict(step: int) -> list[str]:
        connection = ServerConnection(SMALL)
        events = []
        raw = b"GET / HTTP/1.1\r\nHost: a\r\n" + junk
        for start in range(0, len(raw), step):
            connection.receive(raw[start : start + step])
            event = connection.next_event()
            if event is not Signal.NEED_DATA:
                events.append(repr(event))
                break
        return events

    assert verdict(size) == verdict(10_000)


LINES = [b"Host: a", b"Content-Length: 3", b"content-length:03 ", b"Content-Length: 0", b"Accept: */*"]


@given(st.lists(st.sampled_from(LINES), max_size=4))
def test_one_verdict_on_a_length_wherever_it_stands(lines: list[bytes]) -> None:
    """The common pattern and the general parser agree."""
    block = b"POST / HTTP/1.1\r\n" + b"".join(line + b"\r\n" for line in lines)
    events = []
    for more in (b"", b"Connection: x\r\n"):  # Connection is parsed by the general parser only.
        try:
            events.append(parse_request_head(block + more + b"\r\n", Limits()).framing)
        except RemoteProtocolError as fault:
            events.append((fault.status, fault.reason))
    assert events[0] == events[1]
    lengths = [int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length")]
    if lines.count(b"Host: a") == 1 and len(lengths) == 1:
        assert events[0] == (BodyFraming(FramingKind.LENGTH, lengths[0]) if lengths[0] else NO_BODY)
    elif lines.count(b"Host: a") != 1 or len(lengths) > 1:
        assert events[0][0] == 400


@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"Accept", b"ACCEPT", b"X-Accept", b"Accept-X", b"A"]),
            st.sampled_from([b"", b"a", b"accept: b", b"\tc d \xff "]),
        )
    )
)
def test_fields_can_be_asked_for_without_taking_all_apart(fields: list[tuple[bytes, bytes]]) -> None:
    lines = b"".join(b"%b: %b\r\n" % pair for pair in fields)
    head = parse_request_head(b"GET / HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n", Limits())
    values = {name: head.get_all(name) for name in (b"accept", b"host", b"a", b"none")}
    assert values == {name: [v for k, v in head.fields if k.lower() == name] for name in values}
    assert head.get(b"accept") == next(iter(values[b"accept"]), None)
    assert head.get_each(*values) == [next(iter(values), None) for values in values.values()]
    assert head.get_each() == []
    beginnings = [b"acc", b"accept:", b"a:", b"b", b"ost"]
    found = [each for each in beginnings if head.has_beginning(each)]
    assert found == [
        each for each in beginnings if any((k.lower() + b":").startswith(each) for k, _ in head.fields)
    ]
    assert head.has_beginning(*beginnings) == bool(found)
    assert not head.has_beginning()


@given(
    st.lists(
        st.tuples(
            st.text("aZ-_!9", min_size=1, max_size=8).map(str.encode),
            st.sampled_from([b"", b" ", b"\t", b" \t "]),
            st.one_of(st.binary(max_size=12), st.text(max_size=8).map(str.encode), st.just(b"a: b:c")).map(
                lambda value: bytes(byte for byte in value if byte > 0x20 and byte != 0x7F)
            ),
            st.sampled_from([b"", b" ", b"\t "]),
        ),
        max_size=6,
    )
)
def test_fields_are_decoded_as_each_would_be_alone(lines: list[tuple[bytes, bytes, bytes, bytes]]) -> None:
    block = b"".join(b"%b:%b%b%b\r\n" % line for line in lines)
    head = RequestHead("GET", "/", block=block)
    alone = [(name.decode("ascii"), value.decode("utf-8", "surrogateescape")) for name, value in head.fields]
    assert head.decode_fields() == alone
    assert [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in alone] == [
        (name, value) for name, _, value, _ in lines
    ]


# Authorities


def is_address(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


@given(
    st.lists(
        st.sampled_from([":", "::", "0", "ab", "f00d", "12345", "192.0.2.1", "256.0.2.1", "01.2.3.4", "."]),
        max_size=17,
    )
)
def test_an_address_in_brackets_is_what_the_standard_library_calls_one(pieces: list[str]) -> None:
    literal = "".join(pieces)
    taken = []
    for head in (
        f"GET / HTTP/1.1\r\nHost: [{literal}]:80\r\n\r\n",
        f"GET / HTTP/1.1\r\nHost: [{literal}]\r\nConnection: x\r\n\r\n",
        f"GET http://[{literal}]/ HTTP/1.0\r\n\r\n",
        f"CONNECT [{literal}]:443 HTTP/1.0\r\n\r\n",
    ):
        connection = ServerConnection()
        connection.receive(head.encode())
        taken.append(isinstance(connection.next_event(), RequestHead))
    assert taken == [is_address(literal)] * 4


@pytest.mark.row("HI-31")
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize(
    "ports",
    [("", ":"), (":{}", ""), ("", ":{}"), (":", ":{}"), (":0{}", ":"), (":81", ":81"), (":81", ":081")],
)
def test_the_same_authority_in_other_words(scheme: str, ports: tuple[str, str]) -> None:
    default = {"http": 80, "https": 443}[scheme]
    in_target, in_host = (port.format(default) for port in ports)
    for name, other in (
        ("a.example", "A.Example"),
        ("[2001:DB8::1]", "[2001:db8::1]"),
        ("192.0.2.1", "192.0.2.1"),
    ):
        target = f"{scheme}://{name}{in_target}/p?q"
        assert read(f"GET {target} HTTP/1.1\r\nHost: {other}{in_host}\r\n\r\n".encode()).target == target
        for wrong in (f"{other}:82", f"x{other}", f"{other}:{523 - default}"):
            connection = ServerConnection()
            connection.receive(f"GET {target} HTTP/1.1\r\nHost: {wrong}\r\n\r\n".encode())
            event = connection.next_event()
            assert isinstance(event, Rejected)
            assert event.status == 400
