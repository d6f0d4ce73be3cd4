import struct

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from muntin.websocket import WSMessage, WSMsgType, _whole_frames
from muntin.websocket._mask import apply_mask

try:
    from muntin.websocket import _speedups
except ImportError:
    _speedups = None

MASK = b"\x37\xfa\x21\x3d"
BINARY, TEXT = WSMsgType.BINARY, WSMsgType.TEXT


@pytest.fixture(params=[_whole_frames, _speedups], ids=["python", "compiled"], scope="module")
def kernel(request):
    """The kernel in both forms; test_accel checks that the compiled one exists where it was built."""
    if request.param is None:
        pytest.skip("the compiled kernel was not built")
    return request.param


def frame(head, payload, mask=b""):
    """Build a frame by the words of RFC 6455 §5.2, apart from the code that is tested."""
    size, bit = len(payload), 0x80 if mask else 0
    if size <= 125:
        start = struct.pack("!BB", head, bit | size)
    elif size <= 0xFFFF:
        start = struct.pack("!BBH", head, bit | 126, size)
    else:
        start = struct.pack("!BBQ", head, bit | 127, size)
    return start + mask + (apply_mask(payload, mask) if mask else payload)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 70000])
@pytest.mark.parametrize("mask", [b"", MASK])
def test_a_frame_of_each_form_of_length(kernel, size, mask):
    payload = bytes(index % 251 for index in range(size))
    data = kernel.format_frame(0x82, payload, mask)
    assert data == frame(0x82, payload, mask)
    assert kernel.take_messages(data, bool(mask), size, True) == (
        [WSMessage(BINARY, payload)],
        len(data),
    )
    assert kernel.take_messages(data[:-1], bool(mask), size, True) == ([], 0)
    assert kernel.take_messages(data, bool(mask), size - 1, True) == ([], 0)


def test_messages_of_one_read(kernel):
    data = frame(0x81, "größer".encode(), MASK) + frame(0x82, b"two", MASK) + frame(0x81, b"", MASK)
    texts, size = kernel.take_messages(data, True, 100, True)
    assert texts == [WSMessage(TEXT, "größer"), WSMessage(BINARY, b"two"), WSMessage(TEXT, "")]
    assert {type(message) for message in texts} == {WSMessage}
    assert size == len(data)
    as_bytes, _ = kernel.take_messages(data, True, 100, False)
    assert [message.data for message in as_bytes] == ["größer".encode(), b"two", b""]


@pytest.mark.parametrize(
    "unusual",
    [
        b"\x82",
        frame(0x82, b"ab"),  # not masked
        frame(0x82, bytes(101), MASK),  # above the limit
        frame(0x82, b"ab", MASK)[:-1],
        frame(0x02, b"ab", MASK),
        frame(0x80, b"ab", MASK),
        frame(0x88, b"", MASK),
        frame(0x89, b"ab", MASK),
        frame(0xC2, b"ab", MASK),
        frame(0x92, b"ab", MASK),
        frame(0x83, b"ab", MASK),
        frame(0x81, b"\xff", MASK),
        frame(0x81, b"\xed\xa0\x80", MASK),  # a surrogate
        b"\x82\xfe\x00\x02" + MASK + b"ab",  # lengths that are not in their shortest form
        b"\x82\xff" + bytes(7) + b"\x02" + MASK + b"ab",
        b"\x82\xff\x80" + bytes(6) + b"\x02" + MASK + b"ab",
        b"\x82\xff" + b"\xff" * 8 + MASK + b"ab",
        b"\x82\xff\x7f" + b"\xff" * 7 + MASK + b"ab",
        b"\x82\xfe\x00",
        b"\x82\xff\x00\x00\x00\x00",
    ],
)
def test_what_is_unusual_is_left(kernel, unusual):
    usual = frame(0x82, b"ab", MASK)
    for decode_text in (True, False):
        for limit in (100, 1 << 62):
            if limit == 100 or len(unusual) < 100:
                assert kernel.take_messages(usual + unusual, True, limit, decode_text) == (
                    [WSMessage(BINARY, b"ab")],
                    len(usual),
                )


def test_a_call_is_bounded(kernel):
    data = frame(0x82, b"", MASK) * 3000
    messages, size = kernel.take_messages(data, True, 0, True)
    assert (len(messages), size) == (1024, 1024 * 6)


parts = st.binary(max_size=12) | st.builds(
    frame,
    st.sampled_from([0x81, 0x81, 0x82, 0x82, 0x82, 0x01, 0x80, 0x89, 0xC1, 0x92]),
    st.binary(max_size=140) | st.text(max_size=50).map(str.encode) | st.just(bytes(0x10000)),
    st.sampled_from([b"", MASK]) | st.binary(min_size=4, max_size=4),
)


@pytest.mark.skipif(_speedups is None, reason="the compiled kernel was not built")
@given(
    st.lists(parts, max_size=6).map(b"".join),
    st.booleans(),
    st.integers(0, 200) | st.just(1 << 62),
    st.booleans(),
)
@example(b"\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00", True, 1 << 62, True)
def test_both_forms_take_the_same(data, masked, max_size, decode_text):
    taken = _speedups.take_messages(data, masked, max_size, decode_text)
    assert taken == _whole_frames.take_messages(data, masked, max_size, decode_text)
    assert [type(message.data) for message in taken[0]] == [
        str if message.type is TEXT and decode_text else bytes for message in taken[0]
    ]


@pytest.mark.skipif(_speedups is None, reason="the compiled kernel was not built")
@given(
    st.integers(0, 255),
    st.binary(max_size=300) | st.just(bytes(0x10001)),
    st.just(b"") | st.binary(min_size=4, max_size=4),
)
def test_both_forms_format_the_same(head, payload, mask):
    assert _speedups.format_frame(head, payload, mask) == _whole_frames.format_frame(head, payload, mask)


@pytest.mark.skipif(_speedups is None, reason="the compiled kernel was not built")
def test_the_compiled_kernel_refuses_what_is_no_frame():
    for head in (-1, 256):
        with pytest.raises(ValueError, match="first byte"):
            _speedups.format_frame(head, b"")
    for mask in (b"abc", b"abcde"):
        with pytest.raises(ValueError, match="four bytes"):
            _speedups.format_frame(0x82, b"data", mask)
    for payload in (None, "text", bytearray(2)):
        with pytest.raises(TypeError):
            _speedups.format_frame(0x82, payload)
        with pytest.raises(TypeError):
            _speedups.take_messages(payload, True, 100, True)
