"""Copies of errors: whoever keeps an error to raise it again keeps one that was never raised.

A raised error keeps the frames that it went through, and with them the request, which would keep the error in turn.
"""

from typing import TypeVar

__all__ = ["copy_error"]

E = TypeVar("E", bound=BaseException)


def copy_error(error: E) -> E:
    """Return an error like another, which has gone through no frames. Its class is not asked how it is made."""
    kind = type(error)
    copy = kind.__new__(kind, *error.args)
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    return copy
