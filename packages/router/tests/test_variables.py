"""Variables of templates."""

import uuid

import pytest

from muntin.router import CONVERTERS, Converter, TemplateError, TemplateWarning
from muntin.router._regex import DEFAULT
from muntin.router._variables import Variable, parse_variable


def parse(inside, converters=CONVERTERS):
    return parse_variable(inside, converters, template="/…")


def test_three_kinds():
    assert parse("x") == Variable("x", DEFAULT, None)
    assert parse(r"x:\d+") == Variable("x", r"\d+", None)
    assert parse("x:int()") == Variable("x", CONVERTERS["int"].regex, CONVERTERS["int"])
    assert parse("x:foo(a)").regex == "foo(a)"


@pytest.mark.row("BH-04")
@pytest.mark.parametrize("inside", ["", "1x", "x:", "é", "x y", ":a"])
def test_malformed(inside):
    with pytest.raises(TemplateError, match=r"neither \{name\} nor \{name:regex\}"):
        parse(inside)


@pytest.mark.row("BH-04")
def test_a_bad_expression_is_named():
    with pytest.raises(TemplateError, match=r"bad regular expression for 'x' in path '/…': missing \)"):
        parse("x:(")


@pytest.mark.row("RT-30")
def test_an_expression_for_unencoded_text_warns():
    with pytest.warns(TemplateWarning, match="'x' in path '/…' names characters beyond ASCII"):
        parse("x:[а-я]+")


def test_what_spans():
    assert not parse("x").spans
    assert not parse(r"x:\d+").spans
    assert parse("x:.*").spans


@pytest.mark.row("BH-05")
def test_format():
    assert parse("x").format("a b/c%é") == "a%20b%2Fc%25%C3%A9"
    assert parse("x:.*").format("a b/c") == "a%20b/c"
    assert parse("x").format(7) == "7"
    key = uuid.UUID(int=5)
    assert parse("x:uuid()").format(key) == str(key)
    shout = Converter("[A-Z]+", str.lower, str.upper)
    assert parse("x:shout()", {"shout": shout}).format("as it is") == "as%20it%20is"


@pytest.mark.parametrize("value", [True, None, 1.5, b"x"])
def test_only_str_and_int(value):
    with pytest.raises(TypeError, match=f"part 'x' must be str or int, not {type(value).__name__}"):
        parse("x").format(value)
