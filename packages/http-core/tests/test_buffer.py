"""The queue of bytes: in any order of calls, no byte is lost, repeated or searched twice."""

from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core._buffer import ReceiveBuffer


@given(st.lists(st.one_of(st.binary(min_size=1, max_size=8), st.integers(1, 6)), max_size=40))
def test_what_goes_in_comes_out(steps: list[bytes | int]) -> None:
    buffer, held = ReceiveBuffer(), b""
    for step in steps:
        if isinstance(step, bytes):
            buffer.append(step)
            held += step
        else:
            assert buffer.take(step) == held[:step]
            held = held[step:]
        assert len(buffer) == len(held)
        assert buffer.peek(3) == held[:3]
        assert buffer.find(b"\n") == held.find(b"\n")


def test_dead_bytes_are_given_up() -> None:
    buffer = ReceiveBuffer()
    buffer.append(b"a" * 70_000 + b"b")
    assert buffer.take(70_000) == b"a" * 70_000
    buffer.append(b"c\r")
    assert buffer.take_past(b"\r\n") is None
    buffer.append(b"\nd")
    assert buffer.take_past(b"\r\n") == b"bc\r\n"
    assert buffer.take(9) == b"d"
