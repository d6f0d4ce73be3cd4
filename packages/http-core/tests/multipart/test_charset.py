import pytest

from muntin.http_core.multipart import MultipartError, decode_text, find_charset


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("utf-8", "utf-8"),
        ("UTF8", "utf-8"),
        ("iso-8859-1", "iso8859-1"),
        ("latin1", "iso8859-1"),
        ("us-ascii", "ascii"),
        ("windows-1252", "cp1252"),
        ("Shift_JIS", "shift_jis"),
        ("utf-16", "utf-16"),
    ],
)
def test_finds(name: str, known: str) -> None:
    assert find_charset(name) == known


@pytest.mark.row("HI-29")
@pytest.mark.parametrize(
    "name",
    ["", "klingon", "zlib", "bz2", "base64", "rot13", "idna", "punycode", "unicode_escape", "utf-7", "hex", "undefined",
     "mbcs", "a\x00b", "ütf-8", "utf-8" * 100_000, "../../etc/passwd"],
)  # fmt: skip
def test_unknown_is_400(name: str) -> None:
    assert find_charset(name) is None
    with pytest.raises(MultipartError) as caught:
        decode_text(b"x", name)
    assert caught.value.status == 400


def test_decodes() -> None:
    assert decode_text("é".encode()) == "é"
    assert decode_text(b"\xe9", "latin-1") == "é"
    assert decode_text("é".encode("utf-16"), "UTF-16") == "é"


@pytest.mark.row("HI-29")
def test_bytes_of_another_charset_are_400() -> None:
    with pytest.raises(MultipartError) as caught:
        decode_text(b"\xe9")
    assert caught.value.status == 400
