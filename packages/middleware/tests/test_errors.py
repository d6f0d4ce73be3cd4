"""What can go wrong when handlers, signals and contexts are put together."""

import pytest

from muntin.middleware import CleanupError, CompositionError, StepCancelled


def test_the_tree():
    assert issubclass(CompositionError, TypeError)
    assert issubclass(CleanupError, RuntimeError)
    assert issubclass(CleanupError, ExceptionGroup)
    assert issubclass(StepCancelled, RuntimeError)


def test_what_it_says():
    error = CleanupError("two failed", [ValueError("a"), OSError("b")])
    assert str(error) == "two failed: ValueError: a; OSError: b"


def test_it_is_a_group():
    wrong, lost = ValueError("a"), OSError("b")
    seen = []
    with pytest.raises(CleanupError) as rest:  # noqa: PT012 - what is left of it
        try:
            raise CleanupError("two failed", [wrong, lost])
        except* ValueError as group:
            seen += group.exceptions
    assert seen == [wrong]
    assert rest.value.exceptions == (lost,)
