import gzip
import os
import struct
import zlib
from collections.abc import Callable, Sequence

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.coding.decoder import ContentDecoder, decode_content
from muntin.http_core.coding.encoder import ContentEncoder, encode_content
from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.limits import DEFAULT_DECODING_LIMITS, DecodingLimits
from muntin.http_core.coding.registry import available_codings

TEXT = b"the quick brown fox jumps over the lazy dog. " * 500
CODINGS = available_codings()
UNBOUND = DecodingLimits(ratio=10**9)


def raw_deflate(data: bytes) -> bytes:
    deflate = zlib.compressobj(wbits=-15)
    return deflate.compress(data) + deflate.flush()


def encoded(data: bytes, codings: Sequence[str]) -> bytes:
    for coding in codings:
        data = encode_content(data, coding)
    return data


def bytewise(data: bytes, codings: Sequence[str], limits: DecodingLimits = DEFAULT_DECODING_LIMITS) -> bytes:
    decoder = ContentDecoder(codings, limits)
    content = b"".join([piece for byte in data for piece in decoder.decode(bytes([byte]))])
    decoder.finish()
    return content


def status_of(
    data: bytes,
    codings: Sequence[str],
    limits: DecodingLimits = DEFAULT_DECODING_LIMITS,
    *,
    bytes_too: bool = True,
) -> int:
    """Return the verdict on a body, which must not depend on how it is cut."""
    statuses = set()
    for decode in (decode_content, bytewise) if bytes_too else (decode_content,):
        with pytest.raises(ContentCodingError) as caught:
            decode(data, codings, limits)
        statuses.add(caught.value.status)
    assert len(statuses) == 1
    return statuses.pop()


@pytest.mark.parametrize(
    "codings",
    [[], *([coding] for coding in CODINGS), ["gzip", "br"], ["deflate", "zstd", "gzip"], ["gzip", "gzip"]],
)
def test_undoes_what_was_applied(codings: list[str]) -> None:
    for content in (b"", b"x", TEXT, os.urandom(100_000)):
        assert decode_content(encoded(content, codings), codings) == content
    assert bytewise(encoded(TEXT, codings), codings) == TEXT


@pytest.mark.parametrize("codings", [[], *([coding] for coding in CODINGS)])
def test_an_empty_body_is_empty(codings: list[str]) -> None:
    assert decode_content(b"", codings) == b""


def test_deflate_without_its_wrapper() -> None:
    for content in (b"", b"x", TEXT):
        assert decode_content(raw_deflate(content), ["deflate"]) == content
        assert bytewise(raw_deflate(content), ["deflate"]) == content


def test_several_members_and_frames_are_one_body() -> None:
    for coding in ("gzip", "zstd"):
        body = b"".join(encode_content(part, coding) for part in (b"a", b"", TEXT))
        assert decode_content(body, [coding]) == b"a" + TEXT
        assert bytewise(body, [coding]) == b"a" + TEXT


def test_skippable_frames_are_skipped() -> None:
    skippable = b"\x5a\x2a\x4d\x18" + struct.pack("<I", 20_000) + os.urandom(20_000)
    body = (
        skippable
        + encode_content(b"a", "zstd")
        + skippable
        + b"\x50\x2a\x4d\x18\0\0\0\0"
        + encode_content(b"b", "zstd")
    )
    assert decode_content(body, ["zstd"]) == b"ab"
    assert bytewise(body, ["zstd"]) == b"ab"
    assert status_of(skippable[:-1], ["zstd"]) == 400
    assert status_of(skippable[:6], ["zstd"]) == 400


@pytest.mark.parametrize("size", [1, 255, 256, 65_791, 65_792, 200_000])
@pytest.mark.parametrize("checksum", [False, True])
def test_frames_of_every_shape(size: int, checksum: bool) -> None:
    for content in (os.urandom(size), bytes(size)):
        whole = zstandard.ZstdCompressor(write_checksum=checksum).compress(content)
        unsized = zstandard.ZstdCompressor(write_checksum=checksum, write_content_size=False).compress(
            content
        )
        for body in (whole, unsized):
            assert decode_content(body, ["zstd"]) == content
            assert decode_content(body + body, ["zstd"]) == content * 2
            assert status_of(body[:-1], ["zstd"], bytes_too=False) == 400


