import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import (
    Connection,
    ConnectionClosed,
    Deflate,
    Opcode,
    PreparedMessage,
    Role,
    State,
    WSMessage,
    WSMsgType,
)
from muntin.websocket._frames import format_frame

TEXT, BINARY, PING, PONG = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG
CLOSE, ERROR = WSMsgType.CLOSE, WSMsgType.ERROR
MASK = b"\x37\xfa\x21\x3d"


def test_a_conversation(replay, client):
    peer = client()
    data = b"".join(
        [
            peer.send_text("héllo"),
            peer.send_bytes(b"\0" * 300),
            peer.ping(b"?"),
            peer.send_text("in ", final=False),
            peer.pong(),
            peer.send_text("two", final=False),
            peer.send_text(" parts"),
            peer.send_bytes(b""),
            peer.close(1001, "gone"),
        ]
    )
    trailing = b"\xff\xff whatever stands behind a close frame is not looked at"
    for tail in (b"", trailing):
        assert replay(data + tail) == [
            (TEXT, "héllo", None),
            (BINARY, b"\0" * 300, None),
            (PING, b"?", None),
            (PONG, b"", None),
            (TEXT, "in two parts", None),
            (BINARY, b"", None),
            (CLOSE, 1001, "gone"),
        ]


@pytest.mark.row("HI-43", "WS-12")
@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"\x81\x01a", 1002),
        (format_frame(0xC1, b"", MASK), 1002),
        (format_frame(0x83, b"", MASK), 1002),
        (format_frame(0x80, b"", MASK), 1002),
        (format_frame(0x01, b"", MASK) + format_frame(0x81, b"", MASK), 1002),
        (format_frame(0x88, b"\x03", MASK), 1002),
        (format_frame(0x88, b"\x03\xed", MASK), 1002),
        (format_frame(0x81, b"\xff", MASK), 1007),
        (format_frame(0x01, b"\xff", MASK), 1007),
        (format_frame(0x88, b"\x03\xe8\xff", MASK), 1007),
        (format_frame(0x82, bytes(101), MASK), 1009),
        (format_frame(0x02, bytes(60), MASK) + format_frame(0x80, bytes(60), MASK), 1009),
        (format_frame(0x02, b"", MASK) + format_frame(0x00, b"", MASK) * 5, 1008),
        (format_frame(0x02, b"", MASK) + format_frame(0x89, b"", MASK) * 5, 1008),
    ],
)
def test_what_breaks_the_protocol_ends_it_with_the_right_code(replay, data, code):
    options = {"max_message_size": 100, "max_frames": 5}
    *before, error = replay(
        format_frame(0x81, b"ok", MASK) + data + format_frame(0x81, b"late", MASK), **options
    )
    assert before[0] == (TEXT, "ok", None)
    assert error.type is ERROR
    assert error.data.code == code
    server = Connection(Role.SERVER, **options)
    [*_, error] = server.receive(data)
    assert server.state is State.FAILED
    assert server.receive(format_frame(0x81, b"late", MASK)) == []
    reply = server.reply_to(error)
    assert reply[:2] == bytes((0x88, len(reply) - 2))
    assert int.from_bytes(reply[2:4], "big") == code
    assert server.close_code == 1006
    assert reply[4:].decode() == str(error.data)
    assert server.state is State.CLOSED


@pytest.mark.row("HI-43")
def test_a_client_refuses_masked_frames():
    peer = Connection(Role.CLIENT)
    [error] = peer.receive(format_frame(0x81, b"a", MASK))
    assert str(error.data) == "frame is masked"


def test_text_as_bytes(client):
    server = Connection(Role.SERVER, decode_text=False)
    assert server.receive(client().send_text("é")) == [(TEXT, b"\xc3\xa9", None)]
    [error] = server.receive(format_frame(0x81, b"\xff", MASK))
    assert error.data.code == 1007


