import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket import Connection, Deflate, InvalidData, MessageTooBig, Role, WSMsgType
from muntin.websocket._deflate import Deflater, Inflater, Setup, accept_offer, check_response, format_offer
from muntin.websocket._extensions import parse_extensions
from muntin.websocket._frames import format_frame

MASK = b"\x37\xfa\x21\x3d"
NARROW = Deflate(server_max_window_bits=10)
MODEST = Deflate(client_max_window_bits=9)


def parameters(text):
    [(name, found)] = parse_extensions([text])
    assert name == "permessage-deflate"
    return found


@pytest.mark.parametrize(
    ("ours", "offer"),
    [
        (Deflate(), "permessage-deflate; client_max_window_bits"),
        (
            Deflate(True, True, 10, 11),
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; "
            "server_max_window_bits=10; client_max_window_bits=11",
        ),
    ],
)
def test_offers(ours, offer):
    assert format_offer(ours) == offer


@pytest.mark.parametrize(
    ("offer", "ours", "agreed", "response"),
    [
        ("", Deflate(), Deflate(), ""),
        ("; server_no_context_takeover", Deflate(), Deflate(True), "; server_no_context_takeover"),
        ("; client_no_context_takeover", Deflate(), Deflate(False, True), "; client_no_context_takeover"),
        ("", Deflate(True, True), Deflate(True, True), "; server_no_context_takeover; client_no_context_takeover"),
        ("; server_max_window_bits=9", Deflate(), Deflate(False, False, 9), "; server_max_window_bits=9"),
        ('; server_max_window_bits="12"', NARROW, NARROW, "; server_max_window_bits=10"),
        ("; client_max_window_bits", MODEST, MODEST, "; client_max_window_bits=9"),
        ("; client_max_window_bits=8", Deflate(), Deflate(False, False, 15, 8), "; client_max_window_bits=8"),
        ("", Deflate(False, False, 15, 9), Deflate(), ""),
    ],
)  # fmt: skip
def test_what_a_server_agrees_to(offer, ours, agreed, response):
    taken = accept_offer(parameters("permessage-deflate" + offer), ours)
    assert taken == (agreed, "permessage-deflate" + response)


@pytest.mark.row("HI-44")
@pytest.mark.parametrize(
    "offer",
    [
        "; unknown",
        "; server_no_context_takeover=1",
        "; server_no_context_takeover; server_no_context_takeover",
        "; server_max_window_bits",
        "; server_max_window_bits=7",
        "; server_max_window_bits=16",
        "; server_max_window_bits=09",
        "; server_max_window_bits=+9",
        "; client_max_window_bits=0",
        "; client_max_window_bits=1_0",
        "; client_max_window_bits=9; client_max_window_bits=9",
    ],
)
def test_an_offer_that_makes_no_sense_is_declined(offer):
    assert accept_offer(parameters("permessage-deflate" + offer), Deflate()) is None
    assert check_response(parameters("permessage-deflate" + offer), Deflate()) is None


@pytest.mark.parametrize(
    ("response", "ours", "agreed"),
    [
        ("", Deflate(), Deflate()),
        ("; client_max_window_bits=9", Deflate(), Deflate(False, False, 15, 9)),
        ("", Deflate(False, True, 15, 10), Deflate(False, True, 15, 10)),
        ("; server_no_context_takeover", Deflate(), Deflate(True)),
        ("; server_max_window_bits=9", Deflate(False, False, 10), Deflate(False, False, 9)),
        ("", Deflate(True), None),
        ("", Deflate(False, False, 10), None),
        ("; server_max_window_bits=11", Deflate(False, False, 10), None),
        ("; client_max_window_bits", Deflate(), None),
    ],
)
def test_responses_that_a_client_accepts(response, ours, agreed):
    assert check_response(parameters("permessage-deflate" + response), ours) == agreed


configs = st.builds(
    Deflate,
    st.booleans(),
    st.booleans(),
    st.integers(8, 15),
    st.integers(8, 15),
    st.integers(0, 9),
    st.integers(1, 9),
)


@given(configs, configs)
def test_both_sides_end_with_the_same_parameters(ours, theirs):
    taken = accept_offer(parameters(format_offer(theirs)), ours)
    assert taken is not None
    seen = check_response(parameters(taken[1]), theirs)
    assert seen is not None
    names = ("server_no_context_takeover", "server_max_window_bits", "client_max_window_bits")
    assert all(getattr(seen, name) == getattr(taken[0], name) for name in names)
    # The client may drop its history without being asked to; the server does not learn about it.
    assert seen.client_no_context_takeover >= taken[0].client_no_context_takeover


@pytest.mark.parametrize(
    "name", ["server_max_window_bits", "client_max_window_bits", "level", "memory_level"]
)
def test_numbers_out_of_range(name):
    with pytest.raises(ValueError, match=f"{name} is 16"):
        Deflate(**{name: 16})


def deflater(bits=15, takeover=True, level=6):
    return Deflater(Setup(bits, level, 8), takeover=takeover)


