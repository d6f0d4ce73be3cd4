import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import InvalidData
from muntin.websocket._utf8 import Utf8Validator, decode_text

# Each becomes invalid with its last byte, not before.
BAD = ["80", "61c0", "c1", "c361", "e09f", "e28261", "eda0", "edbf", "f08f", "f490", "f5", "ff", "f09f9861"]


@pytest.mark.row("HI-43")
@pytest.mark.parametrize("start", BAD)
def test_text_is_refused_at_its_first_bad_byte(start):
    data = bytes.fromhex(start)
    whole, single = Utf8Validator(), Utf8Validator()
    with pytest.raises(InvalidData, match="text is not UTF-8") as info:
        whole.check(data, final=False)
    assert info.value.code == 1007
    for i in range(len(data) - 1):
        single.check(data[i : i + 1], final=False)
    with pytest.raises(InvalidData, match="text is not UTF-8"):
        single.check(data[-1:], final=False)


def test_text_that_ends_within_a_character():
    with pytest.raises(InvalidData):
        Utf8Validator().check(b"a\xe2\x82", final=True)
    with pytest.raises(InvalidData, match="unexpected end"):
        decode_text(b"\xe2\x82")


@given(st.lists(st.text(max_size=5), max_size=4))
def test_texts_pass_byte_by_byte(texts):
    validator = Utf8Validator()
    for text in texts:
        data = text.encode()
        for i in range(len(data)):
            validator.check(data[i : i + 1], final=False)
        validator.check(b"", final=True)
        assert decode_text(data) == text


@given(st.binary(max_size=12))
def test_the_same_is_refused_as_by_a_whole_decode(data):
    def passes(check):
        try:
            check()
        except InvalidData:
            return False
        return True

    assert passes(lambda: Utf8Validator().check(data, final=True)) == passes(lambda: decode_text(data))