@pytest.mark.parametrize("deflate", [None, Deflate()])
@pytest.mark.parametrize(
    ("call", "error", "reason"),
    [
        (lambda c: c.send_text(b""), TypeError, "text is a str, not bytes"),
        (lambda c: c.send_text(None), TypeError, "text is a str, not NoneType"),
        (lambda c: c.send_bytes("x"), TypeError, "not str"),
        (lambda c: c.send_bytes([1]), TypeError, "not list"),
        (lambda c: c.send(Opcode.TEXT, "x"), TypeError, "not str"),
        (lambda c: c.send_text("x", compress=10), ValueError, "level from 0 to 9 or None, not 10"),
        (lambda c: c.send_text("x", compress=-1), ValueError, "not -1"),
        (lambda c: c.send_text("x", compress="9"), TypeError, "not str"),
        (lambda c: c.ping(5), TypeError, "not int"),
        (lambda c: c.pong(None), TypeError, "not NoneType"),
        (lambda c: c.receive("x"), TypeError, "not str"),
        (lambda c: c.receive(None), TypeError, "not NoneType"),
        (lambda c: c.close("bye"), TypeError, "a close code is an int, not str"),
        (lambda c: c.close(1000, 5), TypeError, "a reason is a str or bytes, not int"),
        (lambda c: c.send_prepared(PreparedMessage(5)), TypeError, "not int"),
    ],
)
def test_values_of_another_type_are_refused_by_name(call, error, reason, deflate):
    server = Connection(Role.SERVER, deflate=deflate)
    with pytest.raises(error, match=reason):
        call(server)
    assert server.state is State.OPEN
    assert server.send_text("x", compress=0) == b"\x81\x01x"


def test_views_of_bytes_are_bytes(client, pair):
    server = Connection(Role.SERVER)
    assert server.receive(bytearray(client().send_text("a"))) == [(TEXT, "a", None)]
    assert server.receive(memoryview(client().send_text("b"))) == [(TEXT, "b", None)]
    assert server.send_bytes(memoryview(b"c")) == server.send_bytes(bytearray(b"c")) == b"\x82\x01c"
    assert server.ping("d") == b"\x89\x01d"


@pytest.mark.parametrize(
    ("options", "error", "reason"),
    [
        ({"role": "server"}, TypeError, "role is Role.CLIENT or Role.SERVER"),
        ({"deflate": True}, TypeError, "deflate is a Deflate or None"),
        ({"max_message_size": -1}, ValueError, "max_message_size is -1"),
        ({"max_message_size": "4"}, TypeError, "max_message_size is an int, not str"),
        ({"max_frames": 0}, ValueError, "max_frames is 0, not 1 or more"),
    ],
)
def test_options_that_make_no_connection(options, error, reason):
    with pytest.raises(error, match=reason):
        Connection(**({"role": Role.SERVER} | options))


@pytest.mark.row("WS-08")
def test_we_close(pair):
    client, server = pair()
    wire = server.close(1001, "bye")
    assert server.state is State.CLOSE_SENT
    for send in (server.send_text, server.ping, server.pong, server.close):
        with pytest.raises(ConnectionClosed, match="a close frame was sent"):
            send(*(["x"] if send == server.send_text else []))
    with pytest.raises(ConnectionClosed):
        server.send_prepared(PreparedMessage("x"))
    late = client.send_text("under way")
    [closed] = client.receive(wire)
    assert closed == (CLOSE, 1001, "bye")
    assert client.state is State.CLOSE_RECEIVED
    echo = client.reply_to(closed)
    assert (client.state, client.close_code, client.close_reason) == (State.CLOSED, 1001, "bye")
    assert client.reply_to(closed) == b""
    assert server.receive(late + echo) == [(TEXT, "under way", None), (CLOSE, 1001, "")]
    assert (server.state, server.close_code, server.close_reason) == (State.CLOSED, 1001, "")
    server.receive_eof()
    assert server.close_code == 1001
    with pytest.raises(ConnectionClosed, match="the connection is closed"):
        server.send_text("x")


@pytest.mark.parametrize(("code", "sent"), [(1000, 1000), (4000, 4000), (None, 1005)])
def test_what_we_have_sent_is_remembered(pair, code, sent):
    client, server = pair()
    assert server.sent_code is None
    wire = server.close(code)
    assert (server.sent_code, server.close_code) == (sent, None)
    with pytest.raises(ConnectionClosed):
        server.close(3000)
    assert server.sent_code == sent
    [closed] = client.receive(wire)
    client.reply_to(closed)
    assert client.sent_code == sent
    server.receive_eof()
    assert (server.sent_code, server.close_code) == (sent, 1006)


