import pytest

from muntin.websocket import WSMessage, WSMsgType
from muntin.websocket._payloads import as_bytes, as_control, expect_bytes, expect_text


def test_what_counts_as_bytes():
    for data in (b"ab", bytearray(b"ab"), memoryview(b"ab")):
        assert as_bytes(data) == b"ab"
        assert type(as_bytes(data)) is bytes
        assert as_control(data) == b"ab"
    assert as_control("é") == b"\xc3\xa9"
    for data in ("ab", 2, None, [1]):
        with pytest.raises(TypeError, match="data is bytes, bytearray or memoryview, not"):
            as_bytes(data)


def test_what_was_expected():
    assert expect_text(WSMessage(WSMsgType.TEXT, "a")) == "a"
    assert expect_bytes(WSMessage(WSMsgType.BINARY, b"a")) == b"a"
    with pytest.raises(TypeError, match="received BINARY, not TEXT"):
        expect_text(WSMessage(WSMsgType.BINARY, b"a"))
    with pytest.raises(TypeError, match="received CLOSED, not BINARY"):
        expect_bytes(WSMessage(WSMsgType.CLOSED, None))
