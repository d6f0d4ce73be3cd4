import gzip
import zlib

import brotli  # type: ignore[import-untyped]  # it has no annotations
import pytest
import zstandard

from muntin.http_core.coding.decoder import ContentDecoder, decode_content
from muntin.http_core.coding.encoder import ContentEncoder, encode_content
from muntin.http_core.coding.registry import available_codings

TEXT = b"the quick brown fox jumps over the lazy dog. " * 500


def test_the_libraries_read_what_is_encoded() -> None:
    assert gzip.decompress(encode_content(TEXT, "gzip")) == TEXT
    assert zlib.decompress(encode_content(TEXT, "deflate")) == TEXT
    assert brotli.decompress(encode_content(TEXT, "br")) == TEXT
    assert zstandard.ZstdDecompressor().decompressobj().decompress(encode_content(TEXT, "zstd")) == TEXT


@pytest.mark.parametrize("coding", available_codings())
def test_levels(coding: str) -> None:
    for level in (1, None, 9):
        body = encode_content(TEXT, coding, level)
        assert len(body) < len(TEXT) / 50
        assert decode_content(body, [coding]) == TEXT
    for level in (-1, 12 if coding == "br" else 0, 23):
        with pytest.raises(ValueError, match="levels of"):
            ContentEncoder(coding, level)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_a_strategy_of_zlib(coding: str) -> None:
    body = encode_content(TEXT, coding, strategy=zlib.Z_HUFFMAN_ONLY)
    assert len(body) > 10 * len(encode_content(TEXT, coding))
    assert decode_content(body, [coding]) == TEXT
    with pytest.raises(ValueError):
        ContentEncoder(coding, strategy=99)


@pytest.mark.parametrize("coding", ["", "identity", "klingon"])
def test_refuses_what_it_does_not_know(coding: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        ContentEncoder(coding)


@pytest.mark.parametrize("coding", available_codings())
def test_what_was_flushed_can_be_read(coding: str) -> None:
    encoder = ContentEncoder(coding)
    decoder = ContentDecoder([coding])
    for number in range(20):
        event = f"data: {number}\n\n".encode()
        sent = encoder.encode(event) + encoder.flush()
        assert b"".join(decoder.decode(sent)) == event
    assert b"".join(decoder.decode(encoder.finish())) == b""
    decoder.finish()


@pytest.mark.parametrize("coding", available_codings())
def test_nothing_is_something_too(coding: str) -> None:
    encoded = encode_content(b"", coding)
    assert encoded
    assert decode_content(encoded, [coding]) == b""


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_the_same_content_gives_the_same_bytes(coding: str) -> None:
    assert encode_content(TEXT, coding) == encode_content(TEXT, coding)
