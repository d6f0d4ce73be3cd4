import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.media import (
    MAX_MEDIA_PARAMETERS,
    MediaType,
    format_media_type,
    parse_media_type,
)

TOKEN_CHARS = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz"
TOKENS = st.text(TOKEN_CHARS, min_size=1, max_size=12)
VALUES = st.text(st.characters(codec="latin-1", exclude_categories=["Cc"]), max_size=20)
MEDIA_TYPES = st.builds(
    MediaType,
    TOKENS,
    TOKENS,
    st.dictionaries(TOKENS, VALUES, max_size=5).map(lambda items: tuple(items.items())),
)


@pytest.mark.parametrize(
    ("text", "media"),
    [
        ("text/html", MediaType("text", "html")),
        ("Text/HTML; Charset=UTF-8", MediaType("text", "html", (("charset", "UTF-8"),))),
        ('text/html;charset="utf-8"', MediaType("text", "html", (("charset", "utf-8"),))),
        ('a/b; x="a\\"b;c=d\\\\"; y=z', MediaType("a", "b", (("x", 'a"b;c=d\\'), ("y", "z")))),
        ("a/b ; ;\t;x=y;", MediaType("a", "b", (("x", "y"),))),
        ('a/b; x=""', MediaType("a", "b", (("x", ""),))),
        ("*/*", MediaType("*", "*")),
        # As sloppy senders write it: what is not quoted goes on to the next semicolon.
        ("a/b; x=----=_Part_1; y=z", MediaType("a", "b", (("x", "----=_Part_1"), ("y", "z")))),
        ("a/b; x=c/d+e:f?(g,h) i ;y=z", MediaType("a", "b", (("x", "c/d+e:f?(g,h) i"), ("y", "z")))),
        ('a/b; x = y; z= "a"', MediaType("a", "b", (("x", "y"), ("z", "a")))),
        ("a/b; x=é", MediaType("a", "b", (("x", "é"),))),
        ("a/b; x=y; X=y", MediaType("a", "b", (("x", "y"),))),
    ],
)
def test_parses(text: str, media: MediaType) -> None:
    assert parse_media_type(text) == media


@pytest.mark.parametrize(
    "text",
    [
        "",
        "text",
        "text/",
        "/html",
        "text /html",
        "text/html charset=utf-8",
        "text/html, text/plain",
        "text/html\r\nx: y",
        "téxt/html",
    ],
)
def test_malformed_is_none(text: str) -> None:
    assert parse_media_type(text) is None


@pytest.mark.parametrize(
    "parameter",
    [
        "x",
        "x=",
        "x= ",
        'x="y',
        'x="y\\"',
        'x="y"z',
        'x="y" z',
        "x=y; X=z",
        'x="y"z; x=y',
        'x=y; x="',
        'x="\x00"',
        'x="\\\n"',
        "x=a\rb",
        "é=y",
        "x y=z",
        "=y",
        ",",
    ],
)
def test_a_parameter_that_cannot_be_read_is_left_out(parameter: str) -> None:
    media = MediaType("text", "html", (("a", "b"),))
    assert parse_media_type(f"text/html; a=b; {parameter}") == media
    if parameter.count('"') in (0, 2) and "\\" not in parameter and "\0" not in parameter:
        assert parse_media_type(f"text/html; {parameter}; a=b") == media
    assert media.charset is None


def test_nothing_is_read_behind_a_quote_that_is_not_closed() -> None:
    assert parse_media_type('a/b; x="y; charset=utf-7; z=1') == MediaType("a", "b")


def test_an_empty_charset_is_none() -> None:
    for text in ('a/b; charset=""', "a/b; charset=", "a/b; charset"):
        media = parse_media_type(text)
        assert media is not None
        assert media.charset is None


@pytest.mark.row("HI-42")
def test_parameters_have_a_cap() -> None:
    text = "a/b" + "".join(f";p{number}=v" for number in range(MAX_MEDIA_PARAMETERS))
    assert len((parse_media_type(text) or MediaType("", "")).parameters) == MAX_MEDIA_PARAMETERS
    assert parse_media_type(text + ";one=more") == parse_media_type(text)
    assert parse_media_type("a/b;c=d;e=f", limit=1) == MediaType("a", "b", (("c", "d"),))
    # What stands beyond it still shows that there are two values.
    assert parse_media_type("a/b;c=d;e=f;c=g", limit=1) == MediaType("a", "b")


@pytest.mark.row("HI-42")
@pytest.mark.parametrize(
    "text",
    [
        "a" * 200_000,
        "a/b" + ";" * 200_000 + "x",
        "a/b;" + " " * 200_000 + "x",
        'a/b;x="' + "\\" * 200_001,
        "a/b" + ';x="' * 60_000,
        "a/b;" + 'x="\\"' * 200_000,
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    media = parse_media_type(text)
    assert media is None or not media.parameters or media.parameter("x") is not None


def test_attributes() -> None:
    media = parse_media_type("Text/HTML; charset=UTF-8; a=b")
    assert media is not None
    assert (media.essence, media.charset) == ("text/html", "UTF-8")
    assert (media.parameter("a"), media.parameter("c")) == ("b", None)
    assert MediaType("a", "b").charset is None


def test_formats() -> None:
    assert format_media_type(MediaType("a", "b", (("c", "d e"), ("f", "g"), ("h", 'i"j\\')))) == (
        'a/b; c="d e"; f=g; h="i\\"j\\\\"'
    )


@pytest.mark.row("AH-28")
@pytest.mark.parametrize(
    "media",
    [
        MediaType("a\r\n", "b"),
        MediaType("a", ""),
        MediaType("a", "b", (("c d", "e"),)),
        MediaType("a", "b", (("c", "d\r\ne: f"),)),
        MediaType("a", "b", (("c", "\x7f"),)),
    ],
)
def test_refuses_what_would_break_the_head(media: MediaType) -> None:
    with pytest.raises(ValueError, match=r"not |control"):
        format_media_type(media)


@given(MEDIA_TYPES)
def test_what_is_formatted_is_parsed_back(media: MediaType) -> None:
    assert parse_media_type(format_media_type(media)) == media


@given(st.text('a/;= "\\\t', max_size=40))
def test_what_is_parsed_can_be_formatted(text: str) -> None:
    media = parse_media_type(text)
    assert media is None or parse_media_type(format_media_type(media)) == media