def test_a_close_frame_without_a_code(pair):
    client, server = pair()
    [closed] = server.receive(client.close(None))
    assert closed == (CLOSE, 1005, "")
    assert server.reply_to(closed) == b"\x88\x00"


def test_a_message_may_be_finished_after_the_peer_has_closed(pair):
    client, server = pair()
    first = server.send_text("a", final=False)
    server.receive(client.close())
    assert client.receive(first + server.send_text("b") + server.close()) == [
        (TEXT, "ab", None),
        (CLOSE, 1000, ""),
    ]
    assert client.state is State.CLOSED


def test_a_failure_after_our_close_leaves_nothing_to_say():
    server = Connection(Role.SERVER)
    server.close()
    [error] = server.receive(b"\x81\x00")
    assert server.state is State.CLOSED
    assert server.reply_to(error) == b""


def test_the_stream_ends():
    server = Connection(Role.SERVER)
    server.receive_eof()
    server.receive_eof()
    assert (server.state, server.close_code) == (State.CLOSED, 1006)
    assert server.receive(b"\x81\x80" + MASK) == []
    assert server.reply_to(WSMessage(PING, b"")) == b""


def test_the_reply_to_a_ping_has_its_payload(pair):
    client, server = pair()
    [ping] = server.receive(client.ping(b"12"))
    assert client.receive(server.reply_to(ping)) == [(PONG, b"12", None)]
    [pong] = server.receive(client.pong(b"34"))
    assert server.reply_to(pong) == b""


def test_controls_are_short():
    for send in (Connection(Role.SERVER).ping, Connection(Role.SERVER).pong):
        assert len(send(bytes(125))) == 127
        with pytest.raises(ValueError, match="at most 125 bytes, not 126"):
            send(bytes(126))


def test_messages_of_two_kinds_do_not_mix():
    server = Connection(Role.SERVER)
    server.send_text("a", final=False)
    with pytest.raises(ValueError, match="opcode TEXT is not finished"):
        server.send_bytes(b"b")
    with pytest.raises(ValueError, match="opcode TEXT is not finished"):
        server.send_prepared(PreparedMessage(b"b"))
    assert server.ping() == b"\x89\x00"
    assert server.send_text("b") == b"\x80\x01b"


def test_compression_is_asked_for_message_by_message(pair):
    client, server = pair(Deflate())
    text = "again and again " * 8
    assert server.send_text(text, compress=0) == b"\x81\x7e\x00\x80" + text.encode()
    for level in (None, 1, 9):
        wire = server.send_text(text, compress=level)
        assert wire[0] == 0xC1
        assert client.receive(wire) == [(TEXT, text, None)]
    parts = [
        server.send_text(text, final=False, compress=9),
        server.send_text(text, final=False),
        server.send_text("!"),
    ]
    assert [part[0] for part in parts] == [0x41, 0x00, 0x80]
    assert client.receive(b"".join(parts)) == [(TEXT, text + text + "!", None)]
    parts = [server.send_text("pl", final=False, compress=0), server.send_text("ain")]
    assert parts == [b"\x01\x02pl", b"\x80\x03ain"]
    with pytest.raises(UnicodeEncodeError):
        server.send_text("\ud800")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(
    "deflate",
    [None, Deflate(), Deflate(True, True, 9, 10), Deflate(True, False, 8, 15), Deflate(False, True, 15, 8)],
)
def test_both_roles_with_every_setup(role, deflate):
    ours = Connection(role, deflate=deflate)
    theirs = Connection(Role.CLIENT if role is Role.SERVER else Role.SERVER, deflate=deflate)
    for number in range(3):
        text = f"{number} and so on " * 500
        assert theirs.receive(ours.send_text(text)) == [(TEXT, text, None)]
        assert ours.receive(theirs.send_bytes(text.encode())) == [(BINARY, text.encode(), None)]


wire_frames = st.lists(
    st.tuples(
        st.sampled_from([0x81, 0x81, 0x82, 0x01, 0x02, 0x00, 0x80, 0x88, 0x89, 0x8A, 0xC1, 0x40, 0x83, 0x09]),
        st.text(max_size=8).map(str.encode)
        | st.binary(max_size=4)
        | st.just(b"\x03\xe8")
        | st.just(bytes(200)),
    ),
    max_size=8,
)


