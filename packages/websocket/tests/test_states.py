import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import ConnectionClosed, State
from muntin.websocket._states import TRANSITIONS, Move, advance


@given(st.sampled_from(State), st.sampled_from(Move))
def test_every_move_from_every_state_leads_somewhere_or_is_refused_with_a_reason(state, move):
    if move in TRANSITIONS[state]:
        assert advance(state, move) in TRANSITIONS
    else:
        with pytest.raises(ConnectionClosed, match="cannot"):
            advance(state, move)


@given(st.lists(st.sampled_from(Move), max_size=12))
def test_no_way_leads_back_and_each_side_closes_once(moves):
    state, done = State.OPEN, []
    for move in moves:
        try:
            state = advance(state, move)
        except ConnectionClosed:
            continue
        done.append(move)
    assert done.count(Move.SEND_CLOSE) <= 1
    assert done.count(Move.RECEIVE_CLOSE) <= 1
    if Move.SEND_CLOSE in done:
        assert not {Move.SEND_DATA, Move.SEND_CONTROL} & set(done[done.index(Move.SEND_CLOSE) + 1 :])
    ended = Move.END in done or {Move.SEND_CLOSE, Move.RECEIVE_CLOSE} <= set(done)
    ended = ended or {Move.SEND_CLOSE, Move.FAIL} <= set(done)
    ended = ended or (
        Move.EOF in done and bool({Move.FAIL, Move.RECEIVE_CLOSE} & set(done[done.index(Move.EOF) :]))
    )
    assert (state is State.CLOSED) == ended


def test_the_stream_may_end_at_any_time():
    assert all(advance(state, Move.END) is State.CLOSED for state in State)
