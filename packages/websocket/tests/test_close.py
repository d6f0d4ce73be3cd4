import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import InvalidData, ProtocolViolation, WSCloseCode
from muntin.websocket._close import NO_STATUS, format_close, parse_close


@given(st.sampled_from([1000, 1001, 1003, 1014, 3000, 4999]), st.text(max_size=60))
def test_a_close_frame_comes_out_as_it_went_in(code, reason):
    found, text = parse_close(format_close(code, reason))
    assert found == code
    assert reason.startswith(text)
    assert len(text.encode()) > 119 or text == reason


@pytest.mark.row("CF-11", "WS-09")
@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("done", b"done"),
        (b"done", b"done"),
        ("x" * 200, b"x" * 123),
        ("€" * 50, "€".encode() * 41),
        ("x" + "€" * 50, b"x" + "€".encode() * 40),
        ("€".encode() * 50, "€".encode() * 41),
    ],
)
def test_a_reason_is_cut_between_characters(reason, sent):
    assert format_close(1000, reason) == b"\x03\xe8" + sent


@pytest.mark.row("CF-11", "DE-05")
def test_a_code_that_means_nothing_becomes_going_away():
    with pytest.warns(RuntimeWarning, match="close code 999 cannot be sent"):
        assert format_close(999, "bye") == b"\x03\xe9bye"


@pytest.mark.parametrize("code", [1004, 1005, 1006, 1015, 2999, 5000, 70000])
def test_a_code_that_must_not_be_sent(code):
    with pytest.raises(ValueError, match=f"close code {code}"):
        format_close(code, "")


def test_a_reason_is_utf8():
    with pytest.raises(UnicodeDecodeError):
        format_close(1000, b"\xff")


def test_no_code():
    assert parse_close(b"") == (NO_STATUS, "")


@pytest.mark.row("HI-43")
@pytest.mark.parametrize(
    "payload", [b"\x03", b"\x03\xe7", b"\x00\x00", b"\x03\xed", b"\x03\xee", b"\xff\xff", b"\x07\xd0"]
)
def test_a_bad_code_is_a_protocol_error(payload):
    with pytest.raises(ProtocolViolation) as info:
        parse_close(payload)
    assert info.value.code == WSCloseCode.PROTOCOL_ERROR


@pytest.mark.row("HI-43")
def test_a_bad_reason_is_invalid_text():
    with pytest.raises(InvalidData):
        parse_close(b"\x03\xe8\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80")
