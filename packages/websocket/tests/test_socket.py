import asyncio
import gc
import weakref

import pytest

from muntin.websocket import (
    Connection,
    ConnectionClosed,
    Deflate,
    MessageTooBig,
    PreparedMessage,
    ProtocolViolation,
    Role,
    WSCloseCode,
    WSMsgType,
)
from muntin.websocket.aio import WebSocket

pytestmark = pytest.mark.anyio

TEXT, BINARY, PING, PONG = WSMsgType.TEXT, WSMsgType.BINARY, WSMsgType.PING, WSMsgType.PONG
CLOSE, CLOSING, CLOSED, ERROR = WSMsgType.CLOSE, WSMsgType.CLOSING, WSMsgType.CLOSED, WSMsgType.ERROR


async def turns(count=3):
    """Wait for some turns of the loop."""
    for _ in range(count):
        await asyncio.sleep(0)


@pytest.mark.row("WS-02")
async def test_iterating_gives_messages_until_the_peer_closes(open_socket):
    socket, duplex, peer = open_socket()
    socket.data_received(peer.send_text("a") + peer.send_bytes(b"b") + peer.close(1001, "bye"))
    assert [message async for message in socket] == [(TEXT, "a", None), (BINARY, b"b", None)]
    assert peer.receive(duplex.take()) == [(CLOSE, 1001, "")]
    assert (socket.closed, socket.close_code, socket.close_reason) == (True, 1001, "bye")
    assert duplex.is_closed
    assert socket.exception() is None


async def test_what_arrived_with_the_handshake_is_delivered(open_socket, client):
    socket, *_ = open_socket(backlog=client().send_text("early"))
    assert await socket.receive() == (TEXT, "early", None)


async def test_receive_returns_the_end(open_socket):
    socket, _, peer = open_socket()
    socket.data_received(peer.close(3000, "bye"))
    assert [await socket.receive() for _ in range(3)] == [
        (CLOSE, 3000, "bye"),
        (CLOSED, None, None),
        (CLOSED, None, None),
    ]


async def test_a_loop_that_ignores_the_end_is_stopped(open_socket):
    socket, _, peer = open_socket()
    socket.data_received(peer.close())
    for _ in range(6):
        await socket.receive()
    with pytest.raises(RuntimeError, match="again and again"):
        await socket.receive()


async def test_receiving_by_kind(open_socket):
    socket, _, peer = open_socket()
    socket.data_received(
        b"".join([peer.send_text("a"), peer.send_bytes(b"b"), peer.send_text('{"c": 1}')] * 2)
    )
    assert await socket.receive_str() == "a"
    assert await socket.receive_bytes() == b"b"
    assert await socket.receive_json() == {"c": 1}
    with pytest.raises(TypeError, match="received TEXT, not BINARY"):
        await socket.receive_bytes()
    with pytest.raises(TypeError, match="received BINARY, not TEXT"):
        await socket.receive_str()
    assert await socket.receive_json(loads=len) == 8


@pytest.mark.row("WS-15")
async def test_a_second_receive_is_an_error_and_the_first_gets_its_message(open_socket):
    socket, _, peer = open_socket()
    first = asyncio.create_task(socket.receive())
    await turns()
    with pytest.raises(RuntimeError, match="another task"):
        await socket.receive()
    socket.data_received(peer.send_text("a"))
    assert await first == (TEXT, "a", None)


async def test_a_receive_may_time_out_and_the_socket_goes_on(open_socket):
    for options, arguments in (({}, {"timeout": 0}), ({"receive_timeout": 0}, {})):
        socket, _, peer = open_socket(**options)
        with pytest.raises(TimeoutError):
            await socket.receive(**arguments)
        assert not socket.closed
        waiting = asyncio.create_task(socket.receive(timeout=5))
        await turns()
        socket.data_received(peer.send_text("a"))
        assert await waiting == (TEXT, "a", None)


