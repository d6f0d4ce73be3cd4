import pytest

from muntin.http_core.coding.content_encoding import parse_content_encoding
from muntin.http_core.coding.errors import ContentCodingError


@pytest.mark.parametrize(
    ("text", "codings"),
    [
        ("", ()),
        ("gzip", ("gzip",)),
        ("GZip", ("gzip",)),
        ("x-gzip", ("gzip",)),
        ("identity", ()),
        ("deflate , ,\tbr", ("deflate", "br")),
        ("gzip, identity, zstd", ("gzip", "zstd")),
    ],
)
def test_parses(text: str, codings: tuple[str, ...]) -> None:
    assert parse_content_encoding(text) == codings


@pytest.mark.row("HI-26")
@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("klingon", 415),
        ("compress", 415),
        ("gzip, klingon", 415),
        ("gzip, gzip, gzip, gzip", 415),
        ("gzip," * 100_000, 415),
        ("gzip deflate", 400),
        ("gzip;q=1", 400),
        ('"gzip"', 400),
        ("gzíp", 400),
        ("gzip\r\n", 400),
    ],
)
def test_refuses(text: str, status: int) -> None:
    with pytest.raises(ContentCodingError) as caught:
        parse_content_encoding(text)
    assert caught.value.status == status


def test_the_cap_is_exact() -> None:
    assert parse_content_encoding("gzip, br", limit=2) == ("gzip", "br")
    with pytest.raises(ContentCodingError):
        parse_content_encoding("gzip, br", limit=1)
