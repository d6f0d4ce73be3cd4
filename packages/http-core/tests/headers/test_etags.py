import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.etags import (
    ANY,
    MAX_ETAGS,
    ETag,
    format_etag,
    format_etags,
    is_strong_match,
    is_weak_match,
    parse_etag,
    parse_etags,
)

ETAGC = "".join(map(chr, [0x21, *range(0x23, 0x7F), *range(0x80, 0x100)]))
TAGS = st.builds(ETag, st.text(ETAGC).filter(lambda value: value != "*"), st.booleans())


@pytest.mark.parametrize(
    ("text", "tag"),
    [
        ('"xyzzy"', ETag("xyzzy")),
        ('W/"xyzzy"', ETag("xyzzy", True)),
        ('""', ETag("")),
        ('"a,b"', ETag("a,b")),
        ('"\xe9"', ETag("\xe9")),
    ],
)
def test_one_tag(text: str, tag: ETag) -> None:
    assert parse_etag(text) == tag
    assert format_etag(tag) == text


@pytest.mark.parametrize(
    "text",
    ["", "*", '"*"', "xyzzy", '"xyzzy', 'w/"x"', 'W/ "x"', '"a b"', '"a"b"', '"a" ', '"\n"', '"\u0100"'],
)
def test_not_one_tag(text: str) -> None:
    assert parse_etag(text) is None


@pytest.mark.parametrize("value", ["*", 'a"b', "a b", "a\r\nb", "\x00", "\x7f", "ā"])
def test_refuses_a_value_that_would_break_out(value: str) -> None:
    with pytest.raises(ValueError, match="entity tag"):
        format_etag(ETag(value))


def test_lists() -> None:
    assert parse_etags('"a", W/"b,c" ,"d"') == (ETag("a"), ETag("b,c", True), ETag("d"))
    assert parse_etags(' ,, "a" , , "b",') == (ETag("a"), ETag("b"))
    assert parse_etags("*") == (ANY,)


@pytest.mark.parametrize("text", ["", " , ", "a", '"a" "b"', '"a", *', '*, "a"', '"a"x', '"a", "b', '"*"'])
def test_malformed_lists(text: str) -> None:
    assert parse_etags(text) is None


@pytest.mark.row("HI-42")
def test_a_list_has_a_cap() -> None:
    assert len(parse_etags(", ".join(['"a"'] * MAX_ETAGS)) or ()) == MAX_ETAGS
    assert parse_etags(", ".join(['"a"'] * (MAX_ETAGS + 1))) is None
    assert parse_etags('"a", "b"', limit=1) is None


@pytest.mark.row("HI-42")
@pytest.mark.parametrize(
    "text", ['"' * 200_001, "," * 200_000 + "x", '"a"' + " " * 200_000 + "x", 'W/"' * 60_000]
)
def test_hostile_lists_take_linear_time(text: str) -> None:
    assert parse_etags(text) is None


def test_formats_lists() -> None:
    assert format_etags([ETag("a"), ETag("b", True)]) == '"a", W/"b"'
    assert format_etags([ANY]) == "*"
    with pytest.raises(ValueError, match="at least one"):
        format_etags([])


# The table of RFC 9110 §8.8.3.2.
@pytest.mark.parametrize(
    ("one", "other", "strong", "weak"),
    [
        (ETag("1", True), ETag("1", True), False, True),
        (ETag("1", True), ETag("2", True), False, False),
        (ETag("1", True), ETag("1"), False, True),
        (ETag("1"), ETag("1", True), False, True),
        (ETag("1"), ETag("1"), True, True),
        (ETag("1"), ETag("2"), False, False),
    ],
)
def test_comparison(one: ETag, other: ETag, strong: bool, weak: bool) -> None:
    assert is_strong_match(one, other) is strong
    assert is_weak_match(one, other) is weak


@given(st.lists(TAGS, min_size=1, max_size=20))
def test_what_is_formatted_is_parsed_back(tags: list[ETag]) -> None:
    assert parse_etag(format_etag(tags[0])) == tags[0]
    assert parse_etags(format_etags(tags)) == tuple(tags)


@given(st.text('"W/,* ab\\'))
def test_a_parsed_list_can_be_formatted(text: str) -> None:
    tags = parse_etags(text)
    assert tags is None or parse_etags(format_etags(tags)) == tags
