from typing import Any

import pytest

from muntin.http_core.multipart._part_head import declared_length, format_part_head, parse_part_head
from muntin.http_core.multipart.errors import MultipartError


def test_what_is_formatted_is_parsed_back() -> None:
    headers = (("Content-Type", "text/plain"), ("X-A", "é"), ("X-B", ""))
    assert parse_part_head(format_part_head(headers)[:-4], 3) == headers
    assert parse_part_head(b"", 0) == ()


@pytest.mark.row("AH-24")
def test_the_number_of_fields_is_checked_before_any_is_read() -> None:
    with pytest.raises(MultipartError) as caught:
        parse_part_head(b"bad\r\n" * 1_000_000, 32)
    assert caught.value.status == 413


@pytest.mark.row("AH-42")
def test_a_length_is_plain_digits() -> None:
    assert declared_length((("X", "1"), ("content-length", "007"))) == 7
    assert declared_length(()) is None
    with pytest.raises(MultipartError):
        declared_length((("Content-Length", "1_0"),))


@pytest.mark.parametrize(
    ("name", "value"), [("X-A", 5), ("X-A", b"x"), ("X-A", None), (b"X-A", "x"), (5, "x"), (None, "x")]
)
def test_fields_are_text(name: Any, value: Any) -> None:
    with pytest.raises(TypeError, match=r"of (the field X-A|a field) must be a str, not "):
        format_part_head([("X-B", "y"), (name, value)])