def test_the_examples_of_the_rfc():
    # RFC 7692 §7.2.3.1, .2, .3 and .4
    inflater = Inflater(15, takeover=True)
    for example in ("f248cdc9c90700", "f200110000", "000500faff48656c6c6f00", "f348cdc9c9070000"):
        assert inflater.inflate(bytes.fromhex(example), 5, final=True) == b"Hello"
    ours = deflater()
    assert ours.deflate(b"Hello", final=True).hex() == "f248cdc9c90700"
    assert ours.deflate(b"Hello", final=True).hex() == "f200110000"


@given(
    st.integers(8, 15), st.booleans(), st.lists(st.lists(st.binary(max_size=3000), min_size=1), max_size=4)
)
def test_messages_survive(bits, takeover, messages):
    ours, theirs = deflater(bits, takeover), Inflater(bits, takeover=takeover)
    for parts in messages:
        out = b""
        for number, part in enumerate(parts, 1):
            final = number == len(parts)
            out += theirs.inflate(ours.deflate(part, final=final), 1 << 20, final=final)
        assert out == b"".join(parts)


def test_a_window_of_256_bytes_is_kept():
    block = bytes(range(256)) * 2
    wire = deflater(8).deflate(block, final=True)
    # zlib's own inflater refuses what refers back further than its window.
    assert zlib.decompressobj(-9).decompress(wire + b"\0\0\xff\xff") == block
    assert len(wire) >= 256


def test_another_level_for_one_message():
    ours, theirs = deflater(), Inflater(15, takeover=True)
    text = b"one and the same " * 20
    for level in (None, 0, 9, None, 1):
        wire = ours.deflate(text, final=True, level=level)
        assert theirs.inflate(wire, 1000, final=True) == text
        assert (len(wire) > len(text)) == (level == 0)


@pytest.mark.row("HI-44")
def test_a_bomb_is_stopped_at_the_limit():
    bomb = deflater().deflate(bytes(64 << 20), final=True)
    with pytest.raises(MessageTooBig):
        Inflater(15, takeover=True).inflate(bomb, 1000, final=True)
    assert Inflater(15, takeover=True).inflate(bomb, 64 << 20, final=True) == bytes(64 << 20)


@pytest.mark.row("HI-44")
def test_bytes_that_are_not_deflate():
    with pytest.raises(InvalidData, match="compressed data is invalid") as info:
        Inflater(15, takeover=True).inflate(b"\xff\xff\xff", 1000, final=True)
    assert info.value.code == 1007


@pytest.mark.row("HI-44")
def test_concatenated_streams_count_together():
    stream = zlib.compressobj(wbits=-15)
    member = stream.compress(b"abc") + stream.flush()
    inflater = Inflater(15, takeover=True)
    assert inflater.inflate(member * 3, 9, final=False) == b"abcabcabc"
    assert inflater.inflate(member + b"\0", 9, final=True) == b"abc"
    with pytest.raises(MessageTooBig):
        inflater.inflate(member * 1000, 9, final=False)


def test_history_is_dropped_when_agreed():
    ours, theirs = deflater(takeover=False), Inflater(15, takeover=False)
    first, second = (ours.deflate(b"Hello", final=True) for _ in range(2))
    assert first == second
    assert theirs.inflate(first, 5, final=True) == b"Hello"
    with pytest.raises(InvalidData):
        theirs.inflate(bytes.fromhex("f200110000"), 5, final=True)  # refers to a history that does not exist


@pytest.mark.row("HI-44")
def test_rows_of_streams_are_bounded():
    """A stream ends with its last block, which may have only two bytes. Starting a new stream costs time."""
    empty = b"\x03\x00"
    for payload, is_good in (
        (empty * 900, True),
        (empty * 1001, False),
        (empty * 500_000, False),
        (zlib.compress(bytes(100), wbits=-15) * 1001, False),
    ):
        server = Connection(Role.SERVER, deflate=Deflate())
        [message] = server.receive(format_frame(0xC2, payload + b"\x00", MASK))
        assert (message.type is WSMsgType.BINARY) is is_good
        if not is_good:
            assert isinstance(message.data, InvalidData)
            assert (message.data.code, "more than 1000" in str(message.data)) == (1007, True)


@pytest.mark.row("HI-44")
def test_rows_of_streams_are_counted_by_the_message():
    server = Connection(Role.SERVER, deflate=Deflate())
    row = b"\x03\x00" * 400
    for _ in range(4):
        [message] = server.receive(format_frame(0xC2, row + b"\x00", MASK))
        assert message.type is WSMsgType.BINARY
    parts = [format_frame(head, row, MASK) for head in (0x42, 0x00, 0x80)]
    assert server.receive(parts[0]) == server.receive(parts[1]) == []
    [error] = server.receive(parts[2])
    assert error.type is WSMsgType.ERROR


def test_a_long_row_of_streams_with_much_in_them_is_read_whole():
    """Each part of a long message may end its stream. No slice may lose data, wherever it is cut."""
    contents = bytes(range(256)) * 400
    stream = zlib.compressobj(0, wbits=-15)
    block = stream.compress(contents) + stream.flush()
    assert len(block) > 5 * 16384
    server = Connection(Role.SERVER, deflate=Deflate())
    [message] = server.receive(format_frame(0xC2, block * 7 + b"\x00", MASK), 1 << 30)
    assert message.data == contents * 7