@given(wire_frames, st.lists(st.integers(0, 2000), max_size=8), st.booleans())
def test_any_frames_give_the_same_however_split_or_end_with_a_code(frames, cuts, deflate):
    data = b"".join(format_frame(head, payload, MASK) for head, payload in frames)

    def make():
        return Connection(
            Role.SERVER, max_message_size=150, max_frames=4, deflate=Deflate() if deflate else None
        )

    def show(connection, messages):
        seen = [(m.type, m.data.code if m.type is ERROR else m.data, m.extra) for m in messages]
        return seen, connection.state, connection.close_code

    whole, split = make(), make()
    expected = show(whole, whole.receive(data))
    cuts = sorted(cut % (len(data) + 1) for cut in cuts)
    found = []
    for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
        found += split.receive(data[start:stop])
    assert show(split, found) == expected
    if whole.state is State.FAILED:
        assert expected[0][-1][1] in (1002, 1007, 1008, 1009)


# A message: its parts, whether it is text, whether this one is compressed, and the control frames among its parts.
conversations = st.lists(
    st.tuples(
        st.lists(st.text(max_size=300), min_size=1, max_size=4),
        st.booleans(),
        st.sampled_from([None, 0, 1, 9]),
        st.lists(st.sampled_from(["ping", "pong"]), max_size=2),
    ),
    max_size=4,
)
setups = st.sampled_from([None, Deflate(), Deflate(True, True, 9, 9), Deflate(False, True, 8, 8)])


@pytest.mark.row("HI-43", "HI-44")
@given(conversations, setups, st.lists(st.integers(0, 5000), max_size=12), st.integers(1, 7))
def test_any_conversation_arrives_however_it_is_fragmented_and_split(conversation, deflate, cuts, closing):
    client, server = (Connection(role, deflate=deflate) for role in (Role.CLIENT, Role.SERVER))
    data, expected = b"", []
    for parts, is_text, level, controls in conversation:
        for index, part in enumerate(parts):
            send = client.send_text if is_text else client.send_bytes
            final = index == len(parts) - 1
            data += send(
                part if is_text else part.encode(), final=final, compress=level if index == 0 else None
            )
            if not final:
                for kind in controls:
                    data += getattr(client, kind)(part[:20].encode())
                    expected.append((PING if kind == "ping" else PONG, part[:20].encode(), None))
        whole = "".join(parts)
        expected.append((TEXT, whole, None) if is_text else (BINARY, whole.encode(), None))
    data += client.close(3000 + closing, "x" * closing)
    expected.append((CLOSE, 3000 + closing, "x" * closing))
    cuts = sorted(cut % (len(data) + 1) for cut in cuts)
    found = []
    for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
        found += server.receive(data[start:stop])
    assert found == expected
    assert server.state is State.CLOSE_RECEIVED


moves = st.sampled_from(["text", "ping", "close", "receive", "receive close", "receive rubbish", "eof"])


@given(st.lists(moves, max_size=10))
def test_any_history_is_orderly_on_the_wire(history):
    """In any order of events, a strict client can read what we have written."""
    server, peer, wire = Connection(Role.SERVER), Connection(Role.CLIENT), b""
    do = {
        "text": lambda: server.send_text("x"),
        "ping": lambda: server.ping(b"x"),
        "close": lambda: server.close(),
        "receive": lambda: server.receive(format_frame(0x81, b"", MASK)) and b"",
        "receive close": lambda: server.receive(format_frame(0x88, b"", MASK)) and b"",
        "receive rubbish": lambda: b"".join(map(server.reply_to, server.receive(b"rubbish"))),
        "eof": server.receive_eof,
    }
    for name in history:
        try:
            wire += do[name]() or b""
        except ConnectionClosed:
            assert server.state is not State.OPEN
    messages = peer.receive(wire)
    assert ERROR not in [message.type for message in messages]
    assert CLOSE not in [message.type for message in messages[:-1]]


def test_send_takes_what_is_encoded_already():
    assert Connection(Role.SERVER).send(Opcode.TEXT, b"\xc3\xa9") == b"\x81\x02\xc3\xa9"
