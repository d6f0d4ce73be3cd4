from itertools import product

import pytest

from muntin.http_core.headers.conditions import Precondition, evaluate_preconditions, is_range_current
from muntin.http_core.headers.dates import format_date
from muntin.http_core.headers.etags import ETag

PROCEED, NOT_MODIFIED, FAILED = Precondition
NOW = 784111777.25
AT, BEFORE, AFTER = (format_date(NOW + delta) for delta in (0, -1, 1))
A, WEAK = ETag("a"), ETag("a", True)
READS, WRITES = ("GET", "HEAD"), ("PUT", "POST", "DELETE", "PATCH")


def evaluate(method: str = "GET", **fields: str) -> Precondition:
    return evaluate_preconditions(method, etag=A, last_modified=NOW, **fields)


def evaluate_missing(method: str = "GET", **fields: str) -> Precondition:
    return evaluate_preconditions(method, exists=False, **fields)


def test_without_conditions_the_method_is_done() -> None:
    for method in (*READS, *WRITES):
        assert evaluate(method) is PROCEED
        assert evaluate_missing(method) is PROCEED


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ('"a"', PROCEED),
        ('"b", "a"', PROCEED),
        ("*", PROCEED),
        ('"b"', FAILED),
        ('W/"a"', FAILED),
        ("", FAILED),
        ("a", FAILED),
        ('"a", "b', FAILED),
    ],
)
def test_if_match_compares_strongly(text: str, outcome: Precondition) -> None:
    for method in (*READS, *WRITES):
        assert evaluate(method, if_match=text) is outcome
        assert evaluate_missing(method, if_match=text) is FAILED
    assert evaluate_preconditions("PUT", if_match='"a"', etag=WEAK) is FAILED
    assert evaluate_preconditions("PUT", if_match='"a"') is FAILED
    assert evaluate_preconditions("PUT", if_match="*") is PROCEED


@pytest.mark.parametrize(
    ("text", "read", "write"),
    [
        ('"a"', NOT_MODIFIED, FAILED),
        ('"b", W/"a"', NOT_MODIFIED, FAILED),
        ("*", NOT_MODIFIED, FAILED),
        ('"b"', PROCEED, PROCEED),
        ("", PROCEED, PROCEED),
        ("a", PROCEED, PROCEED),
    ],
)
def test_if_none_match_compares_weakly(text: str, read: Precondition, write: Precondition) -> None:
    for method in READS:
        assert evaluate(method, if_none_match=text) is read
        assert evaluate_preconditions(method, if_none_match=text, etag=WEAK) is read
    for method in WRITES:
        assert evaluate(method, if_none_match=text) is write
    for method in (*READS, *WRITES):
        assert evaluate_missing(method, if_none_match=text) is PROCEED


@pytest.mark.parametrize(
    ("text", "outcome"),
    [(BEFORE, PROCEED), (AT, NOT_MODIFIED), (AFTER, NOT_MODIFIED), ("yesterday", PROCEED)],
)
def test_if_modified_since_is_for_reads(text: str, outcome: Precondition) -> None:
    for method in READS:
        assert evaluate(method, if_modified_since=text) is outcome
        assert evaluate_preconditions(method, if_modified_since=text) is PROCEED
    for method in WRITES:
        assert evaluate(method, if_modified_since=text) is PROCEED


@pytest.mark.parametrize(
    ("text", "outcome"), [(BEFORE, FAILED), (AT, PROCEED), (AFTER, PROCEED), ("tomorrow", PROCEED)]
)
def test_if_unmodified_since(text: str, outcome: Precondition) -> None:
    for method in (*READS, *WRITES):
        assert evaluate(method, if_unmodified_since=text) is outcome
        assert evaluate_preconditions(method, if_unmodified_since=text) is PROCEED


def test_tags_come_before_dates() -> None:
    assert evaluate(if_match='"a"', if_unmodified_since=BEFORE) is PROCEED
    assert evaluate(if_match='"b"', if_unmodified_since=AFTER) is FAILED
    assert evaluate(if_none_match='"b"', if_modified_since=AFTER) is PROCEED
    assert evaluate(if_none_match='"a"', if_modified_since=BEFORE) is NOT_MODIFIED
    assert evaluate(if_none_match="malformed", if_modified_since=AFTER) is PROCEED


def test_failure_comes_before_not_modified() -> None:
    assert evaluate(if_match='"b"', if_none_match='"a"') is FAILED
    assert evaluate(if_match='"a"', if_none_match='"a"') is NOT_MODIFIED
    assert evaluate(if_unmodified_since=BEFORE, if_modified_since=AFTER) is FAILED


def test_other_methods_have_no_conditions() -> None:
    for method in ("OPTIONS", "TRACE", "CONNECT"):
        assert evaluate(method, if_match='"b"', if_none_match="*") is PROCEED


def test_every_combination_has_the_outcome_of_the_numbered_steps() -> None:
    tags, dates = (None, '"a"', '"b"', "*"), (None, BEFORE, AFTER)
    for method, match, unmodified, none_match, modified in product(("GET", "PUT"), tags, dates, tags, dates):
        fields = {
            "if_match": match,
            "if_unmodified_since": unmodified,
            "if_none_match": none_match,
            "if_modified_since": modified,
        }
        expected = PROCEED
        if match == '"b"' or (match is None and unmodified == BEFORE):
            expected = FAILED
        elif none_match in ('"a"', "*"):
            expected = NOT_MODIFIED if method == "GET" else FAILED
        elif none_match is None and modified == AFTER and method == "GET":
            expected = NOT_MODIFIED
        assert (
            evaluate(method, **{name: text for name, text in fields.items() if text is not None}) is expected
        )


@pytest.mark.parametrize(
    ("text", "current"),
    [
        (None, True),
        ('"a"', True),
        ('W/"a"', False),
        ('"b"', False),
        ("*", False),
        ("a", False),
        ("", False),
        ('"a", "b"', False),
        (AT, True),
        (BEFORE, False),
        (AFTER, False),
    ],
)
def test_if_range(text: str | None, current: bool) -> None:
    assert is_range_current(text, etag=A, last_modified=NOW) is current
    assert is_range_current(text) is (text is None)
    assert is_range_current(text, etag=WEAK, last_modified=NOW) is (current and text != '"a"')


def test_a_date_of_the_last_second_is_weak() -> None:
    assert is_range_current(AT, last_modified=NOW, now=NOW + 1)
    assert not is_range_current(AT, last_modified=NOW, now=NOW + 0.9)
