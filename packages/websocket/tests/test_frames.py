import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import MessageTooBig, ProtocolViolation, WSMessage, WSMsgType
from muntin.websocket._frames import FIN, RSV1, FrameDecoder, format_frame

MASK = b"\x37\xfa\x21\x3d"
masks = st.sampled_from([b"", MASK])


def server(**options):
    return FrameDecoder(**({"masked": True, "rsv1": False, "max_size": 0} | options))


def take(result):
    """Return the pieces, or raise the error after them."""
    pieces, violation = result
    if violation:
        raise violation
    return pieces


def client(**options):
    return server(masked=False, **options)


# The examples of RFC 6455 §5.7.
@pytest.mark.parametrize(
    ("frame", "decoder", "piece"),
    [
        ("8105 48656c6c6f", client(), (0x81, b"Hello", 0)),
        ("8185 37fa213d 7f9f4d5158", server(), (0x81, b"Hello", 0)),
        ("0103 48656c", client(), (0x01, b"Hel", 0)),
        ("8002 6c6f", client(), (0x80, b"lo", 0)),
        ("8905 48656c6c6f", client(), (0x89, b"Hello", 0)),
        ("8a85 37fa213d 7f9f4d5158", server(), (0x8A, b"Hello", 0)),
        ("827e0100" + "2a" * 256, client(), (0x82, b"*" * 256, 0)),
        ("827f0000000000010000" + "2a" * 65536, client(), (0x82, b"*" * 65536, 0)),
    ],
)
def test_the_examples_of_the_rfc(frame, decoder, piece):
    data = bytes.fromhex(frame)
    assert take(decoder.decode(data)) == [piece]
    mask = MASK if data[1] & 0x80 else b""
    assert format_frame(piece[0], piece[1], mask) == data


@pytest.mark.row("HI-43")
@pytest.mark.parametrize(
    ("frame", "reason"),
    [
        (b"\xc1\x80" + MASK, "reserved bits"),
        (b"\xa1\x80" + MASK, "reserved bits"),
        (b"\x91\x80" + MASK, "reserved bits"),
        (b"\xc9\x80" + MASK, "reserved bits"),
        (b"\x83\x80" + MASK, "opcode 0x3"),
        (b"\x8b\x80" + MASK, "opcode 0xb"),
        (b"\x8f\x80" + MASK, "opcode 0xf"),
        (b"\x09\x80" + MASK, "control frame is fragmented"),
        (b"\x89\xfe\x00\x7e" + MASK, "more than 125 bytes"),
        (b"\x88\xff" + bytes(8) + MASK, "more than 125 bytes"),
        (b"\x81\x05", "frame is not masked"),
        (b"\x82\xff\x80" + bytes(7), "highest bit"),
        (b"\x82\xff\xff" + b"\xff" * 7, "highest bit"),
        (b"\x82\xfe\x00\x7d", "shortest form"),
        (b"\x82\xff" + bytes(6) + b"\xff\xff", "shortest form"),
    ],
)
def test_a_bad_header_is_a_protocol_error(frame, reason):
    with pytest.raises(ProtocolViolation, match=reason) as info:
        take(server().decode(frame))
    assert info.value.code == 1002


@pytest.mark.row("HI-43")
def test_a_masked_frame_from_a_server_is_a_protocol_error():
    with pytest.raises(ProtocolViolation, match="frame is masked"):
        take(client().decode(b"\x81\x85" + MASK))


def test_the_bit_of_compression_is_allowed_once_agreed_on_first_frames_of_data_only():
    decoder = client(rsv1=True)
    assert take(decoder.decode(b"\xc1\x01a\x42\x00")) == [(FIN | RSV1 | 1, b"a", 0), (RSV1 | 2, b"", 0)]
    for head in (0x40, 0xC0, 0xC8, 0xC9, 0xCA, 0xE1, 0xD2):
        with pytest.raises(ProtocolViolation, match="reserved bits"):
            take(client(rsv1=True).decode(bytes((head, 0))))


