"""The steps of the closing handshake, event by event."""

import pytest

from muntin.websocket import Connection, ConnectionClosed, Role, State, WSMsgType
from muntin.websocket.aio._closing import GRACE, LINGER, NOTHING, ClosingHandshake, Disconnect, Step

TIMEOUT = 10.0
ABORT = Step(is_over=True, disconnect=Disconnect.ABORT)


@pytest.fixture(params=Role)
def role(request):
    return request.param


@pytest.fixture
def start(role):
    """Make a connection, its closing handshake, and the peer's connection."""

    def make(*, autoclose=True):
        ours = Connection(role)
        other = Role.CLIENT if role is Role.SERVER else Role.SERVER
        closing = ClosingHandshake(ours, timeout=TIMEOUT, autoclose=autoclose)
        return closing, ours, Connection(other, new_mask=lambda: bytes(4))

    return make


def finished(role, frame=b""):
    """Return the step after both sides have closed."""
    flush = Disconnect.FLUSH if role is Role.SERVER else None
    return Step(frame, timer=TIMEOUT, is_over=True, disconnect=flush)


@pytest.mark.row("WS-08")
def test_we_close_and_the_peer_replies(start, role):
    closing, ours, peer = start()
    step = closing.close(1001, "bye")
    assert step == Step(step.frame, timer=TIMEOUT, drops_messages=True)
    [message] = peer.receive(step.frame)
    assert message == (WSMsgType.CLOSE, 1001, "bye")
    assert closing.has_begun
    assert not closing.has_peer_ended
    [reply] = ours.receive(peer.reply_to(message))
    assert closing.receive_last(reply, can_reply_first=False) == finished(role)
    assert closing.has_peer_ended
    assert closing.time_out() == Step(disconnect=Disconnect.ABORT)
    assert closing.lose_connection(None) == Step(is_over=True)
    assert closing.exception is None
    assert closing.time_out() == NOTHING


def test_a_peer_that_does_not_reply_is_cut_off(start):
    closing, ours, _ = start()
    closing.close(1000, "")
    assert closing.time_out() == ABORT
    assert (ours.state, ours.close_code) == (State.CLOSED, 1006)


@pytest.mark.row("WS-09")
def test_the_peer_closes(start, role):
    closing, ours, peer = start()
    [message] = ours.receive(peer.close(1001))
    step = closing.receive_last(message, can_reply_first=False)
    assert step == finished(role, step.frame)
    assert peer.receive(step.frame) == [(WSMsgType.CLOSE, 1001, "")]
    assert closing.reply() == NOTHING


@pytest.mark.parametrize("event", [ClosingHandshake.reply, ClosingHandshake.time_out])
def test_earlier_messages_may_be_replied_to_for_a_while(start, role, event):
    closing, ours, peer = start()
    [message] = ours.receive(peer.close())
    assert closing.receive_last(message, can_reply_first=True) == Step(timer=GRACE)
    assert not closing.has_begun
    step = event(closing)
    assert step == finished(role, step.frame)
    assert peer.receive(step.frame) == [(WSMsgType.CLOSE, 1000, "")]
    assert closing.has_begun


def test_without_autoclose_we_close_by_hand(start, role):
    closing, ours, peer = start(autoclose=False)
    [message] = ours.receive(peer.close())
    assert closing.receive_last(message, can_reply_first=False) == NOTHING
    assert closing.time_out() == closing.reply() == NOTHING
    assert not closing.has_begun
    step = closing.close(3000, "")
    assert step == finished(role, step.frame)._replace(drops_messages=True)
    assert peer.receive(step.frame) == [(WSMsgType.CLOSE, 3000, "")]


def test_without_autoclose_the_reply_to_our_close_frame_ends_it_too(start, role):
    closing, ours, peer = start(autoclose=False)
    [message] = peer.receive(closing.close(1000, "").frame)
    [reply] = ours.receive(peer.reply_to(message))
    assert closing.receive_last(reply, can_reply_first=False) == finished(role)


@pytest.mark.row("WS-11")
def test_a_peer_that_breaks_the_protocol_is_told_and_then_left(start):
    closing, ours, peer = start(autoclose=False)
    [error] = ours.receive(b"\xff\xff")
    step = closing.receive_last(error, can_reply_first=False)
    assert step == Step(step.frame, timer=LINGER, is_over=True)
    assert peer.receive(step.frame)[0].data == 1002
    assert closing.exception is error.data
    assert closing.time_out() == Step(timer=TIMEOUT, disconnect=Disconnect.FLUSH)
    assert closing.time_out() == Step(disconnect=Disconnect.ABORT)


def test_the_stream_ends(start):
    closing, ours, _ = start()
    assert closing.receive_eof() == Step(timer=TIMEOUT, is_over=True, disconnect=Disconnect.FLUSH)
    assert isinstance(closing.exception, ConnectionClosed)
    assert (closing.is_over, ours.close_code) == (True, 1006)
    assert closing.time_out() == Step(disconnect=Disconnect.ABORT)
    assert closing.lose_connection(OSError("cable")) == Step(is_over=True)
    assert isinstance(closing.exception, ConnectionClosed)


@pytest.mark.parametrize("error", [None, OSError("cable")])
def test_the_connection_is_lost(start, error):
    closing, _, _ = start()
    assert closing.lose_connection(error) == Step(is_over=True)
    assert closing.exception is error or isinstance(closing.exception, ConnectionClosed)
    assert closing.time_out() == NOTHING


@pytest.mark.parametrize("end", [b"", None])
def test_what_waits_in_the_engine_when_the_stream_ends_is_still_read(start, end):
    closing, ours, peer = start()
    ours.receive(peer.send_text("a") + (peer.close(3000) if end is None else b""), -1)
    assert closing.receive_eof() == Step(timer=TIMEOUT, disconnect=Disconnect.FLUSH)
    assert closing.has_begun
    assert closing.has_peer_ended
    assert not closing.is_over
    messages = ours.receive()
    assert messages[0].data == "a"
    if end is None:
        assert closing.receive_last(messages[1], can_reply_first=True) == NOTHING
    assert closing.is_over
    assert (closing.exception is None) == (end is None)


def test_why_it_ended(start):
    closing, _, _ = start()
    error = TimeoutError("silence")
    assert closing.abort(error) == ABORT
    assert closing.exception is error
    closing, _, _ = start()
    assert closing.abort() == ABORT
    assert closing.exception is None
    closing, _, _ = start()
    closing.close(1011, "", error)
    assert closing.exception is error
    assert closing.lose_connection(None) == Step(is_over=True)
    assert closing.exception is error


def test_a_close_frame_that_cannot_be_sent_changes_nothing(start):
    closing, ours, _ = start()
    with pytest.raises(ValueError, match="1006"):
        closing.close(1006, "", OSError())
    assert (closing.has_begun, closing.exception, ours.state) == (False, None, State.OPEN)
