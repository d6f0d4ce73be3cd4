"""The tables of the two machines, and the engine checked by them."""

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from muntin.http_core import (
    LocalProtocolError,
    NextExchange,
    RequestHead,
    RequestState,
    ResponseHead,
    ResponseState,
    ServerConnection,
    Signal,
)
from muntin.http_core._states import REQUEST, RESPONSE, Input, advance_request, advance_response


@pytest.mark.parametrize("move", Input)
@pytest.mark.parametrize("state", RequestState)
def test_every_request_state_and_input(state: RequestState, move: Input) -> None:
    if move in REQUEST[state]:
        assert advance_request(state, move) in RequestState
    else:
        with pytest.raises(LocalProtocolError, match=f"{move.name} .* {state.name}"):
            advance_request(state, move)


@pytest.mark.parametrize("move", Input)
@pytest.mark.parametrize("state", ResponseState)
def test_every_response_state_and_input(state: ResponseState, move: Input) -> None:
    if move in RESPONSE[state]:
        assert advance_response(state, move) in ResponseState
    else:
        with pytest.raises(LocalProtocolError, match=f"{move.name} .* {state.name}"):
            advance_response(state, move)


def test_what_ends_has_no_way_on() -> None:
    for state in (RequestState.CLOSED, RequestState.ERROR, RequestState.SWITCHED):
        assert not REQUEST[state]
    for response in (ResponseState.LAST_DONE, ResponseState.BROKEN, ResponseState.SWITCHED):
        assert set(RESPONSE[response].values()) == {response}


LEFT = (ResponseState.IDLE, ResponseState.BODY, ResponseState.DONE)
RIGHT = (ResponseState.LAST_IDLE, ResponseState.LAST_BODY, ResponseState.LAST_DONE)


def test_both_columns_are_alike_but_for_the_way_to_the_next_exchange() -> None:
    twin = dict(zip(LEFT, RIGHT, strict=True))
    for left, right in twin.items():
        moves = {
            move: twin.get(after, after)
            for move, after in RESPONSE[left].items()
            if move is not Input.NEXT and (left, move) != (ResponseState.DONE, Input.CLOSE)
        }
        assert {move: RESPONSE[right].get(move) for move in moves} == moves
        assert not set(RESPONSE[right].values()) & set(LEFT)


def test_the_end_is_asked_for_at_any_time() -> None:
    for state, moves in RESPONSE.items():
        assert moves[Input.CLOSE] is state or state in LEFT


REQUESTS = [
    b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",
    b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    b"GET / HTTP/1.0\r\n\r\n",
    b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"broken\r\n\r\n",
]


class AnyOrder(RuleBasedStateMachine):
    """Calls in any order: each works, or is refused and changes nothing."""

    @initialize()
    def connect(self) -> None:
        self.connection = ServerConnection()

    def attempt(self, action: object, *arguments: object) -> None:
        before = (self.connection.request_state, self.connection.response_state)
        try:
            action(*arguments)  # type: ignore[operator]
        except LocalProtocolError:
            broke = self.connection.response_state is ResponseState.BROKEN
            assert broke or (self.connection.request_state, self.connection.response_state) == before

    @rule(raw=st.sampled_from(REQUESTS))
    def receive(self, raw: bytes) -> None:
        self.connection.receive(raw)

    @rule()
    def receive_eof(self) -> None:
        self.connection.receive_eof()

    @rule()
    def look(self) -> None:
        before = self.connection.request_state
        event = self.connection.next_event()
        if isinstance(event, RequestHead):
            assert before is RequestState.IDLE
        if event is Signal.PAUSED:
            assert before in (RequestState.DONE, RequestState.SWITCHED)

    @rule(status=st.sampled_from([200, 204, 304, 500]), body=st.binary(max_size=5))
    def respond(self, status: int, body: bytes) -> None:
        self.attempt(self.connection.respond, ResponseHead(status), body)

    @rule(length=st.sampled_from([None, 0, 3]))
    def start(self, length: int | None) -> None:
        fields = [] if length is None else [("Content-Length", str(length))]
        self.attempt(self.connection.start, ResponseHead(200, fields))

    @rule(data=st.binary(max_size=4))
    def send(self, data: bytes) -> None:
        self.attempt(self.connection.send, data)

    @rule()
    def finish(self) -> None:
        self.attempt(self.connection.finish)

    @rule()
    def inform(self) -> None:
        self.attempt(self.connection.inform, 103)

    @rule()
    def switch(self) -> None:
        self.attempt(self.connection.switch, ResponseHead(101))

    @rule()
    def close_after(self) -> None:
        before = self.connection.response_state
        self.connection.close_after()
        assert not self.connection.keeps_alive or before is ResponseState.DONE

    @rule()
    def start_next(self) -> None:
        self.attempt(self.connection.start_next_exchange)

    @rule()
    def try_next(self) -> None:
        before = (self.connection.request_state, self.connection.response_state)
        following = self.connection.try_next_exchange()
        both_done = before == (RequestState.DONE, ResponseState.DONE)
        assert (following is not NextExchange.NONE) is both_done
        after = (RequestState.IDLE, ResponseState.IDLE) if both_done else before
        assert (self.connection.request_state, self.connection.response_state) == after

    @invariant()
    def no_exchange_follows_the_last(self) -> None:
        assert self.connection.keeps_alive is (self.connection.response_state in LEFT)


AnyOrder.TestCase.settings = settings(max_examples=200, stateful_step_count=20)
TestAnyOrder = AnyOrder.TestCase