@pytest.mark.row("HI-26", "AH-14")
@pytest.mark.parametrize("coding", CODINGS)
def test_pieces_are_small_however_much_comes_out(coding: str) -> None:
    decoder = ContentDecoder([coding], DecodingLimits(ratio=10**9, chunk=1000))
    sizes = [len(piece) for piece in decoder.decode(encode_content(bytes(3_000_000), coding))]
    decoder.finish()
    assert sum(sizes) == 3_000_000
    assert 0 < min(sizes) <= max(sizes) <= 1000


def test_even_what_is_not_encoded_comes_in_small_pieces() -> None:
    assert [len(piece) for piece in ContentDecoder([]).decode(bytes(150_000))] == [16384] * 9 + [2544]


@pytest.mark.row("HI-26", "AH-14")
@pytest.mark.parametrize("codings", [[], *([coding] for coding in CODINGS), ["gzip", "br"]])
def test_a_bomb_is_413_at_the_limit(codings: list[str]) -> None:
    body = encoded(bytes(2_000_000), codings)
    limits = DecodingLimits(output=100_000, ratio=10**9)
    assert status_of(body, codings, limits, bytes_too=bool(codings)) == 413
    decoder = ContentDecoder(codings, limits)
    seen = 0
    with pytest.raises(ContentCodingError, match="too large"):
        seen += sum(len(piece) for piece in decoder.decode(body))
    assert seen <= 100_000
    assert decode_content(body, codings, DecodingLimits(output=2_000_000, ratio=10**9)) == bytes(2_000_000)


@pytest.mark.row("HI-26")
def test_a_bomb_is_413_at_the_ratio() -> None:
    small, large = bytes(1 << 20), bytes(20 << 20)
    assert decode_content(encoded(small, ["zstd"]), ["zstd"]) == small
    for codings in (["zstd"], ["br"], ["gzip", "gzip"]):
        body = encoded(large, codings)
        assert status_of(body, codings, bytes_too=False) == 413
        assert decode_content(body, codings, UNBOUND) == large
    # No single deflate can reach the limit, however little its content says.
    assert decode_content(encoded(large, ["gzip"]), ["gzip"]) == large


@pytest.mark.row("HI-26")
def silence(coding: str) -> tuple[bytes, bytes]:
    """Return the begin of a body, and bytes that may follow any number of times without any output."""
    match coding:
        case "gzip" | "deflate":
            deflate = zlib.compressobj(wbits=31 if coding == "gzip" else 15)
            return deflate.flush(zlib.Z_FULL_FLUSH), b"\x00\x00\x00\xff\xff"  # an empty stored block
        case "br":
            return b"\x0c", b"\x06"  # an empty block of metadata
        case _:
            return b"", struct.pack("<4sI", b"\x50\x2a\x4d\x18", 1 << 16) + bytes(
                1 << 16
            )  # a skippable frame