@pytest.mark.parametrize(
    ("timeout", "error"), [("5", TypeError), (-1, ValueError), (float("nan"), ValueError)]
)
async def test_a_timeout_is_a_number_of_seconds(open_socket, timeout, error):
    socket, _, peer = open_socket()
    with pytest.raises(error, match="timeout is"):
        await socket.receive(timeout)
    socket.data_received(peer.send_text("a"))
    assert await socket.receive_str(timeout=5) == "a"


@pytest.mark.row("CF-01", "WS-06", "WS-07", "WS-16")
async def test_sends_with_and_without_await_from_many_tasks_keep_their_order(open_socket):
    socket, duplex, peer = open_socket()
    socket.send_str("0")
    await socket.send_str("1")

    async def send(number):
        await socket.send_json({"n": number})

    await asyncio.gather(*(send(number) for number in range(3)))
    task = asyncio.create_task(socket.send_bytes(bytearray(b"2")))
    socket.send_str("3")
    await task
    gc.collect()
    assert [message.data for message in peer.receive(duplex.take())] == [
        "0", "1", '{"n": 0}', '{"n": 1}', '{"n": 2}', b"2", "3"
    ]  # fmt: skip


@pytest.mark.row("CF-01")
async def test_what_cannot_be_sent_is_an_error_at_the_call(open_socket):
    socket, duplex, _ = open_socket()
    for call, argument in (
        (socket.send_str, b"x"),
        (socket.send_str, None),
        (socket.send_bytes, "x"),
        (socket.ping, 5),
    ):
        with pytest.raises(TypeError):
            call(argument)
    for call, argument in ((socket.ping, "x" * 126), (socket.pong, bytes(126))):
        with pytest.raises(ValueError, match="at most 125"):
            call(argument)
    with pytest.raises(TypeError, match="not JSON serializable"):
        socket.send_json(object())
    assert duplex.take() == b""


async def test_frames_by_opcode(open_socket):
    socket, duplex, peer = open_socket()
    for opcode in (TEXT, BINARY, PING, PONG):
        await socket.send_frame(b"x", opcode)
    assert peer.receive(duplex.take()) == [
        (TEXT, "x", None),
        (BINARY, b"x", None),
        (PING, b"x", None),
        (PONG, b"x", None),
    ]
    for opcode in (CLOSE, 0, 3, 256):
        with pytest.raises(ValueError, match=r"CLOSE|CONTINUATION|not a valid Opcode"):
            socket.send_frame(b"", opcode)


async def test_compression_by_message(open_socket):
    socket, duplex, peer = open_socket(Deflate())
    assert socket.is_compressed
    socket.send_str("x" * 50)
    socket.send_str("x" * 50, compress=0)
    socket.send_json("x" * 48, 9)
    socket.send_prepared(PreparedMessage("x" * 50))
    wire = duplex.take()
    assert len(wire) < 120
    assert [len(message.data) for message in peer.receive(wire)] == [50] * 4
    assert not open_socket()[0].is_compressed


@pytest.mark.row("BH-15")
async def test_pings_get_replies_while_nobody_receives(open_socket):
    socket, duplex, peer = open_socket()
    socket.data_received(peer.ping(b"1") + peer.pong(b"2") + peer.send_text("a"))
    assert peer.receive(duplex.take()) == [(PONG, b"1", None)]
    assert await socket.receive() == (TEXT, "a", None)


async def test_pings_by_hand(open_socket):
    socket, duplex, peer = open_socket(autoping=False)
    socket.data_received(peer.ping(b"1") + peer.pong(b"2"))
    assert duplex.take() == b""
    assert [await socket.receive() for _ in range(2)] == [(PING, b"1", None), (PONG, b"2", None)]
    await socket.pong("1")
    await socket.ping()
    assert peer.receive(duplex.take()) == [(PONG, b"1", None), (PING, b"", None)]


async def test_messages_before_the_close_frame_may_be_replied_to(open_socket):
    socket, duplex, peer = open_socket()
    socket.data_received(peer.send_text("a") + peer.close())
    async for message in socket:
        assert not socket.closed
        await socket.send_str(message.data * 2)
    assert peer.receive(duplex.take()) == [(TEXT, "aa", None), (CLOSE, 1000, "")]


