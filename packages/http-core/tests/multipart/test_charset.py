import codecs
import encodings
from collections.abc import Iterator
from encodings.aliases import aliases

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.multipart.charset import decode_text, find_charset
from muntin.http_core.multipart.errors import MultipartError


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


def spellings() -> Iterator[str]:
    """Iterate over every name that Python has for an encoding, in several spellings."""
    for name in {*aliases, *aliases.values()}:
        yield from (name, name.upper(), name.replace("_", "-"), name.replace("_", " "), f"-{name}--")


def test_knows_the_names_that_python_knows() -> None:
    for name in spellings():
        if (known := find_charset(name)) is not None:
            assert codecs.lookup(name).name == known
    known = {find_charset(name) for name in spellings()}
    for name in spellings():
        try:
            found = codecs.lookup(name).name
        except LookupError:
            continue
        assert (find_charset(name) is not None) == (found in known), name


@pytest.mark.parametrize("name", ["x-{}", "utf-8-{}", "cp{}", "iso-8859-{}99", "utf{}8", "{}"])
def test_the_registry_does_not_hear_of_names_that_a_client_chose(name: str) -> None:
    looked_up: list[str] = []

    def listen(name: str) -> None:
        looked_up.append(name)

    codecs.register(listen)
    try:
        for tail in ("zz", "--" * 8, "a_b", "1234"):
            if (known := find_charset(name.format(tail))) is not None:
                decode_text(b"x", name.format(tail))
                assert codecs.lookup(known).name == known
    finally:
        codecs.unregister(listen)
    assert looked_up == []


def test_spellings_of_one_charset_are_not_remembered_one_by_one() -> None:
    remembered = len(encodings._cache)  # type: ignore[attr-defined]
    for count in range(1, 30):
        assert decode_text(b"x", f"utf{'-' * count}8") == "x"
        with pytest.raises(MultipartError):
            decode_text(b"x", f"x-unknown-{count}")
    assert len(encodings._cache) <= remembered + 1  # type: ignore[attr-defined]


@given(st.text(st.characters(codec="ascii"), max_size=50))
def test_any_name_is_one_of_ours_or_none(name: str) -> None:
    known = find_charset(name)
    assert known is None or codecs.lookup(known).name == known


def test_decodes() -> None:
    assert decode_text("é".encode()) == "é"
    assert decode_text(b"\xe9", "latin-1") == "é"
    assert decode_text("é".encode("utf-16"), "UTF-16") == "é"


@pytest.mark.row("HI-29")
def test_bytes_of_another_charset_are_400() -> None:
    with pytest.raises(MultipartError) as caught:
        decode_text(b"\xe9")
    assert caught.value.status == 400
