import pytest

from muntin.websocket import Opcode, WSCloseCode, WSMsgType, is_close_code


@pytest.mark.row("CF-03")
def test_lower_case_names_are_the_same_members():
    for member in set(WSMsgType) - {WSMsgType.CONTINUATION}:
        assert WSMsgType[member.name.lower()] is member
        assert getattr(WSMsgType, member.name.lower()) is member


@pytest.mark.row("CF-03")
def test_message_types_have_the_documented_numbers():
    assert {member.name: int(member) for member in WSMsgType} == {
        "CONTINUATION": 0, "TEXT": 1, "BINARY": 2, "CLOSE": 8, "PING": 9, "PONG": 10,
        "CLOSING": 256, "CLOSED": 257, "ERROR": 258,
    }  # fmt: skip
    for opcode in Opcode:
        assert WSMsgType[opcode.name] == opcode


@pytest.mark.row("WS-10")
def test_close_codes():
    assert WSCloseCode.GOING_AWAY == 1001
    assert [code for code in range(65536) if is_close_code(code)] == [
        1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)
    ]  # fmt: skip
    assert not is_close_code(WSCloseCode.ABNORMAL_CLOSURE)