@pytest.mark.parametrize("options", [{}, {"receive_timeout": 5}])
async def test_they_may_be_replied_to_with_plain_receives_and_timeouts_too(open_socket, options):
    socket, duplex, peer = open_socket(**options)
    socket.data_received(peer.send_text("a") + peer.send_text("b") + peer.close())
    assert await socket.receive_str() == "a"
    assert [message.data async for message in socket] == ["b"]
    socket.connection_lost(None)
    socket, duplex, peer = open_socket(**options)
    socket.data_received(peer.send_text("a") + peer.close(1001))
    await socket.receive()
    socket.send_str("b")
    assert (await socket.receive()).type is CLOSE
    assert [message.data for message in peer.receive(duplex.take())] == ["b", 1001]


async def test_a_busy_handler_does_not_hold_the_close_up(open_socket, clock):
    socket, duplex, peer = open_socket()
    socket.data_received(peer.close())
    assert peer.receive(duplex.take()) == [(CLOSE, 1000, "")]
    socket, duplex, peer = open_socket()
    socket.data_received(peer.send_text("a") + peer.close())
    clock.advance(1)
    assert peer.receive(duplex.take()) == [(CLOSE, 1000, "")]
    assert await socket.receive() == (TEXT, "a", None)
    with pytest.raises(ConnectionClosed):
        socket.send_str("too late")
    assert (await socket.receive()).type is CLOSE
    assert duplex.take() == b""


async def test_closing_by_hand(open_socket, clock):
    socket, duplex, peer = open_socket(autoclose=False)
    socket.data_received(peer.close(1001))
    assert await socket.receive() == (CLOSE, 1001, "")
    clock.advance(5)
    assert (duplex.take(), socket.closed) == (b"", False)
    assert await socket.close(code=3001, message=b"my way")
    assert peer.receive(duplex.take()) == [(CLOSE, 3001, "my way")]
    assert duplex.is_closed


@pytest.mark.row("WS-08", "WS-09")
async def test_we_close(open_socket, clock):
    socket, duplex, peer = open_socket()
    closing = asyncio.create_task(socket.close(code=WSCloseCode.GOING_AWAY, message="bye"))
    await turns()
    [message] = peer.receive(duplex.take())
    assert message == (CLOSE, 1001, "bye")
    assert not closing.done()
    again = asyncio.create_task(socket.close())
    await turns()
    socket.data_received(peer.send_text("late") + peer.reply_to(message))
    assert await closing is True
    assert await again is False
    assert await socket.close() is False
    assert (socket.closed, socket.close_code) == (True, 1001)
    assert duplex.is_closed
    assert not duplex.is_aborted
    socket.connection_lost(None)
    assert clock.pending == 0
    with pytest.raises(ConnectionResetError):
        socket.send_str("x")


@pytest.mark.row("WS-08", "WS-17")
async def test_the_code_that_was_sent_counts_until_the_peer_has_said_its_own(open_socket, clock):
    for said in (4005, 4006, 1005, 1006):
        socket, duplex, peer = open_socket()
        assert socket.close_code is None
        socket.close_nowait(code=4005)
        assert socket.close_code == 4005
        assert (await socket.receive()).type is CLOSING
        assert socket.close_code == 4005
        if said == 1006:
            clock.advance(10)
        else:
            peer.receive(duplex.take())
            socket.data_received(peer.close(None if said == 1005 else said))
        assert (await socket.receive()).type is CLOSED
        assert socket.close_code == said


@pytest.mark.row("CF-11")
async def test_a_code_that_means_nothing(open_socket):
    socket, duplex, peer = open_socket()
    with pytest.warns(RuntimeWarning, match="close code 999"):
        socket.close_nowait(code=999, message="bye")
    assert peer.receive(duplex.take()) == [(CLOSE, 1001, "bye")]
    socket, duplex, _ = open_socket()
    with pytest.raises(ValueError, match="1006"):
        await socket.close(code=WSCloseCode.ABNORMAL_CLOSURE)
    assert not socket.closed


