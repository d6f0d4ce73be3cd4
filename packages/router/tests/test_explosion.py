"""Expressions that take time out of proportion, and those that do not."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from muntin.router import Converter, Router, TemplateWarning
from muntin.router._automaton import PLACES, TooLarge, read_automata
from muntin.router._explosion import find_explosion
from muntin.router._quoting import LETTERS

EXPONENTIAL = [
    "(?:[a-z]+)*", "([a-z]+)+", "(?:a*)*", "(?:a*?)*?b", "(?:[a-z]+-?)*", "(?:[^/]+)+", "(?:x+x+)+y",
    "(?:.*,)*x", "(?:.*)*(?:a|b)",
    "(?:a|aa)+", "(?:a|b|ab)*c", "(?:a?b?)*", "(?:(?:a?)*b)*", "(?:(?:x?|y?)a)*", "(?:(?:a|(?:a))*b|.*)",
    # Counted, but for more than anybody waits for.
    "(?:\\w{1,10}-?){1,20}", "(?:a|(?:a)){50}", "(?:\\d{1,640})*", "(?:a{0,100}){0,100}",
    # In what is matched on its own, or once for all.
    "(?=(?:a+)+b).*", "(?!(?:a+)+b).*", "(?>(?:a+)+b)", "(?:(?=(?:a+)+b)a)?", "(x)?(?(1)(?:a+)+|b)",
    "(?i:(?:[A-F]+)*)", "(?:a++|(?:a|(?:a))+)*b",
]  # fmt: skip
POLYNOMIAL = [
    ".+.+x", ".+.+.+x", "(?:.+)/x/(?:.+)/y/(?:.+)", "[a-z]*[a-z]*!", "\\w+\\d+", "[a-z]+[a-z0-9]+",
    ".*-.*-\\d+", "[^/]+-[^/]+-\\d+",
    "[\\w.-]+\\.[\\w.-]+", "[0-9]+[0-9]*[a-f]+[0-9]", "a*b?a*!", "(?:[a-c]|[d-f])+(?:[a-c]d)+!", ".+?.+?x",
    "(?=.*a.*b).+",
]  # fmt: skip
LINEAR = [
    ".+", ".*", ".*?", "\\d+", "\\w+", "\\S+", "[^/]+", "[^{}/]+", "[^/]*", "[a-z]+", "[\\w-]+",
    "[0-9]{1,640}", "[a-f0-9]{40}",
    "[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}", "\\d{4}/\\d{2}/\\d{2}", "\\d{8}T?\\d{6}",
    "\\d{8}\\d{6}",
    ".*\\.(?:jpg|png)", ".+?\\.html", "(?:index|home)?\\.html?", "(?:.*/)?[^/]+", "(?:[^/]+/)*[^/]+",
    "(?:/[^/]+){1,20}",
    "[a-zA-Z][a-zA-Z0-9_]*", "-?\\d+(?:\\.\\d+)?", "(?:[a-z]+-)*[a-z]+", "[a-z0-9]+(?:-[a-z0-9]+)*",
    "v\\d+(?:\\.\\d+)*",
    "[\\w.-]+\\.\\w+", "en|de|fr", "(?:a|b)*", "(?:ab|cd)*", "(?:a|ab)+", "(?:%[0-9A-F]{2}|[\\w.~-])+",
    "(?:[a-z]{2})?",
    "(?:.+)/(?:.+)", ".+/blob/.+", "(?:[^{}/]+)\\.(?:[a-z]+)", "(?:[^{}/]+)-(?:\\d+)", "(?:\\d+)-(?:[^{}/]+)",
    "(?:.+)/x/(?:[0-9]{1,640})",
    "(?:[01]?\\d|2[0-3]):[0-5]\\d", "(?:\\d{1,3}\\.){3}\\d{1,3}", "(?:[a-z]+\\.)+[a-z]{2,63}",
    "(?!admin)[a-z]+", "(?=.*\\d).+",
    "(?:[a-z]++)*", "[a-z]++[a-z0-9]++", "(?P<x>a+)b(?P=x)", "^\\d+$", "\\bx\\b", "(x)?(?(1)a|b)",
    "|".join(map(str, range(300))), "",
]  # fmt: skip


@pytest.mark.parametrize("regex", EXPONENTIAL)
def test_two_ways_round_a_loop(regex):
    found = find_explosion(regex, spans=True)
    assert found is not None
    assert found.is_exponential
    assert found.pump


@pytest.mark.parametrize("regex", POLYNOMIAL)
def test_two_loops_for_one_text(regex):
    found = find_explosion(regex, spans=True)
    assert found is not None
    assert not found.is_exponential
    assert found.pump


@pytest.mark.parametrize("regex", LINEAR)
def test_ordinary_expressions(regex):
    assert find_explosion(regex, spans=True) is None


@pytest.mark.parametrize("regex", ["[^/]+\\.[^/]+", "(?:\\d+)(?:[^{}/]+)", "(?:[^{}/]+)(?:\\d*)", ".+\\..+"])
def test_what_cannot_fail_within_a_segment(regex):
    """Only a slash would not match, and there is none in a segment."""
    assert find_explosion(regex, spans=False) is None


@settings(max_examples=400)
@given(st.recursive(
    st.sampled_from(["a", "b", "[ab]", "[^a]", "."]),
    lambda inner: st.builds("{}{}".format, inner, inner) | st.builds("(?:{}|{})".format, inner, inner)
    | st.builds("(?:{}){}".format, inner, st.sampled_from(["?", "*", "+", "{2}", "{1,3}", "{2,}", "*?"])),
    max_leaves=6,
), st.text("ab/", max_size=6))  # fmt: skip
def test_an_automaton_takes_what_the_expression_takes(regex, text):
    """And what it takes in one way only is not called exponential."""
    (automaton,) = read_automata(regex)
    places = {0}
    for letter in text:
        bit = 1 << LETTERS.index(letter)
        places = {step.to for place in places for step in automaton.steps[place] if step.letters & bit}
    assert bool(places & automaton.ends) is (re.fullmatch(regex, text) is not None)


def test_what_is_too_complex_to_be_judged():
    huge = "|".join(f"{a}{b}{c}x" for a in "abcdefgh" for b in "abcdefgh" for c in "abcdefgh")
    with pytest.raises(TooLarge):
        read_automata(f"(?:{huge})+")
    assert len(huge) > PLACES
    assert find_explosion(f"(?:{huge})+", spans=True) == (False, "")
    with pytest.warns(TemplateWarning, match="too complex"):
        Router().add_get(f"/{{x:(?:{huge})+}}", "h")


@pytest.mark.parametrize(
    ("path", "says"),
    [
        ("/{x:(?:[a-z]+)*}", "grow exponentially .* repeats 'a' many times"),
        ("/a/{y}/{x:(?:[a-z]+)*}/b", "grow exponentially"),
        ("/{x:.+.+.+z}", "with the square, or worse"),
        ("/{a:.+}/b/{c:.+}/d/{e:.+}", "with the square, or worse"),
        (r"/{a:\w+}{b:\d+}", "with the square, or worse"),
        ("/{x:code()}", "grow exponentially"),
    ],
)
def test_the_author_is_warned(path, says):
    router = Router(converters={"code": Converter("(?:[a-z]|[a-f][0-9]?)+x", str)})
    with pytest.warns(TemplateWarning, match=says) as caught:
        router.add_get(path, "h")
    assert caught[0].filename == __file__
    assert repr(path) in str(caught[0].message)


@pytest.mark.parametrize(
    "path",
    [
        r"/{x:\d+}", "/{x:[^/]+}", "/{x:[^{}/]+}", "/{x:.+}", "/{x:.*}", "/{a:.+}/{b:.+}.html",
        "/{a:.+}-{b:.+}-{c:.+}x",
        r"/{name}-{id:\d+}", r"/{id:\d+}-{slug}", "/{a}-{b}-{c}", r"/{n}.{ext:[a-z]+}",
        "/{a:path()}/x/{b:int()}", "/{u:uuid()}",
        "/{a:path()}/to/{b:path()}", r"/{y:\d{4}}-{m:\d{2}}", "/{name:[^/]+}.{ext:[^/]+}",
    ],
)  # fmt: skip
def test_others_are_not(path):
    Router().add_get(path, "h")  # a warning is an error here
