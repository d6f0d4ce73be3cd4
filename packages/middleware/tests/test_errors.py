"""The tree of errors."""

from muntin.middleware import CleanupError, CompositionError


def test_the_tree():
    assert issubclass(CompositionError, TypeError)
    assert issubclass(CleanupError, RuntimeError)


def test_a_cleanup_error_tells_all():
    error = CleanupError("two failed", [ValueError("a"), OSError("b")])
    assert str(error) == "two failed: ValueError: a; OSError: b"
    assert [type(each) for each in error.exceptions] == [ValueError, OSError]