@pytest.mark.row("WS-17")
async def test_closing_from_another_task_ends_the_loop(open_socket):
    socket, duplex, peer = open_socket()

    async def handle():
        return [message async for message in socket]

    handler = asyncio.create_task(handle())
    await turns()
    closing = asyncio.create_task(socket.close())
    assert await handler == []
    [message] = peer.receive(duplex.take())
    assert await socket.receive() == (CLOSING, None, None)
    socket.data_received(peer.reply_to(message))
    await closing
    assert await socket.receive() == (CLOSED, None, None)


async def test_closing_drops_what_nobody_received_and_listens_again(open_socket):
    socket, duplex, peer = open_socket(inbox_limit=100)
    socket.data_received(peer.send_bytes(bytes(200)))
    assert not duplex.is_reading
    socket.close_nowait()
    assert duplex.is_reading
    assert await socket.receive() == (CLOSING, None, None)


@pytest.mark.row("BH-15")
async def test_a_peer_that_does_not_close_is_cut_off(open_socket, clock):
    socket, duplex, _ = open_socket(timeout=10)
    closing = asyncio.create_task(socket.close(drain=False))
    await turns()
    clock.advance(9.9)
    assert not duplex.is_aborted
    clock.advance(0.2)
    assert duplex.is_aborted
    assert await closing is True
    assert socket.close_code == 1006


async def test_a_peer_that_does_not_read_our_goodbye_is_cut_off(open_socket, clock):
    socket, duplex, peer = open_socket()
    socket.data_received(peer.close())
    assert duplex.is_closed
    clock.advance(10)
    assert duplex.is_aborted


@pytest.mark.row("BH-15")
@pytest.mark.parametrize("end", [lambda s: s.eof_received(), lambda s: s.data_received(b"\xff\xff")])
async def test_a_peer_that_ends_badly_and_does_not_read_is_cut_off(open_socket, clock, end):
    socket, duplex, _ = open_socket()
    socket.send_bytes(bytes(1000))
    end(socket)
    clock.advance(1)
    assert duplex.is_closed
    clock.advance(8)
    assert not duplex.is_aborted
    clock.advance(2)
    assert duplex.is_aborted
    duplex.vanish()
    assert clock.pending == 0


async def test_a_client_waits_for_the_server_to_hang_up(clock, make_duplex):
    duplex, peer = make_duplex(), Connection(Role.SERVER)
    socket = WebSocket(duplex, Connection(Role.CLIENT), clock=clock)
    closing = asyncio.create_task(socket.close())
    await turns()
    [message] = peer.receive(duplex.take())
    socket.data_received(peer.reply_to(message))
    await closing
    assert not duplex.is_closed
    socket.eof_received()
    assert duplex.is_closed
    assert socket.close_code == 1000


@pytest.mark.row("WS-11", "WS-12", "CF-21")
async def test_a_broken_protocol_is_reported_once_and_ends_the_loop(open_socket, clock):
    socket, duplex, peer = open_socket()
    socket.data_received(peer.send_text("a") + b"\xf1\x80")
    messages = []
    async for message in socket:
        messages.append(message)
        if message.type is TEXT:
            await socket.send_str("still replied")
    assert [message.type for message in messages] == [TEXT, ERROR]
    assert isinstance(socket.exception(), ProtocolViolation)
    assert messages[1].data is socket.exception()
    assert [message.data for message in peer.receive(duplex.take())] == ["still replied", 1002]
    assert socket.closed
    assert socket.close_code == 1006
    assert not duplex.is_closed  # so that the close frame is not overtaken by a reset
    clock.advance(0.5)
    assert duplex.is_closed
    assert await socket.close() is False


@pytest.mark.row("WS-12", "BH-15")
async def test_the_limit_of_a_message(open_socket):
    socket, duplex, peer = open_socket()
    socket.data_received(b"\x82\xff" + (4 * 1024 * 1024 + 1).to_bytes(8, "big"))
    assert isinstance((await socket.receive()).data, MessageTooBig)
    assert peer.receive(duplex.take())[0].data == 1009