@pytest.mark.row("AH-30", "HI-43")
def test_the_declared_length_is_checked_before_any_payload():
    with pytest.raises(MessageTooBig, match="frame of 70000 bytes, the limit is 69999"):
        take(server(max_size=69999).decode(b"\x82\xff" + (70000).to_bytes(8, "big")))
    with pytest.raises(MessageTooBig):
        take(
            server().decode(b"\x82\xff\x7f" + b"\xff" * 7)
        )  # lengths of 2^63 and more are refused even without a limit


def test_frames_before_the_bad_one_are_given():
    pieces, violation = client().decode(b"\x81\x01a\x89\x00\x83\x00")
    assert pieces == [(0x81, b"a", 0), (0x89, b"", 0)]
    assert str(violation) == "opcode 0x3 has no meaning"


def test_a_data_frame_is_given_as_it_comes_and_a_control_frame_whole():
    decoder = server()
    data = format_frame(0x82, b"abcdefgh", MASK)
    assert take(decoder.decode(data[:5])) == []
    assert take(decoder.decode(data[5:6])) == [(0x82, b"", 8)]
    assert take(decoder.decode(data[6:9])) == [(0x82, b"abc", 5)]
    ping = format_frame(0x89, b"12", MASK)
    assert take(decoder.decode(data[9:] + ping[:7])) == [(0x82, b"defgh", 0)]
    assert take(decoder.decode(ping[7:])) == [(0x89, b"12", 0)]


frames = st.lists(
    st.tuples(
        st.sampled_from([0x00, 0x80, 0x01, 0x81, 0x02, 0x82]),
        st.binary(max_size=20)
        | st.sampled_from([bytes(125), bytes(126), bytes(1500), bytes(65535), bytes(65536)]),
    )
    | st.tuples(st.sampled_from([0x88, 0x89, 0x8A]), st.binary(max_size=125)),
    max_size=6,
)


@given(frames, st.sampled_from([b"", MASK, b"\0\0\0\0"]), st.lists(st.integers(0, 70000)), st.booleans())
def test_frames_come_out_as_they_went_in_however_split(frames, mask, cuts, whole):
    data = b"".join(format_frame(head, payload, mask) for head, payload in frames)
    cuts = [] if whole else sorted(cut % (len(data) + 1) for cut in cuts)
    decoder = FrameDecoder(masked=bool(mask), rsv1=False, max_size=0)
    found, under_way = [], b""
    for start, stop in zip([0, *cuts], [*cuts, len(data)], strict=True):
        for head, payload, left in take(decoder.decode(data[start:stop])):
            under_way += payload
            if not left:
                found.append((head, under_way))
                under_way = b""
    assert found == frames


def test_messages_do_not_overtake_the_start_of_another_frame():
    frame = format_frame(0x82, b"abcd", MASK)
    decoder = server()
    assert take(decoder.decode(frame[:3])) == []
    assert decoder.take_messages(frame, False) == ([], frame)
    decoder = server()
    assert take(decoder.decode(frame[:8])) == [(0x82, b"ab", 2)]
    assert decoder.take_messages(frame, False) == ([], frame)


def test_a_limit_above_all_numbers_of_the_machine():
    frame = format_frame(0x82, b"abcd", MASK)
    assert server(max_size=1 << 80).take_messages(frame * 2 + b"\x82", False) == (
        [WSMessage(WSMsgType.BINARY, b"abcd")] * 2,
        b"\x82",
    )


@given(
    st.lists(
        st.binary(max_size=9)
        | st.builds(
            format_frame,
            st.sampled_from([0x81, 0x82, 0x82, 0x02, 0x80, 0x88, 0x89, 0xC2]),
            st.binary(max_size=130),
            masks,
        ),
        max_size=4,
    ).map(b"".join),
    st.booleans(),
    st.booleans(),
)
def test_messages_are_what_decoding_finds(data, masked, rsv1):
    decoder, other = (FrameDecoder(masked=masked, rsv1=rsv1, max_size=100) for _ in range(2))
    messages, rest = decoder.take_messages(data, False)
    pieces, violation = other.decode(data)
    taken = [(0x80 | message.type, message.data, 0) for message in messages]
    assert pieces[: len(taken)] == taken
    later, error = decoder.decode(rest)
    assert later == pieces[len(taken) :]
    assert (type(error), str(error)) == (type(violation), str(violation))