@pytest.mark.parametrize("coding", CODINGS)
def test_input_that_says_nothing_is_413(coding: str) -> None:
    begin, nothing = silence(coding)
    floor = DEFAULT_DECODING_LIMITS.overhead_floor
    fits = begin + nothing * ((floor - len(begin)) // len(nothing))
    assert list(ContentDecoder([coding]).decode(fits)) == []
    assert status_of(fits + nothing * (16384 // len(nothing) + 1), [coding], bytes_too=False) == 413


@pytest.mark.parametrize("coding", CODINGS)
def test_silence_after_content_or_around_it_is_bounded_by_what_was_said(coding: str) -> None:
    limits = DecodingLimits(overhead=4, overhead_floor=100)
    encoder = zlib.compressobj(0, wbits=31)
    said = encoder.compress(b"x" * 1000) + encoder.flush(zlib.Z_FULL_FLUSH)
    fits, too_much = (said + b"\x00\x00\x00\xff\xff" * count for count in (500, 900))
    decoder = ContentDecoder(["gzip"], limits)
    assert b"".join(decoder.decode(fits)) == b"x" * 1000
    assert status_of(too_much, ["gzip"], limits, bytes_too=False) == 413
    # Beneath another coding silence says something, but not to who reads; and it is short.
    assert status_of(encode_content(too_much, coding), [coding, "gzip"][::-1], limits, bytes_too=False) == 413


@pytest.mark.parametrize(
    "codings",
    [*([coding] for coding in CODINGS), ["gzip", "gzip", "gzip"], ["gzip", "br"], ["zstd", "deflate"]],
)
def test_content_that_is_flushed_after_every_byte_is_no_silence(codings: list[str]) -> None:
    limits = DecodingLimits(overhead_floor=64)
    encoders = [ContentEncoder(coding) for coding in codings]
    content = os.urandom(2000)
    decoder = ContentDecoder(codings, limits)
    decoded = b""
    for byte in content:
        data = bytes([byte])
        for encoder in encoders:
            data = encoder.encode(data) + encoder.flush()
        decoded += b"".join(decoder.decode(data))
    assert decoded == content


@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("piece", [bytes(range(256)) * 300, b"x" * 200_000, TEXT * 10, os.urandom(70_000)])
def test_all_that_was_flushed_comes_out_before_more_goes_in(coding: str, piece: bytes) -> None:
    encoder, decoder = ContentEncoder(coding), ContentDecoder([coding], UNBOUND)
    for content in (b"a", piece, b"b", piece):
        assert b"".join(decoder.decode(encoder.encode(content) + encoder.flush())) == content
    assert b"".join(decoder.decode(encoder.finish())) == b""
    decoder.finish()


def test_a_bomb_in_the_middle_is_413_although_nothing_comes_out() -> None:
    # 20 MB of empty members of gzip, which make nothing, inside of a frame of a few kB.
    inner = gzip.compress(b"", mtime=0) * 900 + gzip.compress(bytes(20 << 20), 0)
    body = encode_content(inner, "zstd")
    assert status_of(body, ["gzip", "zstd"], bytes_too=False) == 413


@pytest.mark.row("HI-26", "AH-37")
@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_thirty_thousand_empty_members_are_413(coding: str) -> None:
    member = encode_content(b"", coding)
    assert status_of(member * 30_000, [coding]) == 413
    limits = DecodingLimits(members=30_000, overhead_floor=1 << 20)
    assert decode_content(member * 30_000, [coding], limits) == b""
    assert status_of(member * 3, [coding], DecodingLimits(members=2)) == 413


@pytest.mark.row("HI-26", "AH-37")
def test_thirty_thousand_skippable_frames_are_413() -> None:
    assert status_of(b"\x50\x2a\x4d\x18\0\0\0\0" * 30_000, ["zstd"]) == 413


@pytest.mark.row("HI-26")
@pytest.mark.parametrize("coding", CODINGS)
@pytest.mark.parametrize("content", [b"", b"x", TEXT])
def test_cut_off_is_400(coding: str, content: bytes) -> None:
    body = encode_content(content, coding)
    cuts = range(1, len(body)) if len(body) < 100 else (1, 2, 9, len(body) // 2, len(body) - 8, len(body) - 1)
    for at in cuts:
        assert status_of(body[:at], [coding]) == 400


@pytest.mark.row("HI-26")
@pytest.mark.parametrize("coding", CODINGS)
def test_corrupt_is_400(coding: str) -> None:
    body = encode_content(TEXT, coding)
    for bad in (b"hello, world", b"\xff" * 100, body + b"x", body + bytes(20)):
        assert status_of(bad, [coding]) == 400


@pytest.mark.row("HI-26")
@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_what_a_checksum_or_the_grammar_finds_is_400(coding: str) -> None:
    body = encode_content(TEXT, coding)
    assert status_of(body[:20] + bytes(20) + body[40:], [coding]) == 400


@pytest.mark.row("HI-26")
@pytest.mark.parametrize(
    "body",
    [
        b"\x28\xb5\x2f\xfd\x08\x58\x01\x00\x00",  # a reserved bit
        b"\x28\xb5\x2f\xfd\x00\x58\x07\x00\x00",  # a reserved type of block
        b"\x28\xb5\x2f\xfd\x00\x58\xf9\xff\xff" + bytes(200_000),  # a block larger than any
        b"\x28\xb5\x2f\xfd\x01\x58\x07\x01\x00\x00\x00",  # a dictionary
        b"\x60\x2a\x4d\x18\0\0\0\0",  # not quite skippable
        zstandard.ZstdCompressor(write_checksum=True).compress(b"abc")[:-1] + b"\0",
    ],
)
def test_corrupt_frames_are_400(body: bytes) -> None:
    assert status_of(body, ["zstd"], bytes_too=len(body) < 1000) == 400


@pytest.mark.row("HI-26")
def test_a_window_that_takes_too_much_memory_is_413() -> None:
    assert status_of(b"\x28\xb5\x2f\xfd\x00\x69\x01\x00\x00", ["zstd"]) == 413  # 9 MiB
    assert status_of(b"\x28\xb5\x2f\xfd\xe0" + b"\xff" * 8 + b"\x01\x00\x00", ["zstd"]) == 413
    assert decode_content(b"\x28\xb5\x2f\xfd\x00\x68\x01\x00\x00", ["zstd"]) == b""  # 8 MiB


@pytest.mark.row("HI-26")
def test_a_megabyte_at_once_takes_linear_time() -> None:
    random = os.urandom(1 << 20)
    bomb = bytes(100 << 20)
    for coding in CODINGS:
        assert decode_content(encode_content(random, coding, 1), [coding]) == random
        decoder = ContentDecoder([coding], UNBOUND)
        assert sum(len(piece) for piece in decoder.decode(encode_content(bomb, coding, 1))) == len(bomb)


def test_too_many_or_unknown_codings_are_415() -> None:
    for codings in (["gzip"] * 4, ["klingon"]):
        with pytest.raises(ContentCodingError) as caught:
            ContentDecoder(codings)
        assert caught.value.status == 415


@pytest.mark.parametrize("coding", CODINGS)
def test_an_error_is_final(coding: str) -> None:
    decoder = ContentDecoder([coding])
    with pytest.raises(ContentCodingError):
        list(decoder.decode(b"\xff" * 100))
    with pytest.raises(ContentCodingError):
        list(decoder.decode(encode_content(TEXT, coding)))
    with pytest.raises(ContentCodingError):
        decoder.finish()


def test_nothing_is_decoded_before_it_is_asked_for() -> None:
    pieces = ContentDecoder(["gzip"]).decode(b"\xff" * 100)
    with pytest.raises(ContentCodingError):
        next(pieces)


@given(st.binary(max_size=300), st.sampled_from(CODINGS), st.integers(min_value=1, max_value=50))
def test_any_content_survives_any_cut(content: bytes, coding: str, size: int) -> None:
    body = encode_content(content, coding)
    decoder = ContentDecoder([coding], DecodingLimits(chunk=7))
    pieces = [piece for at in range(0, len(body), size) for piece in decoder.decode(body[at : at + size])]
    decoder.finish()
    assert b"".join(pieces) == content
    assert all(0 < len(piece) <= 7 for piece in pieces)


@given(st.binary(max_size=100), st.sampled_from(CODINGS), st.integers(min_value=0, max_value=40))
def test_any_body_is_content_or_an_error(tail: bytes, coding: str, at: int) -> None:
    body = encode_content(TEXT, coding)[:at] + tail
    assert outcome(body, coding) == outcome(body, coding, bytewise)


def outcome(body: bytes, coding: str, decode: Callable[..., bytes] = decode_content) -> bytes | int:
    try:
        return decode(body, [coding])
    except ContentCodingError as error:
        return error.status


@pytest.mark.parametrize("coding", ["br", "gzip", "identity", ""])
def test_one_text_is_no_sequence_of_codings(coding: str) -> None:
    with pytest.raises(ValueError, match="codings are a sequence"):
        ContentDecoder(coding)