@pytest.mark.parametrize("error", [None, OSError("cable")])
async def test_the_connection_is_lost(open_socket, error):
    socket, _, peer = open_socket()
    socket.data_received(peer.send_text("a"))
    socket.connection_lost(error)
    assert [await socket.receive() for _ in range(2)] == [(TEXT, "a", None), (CLOSED, None, None)]
    assert (socket.closed, socket.close_code) == (True, 1006)
    assert socket.exception() is error or isinstance(socket.exception(), ConnectionResetError)
    assert await socket.close() is False
    with pytest.raises(ConnectionResetError):
        socket.send_str("x")


async def test_the_stream_ends_while_someone_receives_and_someone_closes(open_socket):
    socket, duplex, _ = open_socket()
    waiting = asyncio.create_task(socket.receive())
    await turns()
    closing = asyncio.create_task(socket.close())
    await turns()
    socket.eof_received()
    assert await waiting == (CLOSING, None, None) or (await waiting).type is CLOSED
    assert await closing is True
    assert duplex.is_closed
    assert socket.exception() is None


async def test_abort(open_socket):
    socket, duplex, _ = open_socket()
    socket.abort()
    assert duplex.is_aborted
    assert await socket.receive() == (CLOSED, None, None)


async def test_heartbeat(open_socket, clock):
    socket, duplex, peer = open_socket(heartbeat=10)
    clock.advance(10)
    [ping] = peer.receive(duplex.take())
    assert ping.type is PING
    socket.data_received(peer.reply_to(ping))
    clock.advance(5)
    assert not socket.closed
    clock.advance(10.1)
    assert isinstance(socket.exception(), TimeoutError)
    assert duplex.is_aborted
    assert [message.type async for message in socket] == [ERROR]
    assert socket.close_code == 1006
    assert clock.pending == 0


async def test_heartbeat_ends_with_the_socket(open_socket, clock):
    for end in (lambda s: s.close_nowait(), lambda s: s.connection_lost(None)):
        socket, duplex, _ = open_socket(heartbeat=10)
        end(socket)
        duplex.take()
        clock.advance(100)
        assert duplex.take() == b""


async def test_heartbeat_is_patient_while_we_do_not_read(open_socket, clock):
    socket, _, peer = open_socket(heartbeat=10, inbox_limit=10)
    socket.data_received(peer.send_bytes(bytes(100)))
    clock.advance(100)
    assert not socket.closed


@pytest.mark.row("CF-01")
async def test_a_stalled_reader_cannot_make_memory_grow(open_socket, clock):
    socket, duplex, peer = open_socket(writer_limit=1000, buffer_limit=10_000)
    duplex.stall()

    def send_without_waiting():
        while True:
            socket.send_bytes(bytes(500))

    with pytest.raises(ConnectionClosed, match="unread"):
        send_without_waiting()
    assert len(duplex.written) < 12_000
    assert peer.receive(duplex.take())[-1] == (CLOSE, 1011, "too much is left unread")
    assert socket.closed
    assert isinstance(socket.exception(), ConnectionClosed)
    clock.advance(10)
    assert duplex.is_aborted


@pytest.mark.row("HI-43")
async def test_a_ping_flood_of_a_peer_that_does_not_read(open_socket):
    socket, duplex, peer = open_socket(writer_limit=1000)
    duplex.stall()
    for _ in range(100):
        socket.data_received(peer.ping(bytes(125)) * 100)
    assert len(duplex.written) < 2000
    duplex.abort()
    socket.connection_lost(None)
    await turns()


@pytest.mark.row("HI-43")
@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize("is_late", [False, True])
async def test_a_ping_flood_and_then_a_reset(open_socket, is_late):
    socket, duplex, peer = open_socket(writer_limit=1000)
    duplex.stall()
    socket.data_received(peer.ping(bytes(125)) * 100)
    if is_late:
        await turns()
    duplex.vanish(ConnectionResetError("reset"))
    assert (await socket.receive()).type is CLOSED


