from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket._mask import apply_mask

masks = st.binary(min_size=4, max_size=4)


@given(st.binary(max_size=40) | st.binary(min_size=508, max_size=516), masks)
def test_each_byte_is_xored_with_its_byte_of_the_mask(data, mask):
    assert apply_mask(data, mask) == bytes(a ^ b for a, b in zip(data, cycle(mask), strict=False))


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 511, 512, 513, 70000])
def test_twice_is_nothing(size):
    data = bytes(i % 251 for i in range(size))
    assert apply_mask(apply_mask(data, b"\x01\x00\xff\x80"), b"\x01\x00\xff\x80") == data


def test_the_example_of_the_rfc():
    # RFC 6455 §5.7: "A single-frame masked text message"
    assert apply_mask(b"Hello", b"\x37\xfa\x21\x3d") == b"\x7f\x9f\x4d\x51\x58"
