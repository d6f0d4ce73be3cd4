import pytest

from muntin.websocket import InvalidData, MessageTooBig, PolicyViolation, ProtocolViolation, WSMsgType
from muntin.websocket._deflate import Deflater, Inflater, Setup
from muntin.websocket._messages import Assembler

TEXT, BINARY, FIN, RSV1 = 1, 2, 0x80, 0x40


def assembler(**options):
    return Assembler(**({"max_size": 0, "max_frames": 10, "inflater": None, "decode_text": True} | options))


def add(target, *pieces):
    """Add pieces, and return the message that the last one completes."""
    results = [target.add(piece) for piece in pieces]
    assert results[:-1] == [None] * (len(results) - 1)
    return results[-1]


def test_frames_make_a_message():
    target = assembler()
    assert add(target, (TEXT, b"a\xe2", 0), (0, b"\x82", 0), (FIN, b"\xacb", 0)) == (
        WSMsgType.TEXT,
        "a€b",
        None,
    )
    assert target.opcode == 0
    assert add(target, (BINARY, b"\xe2", 0), (FIN, b"", 0)) == (WSMsgType.BINARY, b"\xe2", None)


def test_a_frame_may_come_in_pieces():
    pieces = [(FIN | TEXT, b"", 3), (FIN | TEXT, b"a", 2), (FIN | TEXT, b"bc", 0)]
    assert add(assembler(), *pieces) == (WSMsgType.TEXT, "abc", None)


def test_text_may_stay_bytes_but_is_checked():
    assert add(assembler(decode_text=False), (TEXT, b"a", 0), (FIN, b"b", 0)) == (WSMsgType.TEXT, b"ab", None)
    with pytest.raises(InvalidData):
        add(assembler(decode_text=False), (TEXT, b"\xff", 0))


@pytest.mark.row("HI-43")
def test_frames_in_the_wrong_order():
    for head in (0, FIN):
        with pytest.raises(ProtocolViolation, match="continuation frame without a message"):
            add(assembler(), (head, b"", 0))
    for head in (TEXT, BINARY, FIN | TEXT):
        with pytest.raises(ProtocolViolation, match="before the previous one was complete"):
            add(assembler(), (TEXT, b"", 0), (head, b"", 0))


@pytest.mark.row("HI-43")
def test_text_is_checked_before_the_frame_is_complete():
    with pytest.raises(InvalidData, match="text is not UTF-8"):
        add(assembler(), (FIN | TEXT, b"a", 2), (FIN | TEXT, b"\xff", 1))
    with pytest.raises(InvalidData):
        add(assembler(), (TEXT, b"a", 0), (FIN, b"\xe2\x82", 0))


@pytest.mark.row("AH-30", "HI-43")
def test_sizes_are_checked_as_declared_and_as_added_up():
    with pytest.raises(MessageTooBig, match="at least 11 bytes"):
        add(assembler(max_size=10), (FIN | BINARY, b"", 11))
    with pytest.raises(MessageTooBig, match="at least 11 bytes"):
        add(assembler(max_size=10), (BINARY, b"12345", 0), (0, b"", 6))
    assert add(assembler(max_size=10), (BINARY, b"12345", 0), (FIN, b"67890", 0))


@pytest.mark.row("AH-30", "HI-43")
def test_endless_fragments_are_refused():
    target = assembler(max_frames=3)
    add(target, (TEXT, b"", 0), (0, b"", 0))
    target.count_control()
    with pytest.raises(PolicyViolation, match="more than 3 frames") as info:
        target.add((0, b"", 0))
    assert info.value.code == 1008


def test_controls_count_only_within_a_message():
    target = assembler(max_frames=1)
    for _ in range(3):
        target.count_control()
    assert add(target, (FIN | TEXT, b"", 0))


def compressed(data):
    return Deflater(Setup(15, 6, 8), takeover=True).deflate(data, final=True)


@pytest.mark.row("HI-44")
def test_compressed_messages_are_bounded_once_inflated():
    wire = compressed(bytes(1000))
    target = assembler(max_size=1000, inflater=Inflater(15, takeover=False))
    assert add(target, (BINARY | RSV1, wire[:3], 0), (FIN, wire[3:], 0)) == (
        WSMsgType.BINARY,
        bytes(1000),
        None,
    )
    assert add(target, (BINARY, b"plain", 0), (FIN, b"", 0)) == (WSMsgType.BINARY, b"plain", None)
    target = assembler(max_size=999, inflater=Inflater(15, takeover=False))
    with pytest.raises(MessageTooBig, match="inflates"):
        add(target, (BINARY | RSV1, wire[:3], 0), (FIN, wire[3:], 0))


def test_compressed_text_is_checked_before_the_frame_is_complete():
    wire = compressed(b"\xff" * 100000)
    target = assembler(inflater=Inflater(15, takeover=True))
    with pytest.raises(InvalidData, match="text is not UTF-8"):
        target.add((FIN | RSV1 | TEXT, wire[:-1], 1))
