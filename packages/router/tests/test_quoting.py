"""The canonical spelling of paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from muntin.router._quoting import decode_part, encode_part, is_canonical, requote

# What a request line may hold: yarl drops control characters and splits at "?" and "#", which none of it is.
WIRE = st.text(
    st.sampled_from("aZ09-._~!$&'()*+,;=:@/%{}|^\"<> é€\U0001f600")
    | st.characters(codec="ascii", categories=["L", "N", "P", "S"])
)


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/a", "/a"),
        ("/%61", "/a"),
        ("/%c3%a9", "/%C3%A9"),
        ("/é", "/%C3%A9"),
        ("/a%2fb%2B%25", "/a%2Fb+%25"),
        ("/100%", "/100%25"),
        ("/%zz", "/%25zz"),
        ("/a b", "/a%20b"),
        ("/a?b#c", "/a%3Fb%23c"),
        ("/{x}", "/%7Bx%7D"),
        ("//evil", "//evil"),
        ("/a\tb", "/a%09b"),
        ("/\udcff", "/%ED%B3%BF"),
        ("", ""),
    ],
)
def test_requote(path, canonical):
    assert requote(path) == canonical
    assert requote(canonical) == canonical


@pytest.mark.row("RT-29")
@given(WIRE.filter(lambda text: "?" not in text and "#" not in text))
def test_requoting_is_what_yarl_does(text):
    # Behind "/." the text cannot be taken for a scheme or an authority.
    assert requote(text) == URL("/." + text, encoded=False).raw_path.removeprefix("/.").replace("%2B", "+")


@given(st.text())
def test_canonical_paths_are_left_alone(text):
    if is_canonical(text):
        assert requote(text) == text
    assert requote(requote(text)) == requote(text)


@given(st.text(), st.booleans())
def test_parts_survive(text, keep_slash):
    encoded = encode_part(text, keep_slash=keep_slash)
    assert decode_part(encoded) == text
    assert requote(encoded) == encoded
    assert keep_slash or "/" not in encoded


def test_escapes_that_are_not_text_stay():
    assert decode_part("a%FFb%2F") == "a%FFb/"
