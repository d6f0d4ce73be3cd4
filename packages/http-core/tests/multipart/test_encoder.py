from email.parser import BytesParser
from email.policy import HTTP

import pytest

from muntin.http_core.multipart.boundary import boundary_of
from muntin.http_core.multipart.encoder import MultipartEncoder


def test_frames_the_parts() -> None:
    encoder = MultipartEncoder("b")
    assert encoder.begin_part([("A", "é"), ("B", "")]) == "--b\r\nA: é\r\nB: \r\n\r\n".encode()
    assert encoder.begin_part() == b"\r\n--b\r\n\r\n"
    assert encoder.finish() == b"\r\n--b--\r\n"


def test_a_body_without_parts_is_only_closed() -> None:
    encoder = MultipartEncoder("b")
    assert encoder.size_of([]) == 7
    assert encoder.finish() == b"--b--\r\n"


def test_nothing_follows_the_end() -> None:
    encoder = MultipartEncoder("b")
    encoder.finish()
    with pytest.raises(ValueError, match="finished"):
        encoder.begin_part()
    with pytest.raises(ValueError, match="finished"):
        encoder.finish()


def test_content_type() -> None:
    assert MultipartEncoder("b").content_type() == "multipart/form-data; boundary=b"
    assert MultipartEncoder("a:b").content_type("mixed") == 'multipart/mixed; boundary="a:b"'
    encoder = MultipartEncoder()
    assert boundary_of(encoder.content_type("byteranges")) == encoder.boundary


@pytest.mark.row("AH-28")
@pytest.mark.parametrize("subtype", ["mixed\r\nx: y", "", "a b", "a;b"])
def test_refuses_a_subtype_that_would_break_the_head(subtype: str) -> None:
    with pytest.raises(ValueError):
        MultipartEncoder("b").content_type(subtype)


@pytest.mark.row("AH-28")
@pytest.mark.parametrize(
    "field",
    [("A", "x\r\ny: z"), ("A", "x\n"), ("A", "\x00"), ("A", "\x7f"), ("A\r\n", "x"), ("", "x"), ("é", "x"), ("A:", "x"),
     ("A", "\ud800")],
)  # fmt: skip
def test_refuses_fields_that_would_break_a_head(field: tuple[str, str]) -> None:
    encoder = MultipartEncoder("b")
    with pytest.raises(ValueError):
        encoder.size_of([([field], 1)])
    with pytest.raises(ValueError):
        encoder.begin_part([field])
    assert encoder.begin_part() == b"--b\r\n\r\n"  # nothing of the refused part was counted


def test_a_malformed_boundary_is_refused() -> None:
    with pytest.raises(ValueError, match="not a multipart boundary"):
        MultipartEncoder("a\r\nb")


def test_sizes() -> None:
    encoder = MultipartEncoder("b")
    assert encoder.size_of([([("A", "é")], 10), ([], 0)]) == len("--b\r\nA: é\r\n\r\n".encode()) + 10 + 9 + 9
    assert encoder.size_of([([], 10), ([], None)]) is None


def test_the_standard_library_reads_what_is_encoded() -> None:
    encoder = MultipartEncoder()
    parts = [("text/plain", b"one"), ("application/octet-stream", bytes(range(256)) * 4), ("text/plain", b"")]
    body = b"".join(
        piece for kind, content in parts for piece in (encoder.begin_part([("Content-Type", kind)]), content)
    )
    head = f"Content-Type: {encoder.content_type('mixed')}\r\n\r\n".encode()
    message = BytesParser(policy=HTTP).parsebytes(head + body + encoder.finish())
    read = [(part.get_content_type(), part.get_payload(decode=True)) for part in message.iter_parts()]
    assert read[0] == parts[0]
    assert [kind for kind, _ in read] == [kind for kind, _ in parts]
    assert read[2] == parts[2]
