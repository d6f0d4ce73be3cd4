import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.disposition import (
    MAX_DISPOSITION_PARAMETERS,
    Disposition,
    format_disposition,
    parse_disposition,
)
from muntin.http_core.headers.filenames import sanitize_filename

VALUES = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)


@pytest.mark.parametrize(
    ("text", "type", "name", "filename"),
    [
        ("inline", "inline", None, None),
        ("Attachment; FileName=a.txt", "attachment", None, "a.txt"),
        ('form-data; name="a"; filename="b c.txt"', "form-data", "a", "b c.txt"),
        ('form-data; name=""', "form-data", "", None),
        ('form-data; name="a\\"b\\\\c"', "form-data", 'a"b\\c', None),
        ('form-data; name="é"; filename="日本.txt"', "form-data", "é", "日本.txt"),
        ('form-data; name="a"; filename="C:\\dir\\file.txt"', "form-data", "a", "C:\\dir\\file.txt"),
        ("attachment; filename*=UTF-8''%e2%82%ac%20rates", "attachment", None, "€ rates"),
        ("attachment; filename*=iso-8859-1'en'%A3%20rates", "attachment", None, "£ rates"),
        ("attachment; filename=\"EURO\"; filename*=utf-8''%e2%82%ac", "attachment", None, "€"),
        ("attachment; filename*=utf-8''%e2%82%ac; filename=EURO", "attachment", None, "€"),
        ("attachment; filename=EURO; filename*=utf-8''%ff", "attachment", None, "EURO"),
        ("attachment; filename=EURO; filename*=utf-7''%41", "attachment", None, "EURO"),
        ("attachment; filename=EURO; filename*=utf-8''%4", "attachment", None, "EURO"),
        ("attachment; filename=EURO; filename*=\"utf-8''%4é\"", "attachment", None, "EURO"),
        ("attachment; filename*=utf-8''%", "attachment", None, None),
        # In pieces (RFC 2231 §3 and §4.1).
        ('attachment; filename*0="long "; filename*1=name', "attachment", None, "long name"),
        ('attachment; filename*1=name; filename*0="é%20"', "attachment", None, "é%20name"),
        (
            "attachment; filename*0*=utf-8''%e2%82; filename*1*=%ac; filename*2=%20",
            "attachment",
            None,
            "€%20",
        ),
        ("attachment; filename*0*=latin''%e9; filename*1=a", "attachment", None, None),
        ("attachment; filename*1=b; filename*2=c", "attachment", None, None),
        ("attachment; filename*0=b; filename=a", "attachment", None, "a"),
        # Not quoted, though it should be.
        ("form-data; name=a[0]", "form-data", "a[0]", None),
        ("form-data; name=f; filename=my file (1).txt ", "form-data", "f", "my file (1).txt"),
        ('form-data; name = "a"; filename= b', "form-data", "a", "b"),
        ("form-data; name=a/b:c?; x", "form-data", "a/b:c?", None),
        # As browsers write what ends in a backslash, which is then no quoted string.
        ('form-data; name="a\\"', "form-data", "a\\", None),
        ('form-data; name="\\"; filename="b"', "form-data", "\\", "b"),
        ('form-data; name="a"; filename="C:\\dir\\"', "form-data", "a", "C:\\dir\\"),
        ('form-data; name="a\\"; filename="b\\"', "form-data", "a\\", "b\\"),
        ('form-data; name="a%22b%0D%0A\\"', "form-data", 'a"b\r\n\\', None),
        ('form-data; name="%41%5c\\"', "form-data", "%41%5c\\", None),
        ('form-data; name="a\\\\\\"; filename=my file', "form-data", "a\\\\\\", "my file"),
        # As quoted strings they parse, so that is what they are.
        ('form-data; name="a%22b"', "form-data", "a%22b", None),
        ('form-data; name="a\\\\"', "form-data", "a\\", None),
        ('form-data; name="a\\"; filename=\\"b"', "form-data", 'a"; filename="b', None),
    ],
)
def test_parses(text: str, type: str, name: str | None, filename: str | None) -> None:
    disposition = parse_disposition(text)
    assert disposition is not None
    assert (disposition.type, disposition.name, disposition.filename) == (type, name, filename)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ";",
        '"attachment"',
        "attachment filename=a",
        'attachment; filename="a" b',
        'attachment; filename=a"b',
        'attachment; filename=a"',
        'attachment; name="a"b"',
        'attachment; filename="a',
        'form-data; name="a"; name="b"',
        'form-data; name="a"; filename="b\r\n"',
        "attachment; filename=" + '"\\' * 60_000,
        "attachment" + "; a=b; a=c" * 100_000,
    ],
)
def test_malformed_is_none(text: str) -> None:
    assert parse_disposition(text) is None


def test_parameters_have_a_cap() -> None:
    text = "attachment" + "".join(f";p{number}=v" for number in range(MAX_DISPOSITION_PARAMETERS))
    assert parse_disposition(text) is not None
    assert parse_disposition(text + ";one=more") is None


@pytest.mark.row("HI-30")
def test_the_raw_name_stands_beside_the_safe_one() -> None:
    disposition = parse_disposition("form-data; name=a; filename*=utf-8''..%2F..%2Fnul%00.txt%0d%0a")
    assert disposition is not None
    assert disposition.filename == "../../nul\x00.txt\r\n"
    assert disposition.safe_filename == "_nul.txt"
    assert Disposition("inline").safe_filename is None


@pytest.mark.parametrize(
    ("type", "parameters", "text"),
    [
        ("inline", {}, "inline"),
        ("attachment", {"filename": "a b.txt"}, 'attachment; filename="a b.txt"'),
        (
            "attachment",
            {"filename": "€.txt"},
            "attachment; filename=\"_.txt\"; filename*=UTF-8''%E2%82%AC.txt",
        ),
        ("attachment", {"filename": '50%"'}, "attachment; filename=\"50__\"; filename*=UTF-8''50%25%22"),
        ("form-data", {"name": 'a"\\é'}, 'form-data; name="a\\"\\\\é"'),
        ("form-data", {"name": "a", "filename": ""}, 'form-data; name="a"; filename=""'),
    ],
)
def test_formats(type: str, parameters: dict[str, str], text: str) -> None:
    assert format_disposition(type, **parameters) == text


@pytest.mark.row("AH-28")
@pytest.mark.parametrize("value", ["a\r\nb", "\n", "\x00", "\x7f", "\ud800"])
@pytest.mark.parametrize("type", ["form-data", "attachment"])
def test_refuses_values_that_would_break_the_head(type: str, value: str) -> None:
    with pytest.raises(ValueError):
        format_disposition(type, filename=value)


def test_refuses_what_is_not_a_token() -> None:
    with pytest.raises(ValueError, match="not a token"):
        format_disposition("form data")
    with pytest.raises(ValueError, match="not a token"):
        format_disposition("attachment", **{"file name": "x"})


@given(st.sampled_from(["form-data", "attachment", "inline"]), VALUES, VALUES)
def test_what_is_formatted_is_parsed_back(type: str, name: str, filename: str) -> None:
    disposition = parse_disposition(format_disposition(type, name=name, filename=filename))
    assert disposition is not None
    assert (disposition.type, disposition.name, disposition.filename) == (type, name, filename)
    assert disposition.safe_filename == sanitize_filename(filename)
