from itertools import cycle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import _mask

try:
    from muntin.websocket import _speedups
except ImportError:
    _speedups = None

masks = st.binary(min_size=4, max_size=4)
payloads = st.binary(max_size=40) | st.binary(min_size=380, max_size=388) | st.binary(max_size=2000)


@pytest.fixture(params=[_mask, _speedups], ids=["python", "compiled"], scope="module")
def kernel(request):
    """The kernel in both forms; test_accel checks that the compiled one exists where it was built."""
    if request.param is None:
        pytest.skip("the compiled kernel was not built")
    return request.param


def xor(data, mask):
    return bytes(a ^ b for a, b in zip(data, cycle(mask), strict=False))


@given(data=payloads, mask=masks)
def test_each_byte_is_xored_with_its_byte_of_the_mask(kernel, data, mask):
    assert kernel.apply_mask(data, mask) == xor(data, mask)


@given(before=st.binary(max_size=9), data=payloads, mask=masks, behind=st.binary(max_size=9))
def test_a_payload_is_unmasked_where_it_stands(kernel, before, data, mask, behind):
    start = len(before) + 4
    assert kernel.unmask(before + mask + data + behind, start, start + len(data)) == xor(data, mask)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 125, 383, 384, 385, 511, 70000])
def test_twice_is_nothing(kernel, size):
    data = bytes(i % 251 for i in range(size))
    mask = b"\x01\x00\xff\x80"
    masked = kernel.apply_mask(data, mask)
    assert kernel.apply_mask(masked, mask) == data
    assert kernel.unmask(mask + masked, 4, 4 + size) == data
    assert type(masked) is bytes


def test_the_example_of_the_rfc(kernel):
    # RFC 6455 §5.7: "A single-frame masked text message"
    assert kernel.apply_mask(b"Hello", b"\x37\xfa\x21\x3d") == b"\x7f\x9f\x4d\x51\x58"


@pytest.mark.parametrize("size", [5, 500])
def test_any_bytes_can_be_masked(kernel, size):
    for kind in (bytearray, memoryview):
        assert kernel.apply_mask(kind(bytes(size)), b"\x01\x02\x03\x04") == xor(
            bytes(size), b"\x01\x02\x03\x04"
        )


@pytest.mark.skipif(_speedups is None, reason="the compiled kernel was not built")
def test_the_compiled_kernel_reads_nothing_that_is_not_its_own():
    for start, stop in ((3, 5), (0, 0), (-1, 4), (6, 5), (5, 11), (5, 1 << 62)):
        with pytest.raises(IndexError):
            _speedups.unmask(bytes(10), start, stop)
    for mask in (b"", b"abc", b"abcde"):
        with pytest.raises(ValueError, match="four bytes"):
            _speedups.apply_mask(b"data", mask)
    for data in (None, "text", 5.0):
        with pytest.raises(TypeError):
            _speedups.apply_mask(data, b"mask")
