import sys
from collections.abc import Iterator

import brotli  # type: ignore[import-untyped]  # it has no annotations
import pytest

from muntin.http_core.coding.content_encoding import parse_content_encoding
from muntin.http_core.coding.decoder import decode_content
from muntin.http_core.coding.encoder import ContentEncoder
from muntin.http_core.coding.errors import ContentCodingError
from muntin.http_core.coding.registry import _load_codec, available_codings, is_available


def test_what_is_there() -> None:
    assert available_codings() == ("zstd", "br", "gzip", "deflate")
    assert all(map(is_available, ("gzip", "X-GZIP", "deflate", "BR", "zstd")))
    assert not any(map(is_available, ("", "compress", "identity", "*")))


@pytest.fixture
def no_extras(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the imports of the extras fail, as in an installation without them."""
    for module in ("brotli", "zstandard"):
        monkeypatch.setitem(sys.modules, module, None)
    for module in ("_brotli", "_zstd"):
        monkeypatch.delitem(sys.modules, f"muntin.http_core.coding.{module}", raising=False)
    _load_codec.cache_clear()
    yield
    _load_codec.cache_clear()


@pytest.mark.usefixtures("no_extras")
def test_without_the_extras_their_codings_are_unknown() -> None:
    assert available_codings() == ("gzip", "deflate")
    for coding in ("br", "zstd"):
        assert not is_available(coding)
        with pytest.raises(ContentCodingError) as caught:
            parse_content_encoding(coding)
        assert caught.value.status == 415
        with pytest.raises(ContentCodingError) as caught:
            decode_content(b"", [coding])
        assert caught.value.status == 415
        with pytest.raises(ValueError, match="not installed"):
            ContentEncoder(coding)


def test_a_brotli_that_cannot_bound_its_output_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    class Decompressor:
        """The decoder of brotli before version 1.2."""

    monkeypatch.setattr(brotli, "Decompressor", Decompressor)
    monkeypatch.delitem(sys.modules, "muntin.http_core.coding._brotli", raising=False)
    _load_codec.cache_clear()
    assert not is_available("br")
    _load_codec.cache_clear()
