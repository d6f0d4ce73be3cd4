import pytest
from hypothesis import given
from hypothesis import strategies as st

from muntin.websocket._extensions import is_token, parse_extensions, split_list


@pytest.mark.parametrize(
    ("lines", "extensions"),
    [
        ([], []),
        ([""], []),
        ([" , ,\t"], []),
        (["foo"], [("foo", ())]),
        (["foo, bar;x"], [("foo", ()), ("bar", (("x", None),))]),
        (['a ; b = 10 ;c="d" , e', "f"], [("a", (("b", "10"), ("c", "d"))), ("e", ()), ("f", ())]),
        (["foo,,bar,"], [("foo", ()), ("bar", ())]),
        (["a;b;b"], [("a", (("b", None), ("b", None)))]),
    ],
)
def test_lists_of_extensions(lines, extensions):
    assert parse_extensions(lines) == extensions


@pytest.mark.row("HI-45")
@pytest.mark.parametrize(
    "line",
    [
        "foo bar",
        ";",
        "foo;",
        "foo;=1",
        "foo;a=",
        'foo;a="b c"',
        'foo;a="',
        "föö",
        "foo;a=ü",
        "a\nb",
        "=",
        "a;b c",
    ],
)
def test_a_broken_list(line):
    assert parse_extensions([line]) is None


@pytest.mark.row("HI-45")
def test_what_is_beyond_the_cap_is_not_looked_at():
    assert parse_extensions(["a" + ",a" * 4000]) == [("a", ())] * 128
    assert parse_extensions(["a" + ";b" * 4000]) is None
    assert list(split_list(["a" + ",a" * 4000])) == ["a"] * 128


def test_split_list():
    assert list(split_list(["a, b ,,c", "\td "])) == ["a", "b", "c", "d"]


def test_tokens():
    assert is_token("chat.v2+json")
    assert not any(map(is_token, ["", "a b", "a,b", "é", "a\n", '"a"', "\u0660"]))


@given(st.text(alphabet='ab1 ;,="\t\\é', max_size=60))
def test_no_text_crashes_the_parser(line):
    found = parse_extensions([line])
    assert found is None or all(is_token(name) for name, _ in found)
