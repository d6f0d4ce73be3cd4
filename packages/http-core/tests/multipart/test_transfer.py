import base64
import quopri
from itertools import pairwise
from typing import Protocol

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.multipart.errors import MultipartError
from muntin.http_core.multipart.transfer import Base64Encoder, QuotedPrintableEncoder, make_transfer_decoder

CUTS = st.lists(st.integers(min_value=0, max_value=300), max_size=6)


class Encoder(Protocol):
    def encode(self, data: bytes) -> bytes: ...
    def finish(self) -> bytes: ...


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    edges = [0, *sorted(cut for cut in cuts if cut < len(data)), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def decoded(encoding: str | None, parts: list[bytes]) -> bytes:
    decoder = make_transfer_decoder(encoding)
    return b"".join([*map(decoder.receive, parts), decoder.finish()])


def encoded(encoder: Encoder, parts: list[bytes]) -> bytes:
    return b"".join([*map(encoder.encode, parts), encoder.finish()])


@pytest.mark.parametrize("encoding", [None, "7bit", "8bit", "Binary"])
def test_identity(encoding: str | None) -> None:
    assert decoded(encoding, [b"a\r\n", b"\xff"]) == b"a\r\n\xff"


@pytest.mark.row("HI-29")
@pytest.mark.parametrize("encoding", ["", "gzip", "x-uuencode", "base64, base64", "b" * 1_000_000])
def test_unknown_is_400(encoding: str) -> None:
    with pytest.raises(MultipartError) as caught:
        make_transfer_decoder(encoding)
    assert caught.value.status == 400


@pytest.mark.parametrize(
    ("text", "content"),
    [(b"", b""), (b"YWJj", b"abc"), (b"YW\r\nJj\tZA ==\r\n", b"abcd"), (b"YQ==\r\n \r\n", b"a")],
)
def test_base64(text: bytes, content: bytes) -> None:
    assert decoded("base64", [text]) == content
    assert decoded("BASE64", [bytes([byte]) for byte in text]) == content


@pytest.mark.row("HI-29")
@pytest.mark.parametrize(
    "text", [b"Y", b"YWJ", b"YQ==YQ==", b"YQ==\r\nY", b"====", b"Y=Jj", b"YW*j", b"YWJ\xe9", b"YWJ=="]
)
def test_malformed_base64_is_400(text: bytes) -> None:
    for parts in ([text], [bytes([byte]) for byte in text]):
        with pytest.raises(MultipartError) as caught:
            decoded("base64", parts)
        assert caught.value.status == 400


@pytest.mark.parametrize(
    ("text", "content"),
    [
        (b"", b""),
        (b"abc", b"abc"),
        (b"a=3Db=e9", b"a=b\xe9"),
        (b"a=\r\nb=\nc", b"abc"),
        (b"a= \t\r\nb", b"ab"),
        (b"a \t\r\nb  \nc ", b"a\r\nb\nc"),
        (b"a b\r\n", b"a b\r\n"),
        (b"a=", b"a"),
        (b"a= \r", b"a"),
        (b"a\rb", b"a\rb"),
        (b"\xe9", b"\xe9"),
    ],
)
def test_quoted_printable(text: bytes, content: bytes) -> None:
    assert decoded("quoted-printable", [text]) == content
    assert decoded("Quoted-Printable", [bytes([byte]) for byte in text]) == content


@pytest.mark.row("HI-29")
@pytest.mark.parametrize(
    "text", [b"=4", b"=4\r\n", b"=XY", b"= x", b"=\rx", b"a" + b" " * 2_000, b"==" * 500_000]
)
def test_malformed_quoted_printable_is_400(text: bytes) -> None:
    with pytest.raises(MultipartError) as caught:
        decoded("quoted-printable", [text])
    assert caught.value.status == 400


@pytest.mark.row("HI-29")
def test_a_megabyte_of_white_space_takes_linear_time() -> None:
    assert decoded("quoted-printable", [b" " * 1_000_000 + b"x"]) == b" " * 1_000_000 + b"x"
    assert decoded("quoted-printable", [b" " * 1_000_000 + b"\r\nx"]) == b"\r\nx"
    assert decoded("quoted-printable", [b"= \n" * 300_000]) == b""


@given(st.binary(max_size=300), CUTS)
def test_base64_round_trip(content: bytes, cuts: list[int]) -> None:
    text = encoded(Base64Encoder(), pieces(content, cuts))
    assert all(len(line) <= 76 for line in text.split(b"\r\n"))
    assert len(text) == Base64Encoder.size_of(len(content))
    assert base64.b64decode(text) == content
    assert decoded("base64", pieces(text, cuts)) == content


@given(st.binary(max_size=300) | st.text("= \t\r\na", max_size=300).map(str.encode), CUTS)
def test_quoted_printable_round_trip(content: bytes, cuts: list[int]) -> None:
    text = encoded(QuotedPrintableEncoder(), pieces(content, cuts))
    assert all(len(line) <= 76 for line in text.split(b"\r\n"))
    assert quopri.decodestring(text) == content
    assert decoded("quoted-printable", pieces(text, cuts)) == content


@given(st.binary(max_size=60) | st.text("=4D \t\r\na", max_size=60).map(str.encode), CUTS)
def test_cuts_do_not_change_what_is_decoded(text: bytes, cuts: list[int]) -> None:
    for encoding in ("base64", "quoted-printable"):
        assert outcome(encoding, [text]) == outcome(encoding, pieces(text, cuts))


def outcome(encoding: str, parts: list[bytes]) -> bytes | int:
    try:
        return decoded(encoding, parts)
    except MultipartError as error:
        return error.status
