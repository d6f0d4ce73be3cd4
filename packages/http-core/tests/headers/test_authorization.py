import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.http_core.headers.authorization import (
    Authorization,
    BasicCredentials,
    format_basic,
    format_basic_challenge,
    parse_authorization,
    parse_basic,
)

TEXTS = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=20)


def basic(pair: bytes) -> str:
    return "Basic " + base64.b64encode(pair).decode()


@pytest.mark.parametrize(
    ("text", "credentials"),
    [
        ("Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", ("Aladdin", "open sesame")),
        ("basic   QWxhZGRpbjpvcGVuIHNlc2FtZQ==  ", ("Aladdin", "open sesame")),
        (basic(b":"), ("", "")),
        (basic(b"a:b:c"), ("a", "b:c")),
        (basic("é:ß".encode()), ("é", "ß")),
    ],
)
def test_parses(text: str, credentials: tuple[str, str]) -> None:
    assert parse_basic(text) == BasicCredentials(*credentials)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Basic",
        "Basic ",
        "Bearer QWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "BasicQWxhZGRpbjpvcGVuIHNlc2FtZQ==",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ",
        "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ== x",
        "Basic Q*==",
        "Basic YWI",
        "Basic " + "=" * 200_000,
        basic(b"no colon"),
        basic(b"a:\xe9"),
        basic(b"a:b\x00"),
        basic(b"a\r\n:b"),
        basic(b"a:\t"),
    ],
)
def test_malformed_is_none(text: str) -> None:
    assert parse_basic(text) is None


def test_another_charset() -> None:
    credentials = BasicCredentials("é", "ß")
    assert parse_basic(basic(b"\xe9:\xdf"), charset="latin-1") == credentials
    assert format_basic(credentials, charset="latin-1") == basic(b"\xe9:\xdf")


@pytest.mark.parametrize(
    "credentials", [("a:b", "c"), ("a\n", "b"), ("a", "\x00"), ("a", "\t"), ("\ud800", "a")]
)
def test_refuses_to_format(credentials: tuple[str, str]) -> None:
    with pytest.raises(ValueError):
        format_basic(BasicCredentials(*credentials))


def test_a_password_stays_out_of_logs() -> None:
    assert "secret" not in repr(BasicCredentials("a", "secret"))


def test_any_scheme() -> None:
    assert parse_authorization("Bearer a.b-c") == Authorization("bearer", "a.b-c")
    assert parse_authorization("Negotiate") == Authorization("negotiate", "")
    assert parse_authorization('Digest username="a", uri="/"') == Authorization(
        "digest", 'username="a", uri="/"'
    )
    assert parse_authorization("Bearer a\x00") is None
    assert parse_authorization("Béarer a") is None


def test_challenge() -> None:
    assert format_basic_challenge('the "inner" room') == 'Basic realm="the \\"inner\\" room", charset="UTF-8"'
    with pytest.raises(ValueError, match="control"):
        format_basic_challenge("a\r\nb")


@given(TEXTS.filter(lambda text: ":" not in text), TEXTS)
def test_what_is_formatted_is_parsed_back(username: str, password: str) -> None:
    credentials = BasicCredentials(username, password)
    assert parse_basic(format_basic(credentials)) == credentials
