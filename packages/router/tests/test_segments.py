"""Segments of templates."""

import re

from hypothesis import given
from hypothesis import strategies as st

from muntin.router._regex import DEFAULT
from muntin.router._segments import Segment, read_segments
from muntin.router._variables import Variable

X, Y, DIGITS, TAIL = Variable("x"), Variable("y"), Variable("d", r"\d+"), Variable("t", ".*")


def test_cutting_at_slashes():
    assert read_segments(["/a/", X, "/b", DIGITS, ".html/"]) == (
        Segment(""),
        Segment("a"),
        Segment("", DEFAULT, "", literals=(), variables=1),
        Segment("b", r"\d+", ".html", variables=1),
        Segment(""),
    )


def test_the_first_that_spans_takes_the_rest():
    assert read_segments(["/a/p", TAIL, "/", X, "/z"]) == (
        Segment(""),
        Segment("a"),
        Segment("p", "(?:.*)/(?:[^{}/]+)", "/z", spans=True, variables=2),
    )


def test_several_variables_in_a_segment():
    (_, segment) = read_segments(["/v", X, "-", Y, "!"])
    assert segment == Segment("v", r"(?:[^{}/]+)\-(?:[^{}/]+)", "!", literals=("-",), variables=2)
    assert not segment.is_variable
    assert segment.split("va-b-c!") == ["a-b", "c"]
    assert segment.split("va-!") is None
    assert segment.split("v!") is None
    assert segment.split("wa-b!") is None
    assert segment.split("va-b?") is None
    assert segment.split("v") is None


def test_a_literal_splits_into_nothing():
    assert Segment("a").split("a") == []
    assert Segment("a").split("b") is None


def test_taking_the_middle():
    assert read_segments(["/", DIGITS])[1].takes_middle("12")
    assert not read_segments(["/", DIGITS])[1].takes_middle("x")
    assert read_segments(["/", X, ".", Y])[1].takes_middle("a.b")
    assert not read_segments(["/", X, ".", Y])[1].takes_middle("a.")


@given(st.lists(st.sampled_from(["", "-", ".", "--", "-."]), max_size=3), st.text("ab-.", max_size=12))
def test_splitting_is_what_a_regular_expression_does(literals, text):
    """Greedy pieces, from the right and in linear time, as `re` finds them in its own way."""
    parts = [Variable("v0")]
    for number, literal in enumerate(literals, start=1):
        parts += [literal, Variable(f"v{number}")]
    (segment,) = read_segments(parts)
    match = re.fullmatch("([^{}/]+)" + "".join(re.escape(each) + "([^{}/]+)" for each in literals), text)
    assert segment.split(text) == (match and list(match.groups()))
