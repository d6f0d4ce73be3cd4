"""The canonical spelling of paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from yarl import URL

from muntin.router._quoting import decode_part, encode_part, is_canonical, requote, strip_prefix

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


@pytest.mark.row("HI-39", "RT-31")
@pytest.mark.parametrize(
    ("path", "prefix", "rest"),
    [
        ("/st/a%2fb", "/st", "/a%2fb"),
        ("/%73t/a%2fb", "/st", "/a%2fb"),
        ("/%73%74/%61", "/st", "/%61"),
        ("/%73t", "/st", ""),
        ("/s%74/", "/st", "/"),
        ("/%c3%b6/x", "/%C3%B6", "/x"),
        ("/ö/x", "/%C3%B6", "/x"),
        ("/a%2fb/c/d", "/a%2Fb/c", "/d"),
        ("/a%2Fb/c", "/a/b", None),
        ("/st%2Fa", "/st", None),
        ("/%73t%2Fa", "/st", None),
        ("/%73", "/st", None),
        ("/stx/a", "/st", None),
        ("/%73tx/a", "/st", None),
        ("/a%2Fb", "", "/a%2Fb"),
        ("", "", ""),
        ("*", "", None),
    ],
)
def test_what_comes_after_a_prefix(path, prefix, rest):
    assert strip_prefix(path, prefix) == rest


@given(st.lists(st.text("aZ09-~é€/", min_size=1)), WIRE, st.data())
def test_a_prefix_counts_in_every_spelling(segments, rest, data):
    """Each octet as it is or escaped in either case, slashes inside a segment always escaped."""

    def spell(octet):
        ways = [f"%{octet:02x}", f"%{octet:02X}"] + [chr(octet)] * (chr(octet) in "aZ09-~")
        return data.draw(st.sampled_from(ways))

    spelled = "".join("/" + "".join(map(spell, segment.encode())) for segment in segments)
    assert strip_prefix(f"{spelled}/{rest}", requote(spelled)) == f"/{rest}"
    assert strip_prefix(spelled, requote(spelled)) == ""
    assert strip_prefix(f"{spelled}%2F{rest}", requote(spelled)) is None
