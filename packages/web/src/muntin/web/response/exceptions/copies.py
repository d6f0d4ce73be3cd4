"""Copies of errors that are kept to be raised again.

An error that was raised holds the frames that it went through, and with them the request, which would hold the error in
turn. So what is kept is a copy that was never raised.
"""

from typing import TypeVar

__all__ = ["copy_error"]

E = TypeVar("E", bound=BaseException)


def copy_error(error: E) -> E:
    """Return a copy of an error without its frames. The constructor of its class is not called."""
    kind = type(error)
    copy = kind.__new__(kind, *error.args)
    copy.args = error.args
    copy.__dict__.update(error.__dict__)
    return copy