@pytest.mark.row("HI-43")
@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize("end", [lambda s: s.close_nowait(), lambda s: s.abort(), lambda s: s.eof_received()])
async def test_the_socket_ends_while_a_pong_is_due(open_socket, end):
    socket, duplex, peer = open_socket(writer_limit=1000)
    duplex.stall()
    socket.data_received(peer.ping(bytes(125)) * 100)
    await turns()
    duplex.take()
    end(socket)
    duplex.flow()
    await turns()
    assert duplex.take()[:1] in (b"", b"\x88")  # nothing follows a close frame


@pytest.mark.usefixtures("complaints")
@pytest.mark.parametrize(
    "end",
    [
        lambda socket, duplex, clock: clock.advance(6),
        lambda socket, duplex, clock: (socket.close_nowait(), duplex.flow()),
        lambda socket, duplex, clock: duplex.vanish(),
        lambda socket, duplex, clock: socket.eof_received(),
    ],
)
async def test_a_heartbeat_that_ends_while_writes_are_blocked(open_socket, clock, end):
    """The ping waits for room, and the socket ends before that."""
    socket, duplex, _ = open_socket(writer_limit=1000, heartbeat=10)
    duplex.stall()
    socket.send_bytes(bytes(2000))
    clock.advance(10)
    await turns()
    end(socket, duplex, clock)
    await turns()
    assert socket.closed


@pytest.mark.usefixtures("complaints")
async def test_a_ping_that_waits_behind_a_message_of_a_peer_that_went(open_socket):
    socket, duplex, peer = open_socket(Deflate(), inbox_limit=0)
    socket.data_received(peer.send_text("a") + peer.ping(b"?") + peer.send_text("b") + peer.close())
    duplex.vanish()
    assert [message.data async for message in socket] == ["a", "b"]
    assert duplex.take() == b""


@pytest.mark.row("WS-21")
async def test_sockets_can_be_kept_in_sets(open_socket):
    socket, *_ = open_socket()
    kept = weakref.WeakSet([socket])
    assert socket in kept
    assert socket == socket  # identity is what is meant
    assert socket != open_socket()[0]


async def test_what_a_socket_knows(open_socket):
    socket, _, _ = open_socket(subprotocol="chat")
    assert socket.subprotocol == "chat"
    assert socket.get_extra_info("peername") == ("192.0.2.1", 5)
    assert socket.get_extra_info("nothing", 7) == 7
    assert (socket.closed, socket.close_code, socket.close_reason) == (False, None, "")


async def test_leaving_the_block_closes(open_socket, clock):
    socket, duplex, _ = open_socket()
    task = asyncio.create_task(socket.__aexit__(None, None, None))
    await turns()
    assert duplex.take()[:1] == b"\x88"
    clock.advance(10)
    await task
    async with socket as same:
        assert same is socket


@pytest.mark.parametrize("options", [{}, {"heartbeat": 10}, {"deflate": Deflate(), "inbox_limit": 0}])
@pytest.mark.parametrize(
    "end",
    [
        lambda socket, peer: socket.data_received(peer.close()),
        lambda socket, peer: socket.close_nowait(),
        lambda socket, peer: socket.abort(),
        lambda socket, peer: socket.data_received(b"\xff\xff"),
        lambda socket, peer: socket.eof_received(),
        lambda socket, peer: None,
    ],
)
async def test_a_socket_that_has_ended_does_not_wait_for_the_garbage_collector(open_socket, options, end):
    gc.collect()
    gc.disable()
    try:
        socket, duplex, peer = open_socket(**options)
        socket.data_received(peer.send_text("a") + peer.send_text("b"))
        socket.send_str("c")
        await socket.receive()
        end(socket, peer)
        duplex.vanish()
        while (await socket.receive()).type is not CLOSED:
            pass
        duplex.receiver = None
        gone = weakref.ref(socket)
        del socket
        assert gone() is None
    finally:
        gc.enable()
