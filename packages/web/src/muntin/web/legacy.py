"""Names that only older code and older pages use, each a call away from its modern one.

A use says so by a DeprecationWarning that names the modern spelling; `-W error::DeprecationWarning` switches them off.
"""

import warnings
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from muntin.web.routedef import delete, get, head, options, patch, post, put, view

__all__ = ["add_delete", "add_get", "add_head", "add_options", "add_patch", "add_post", "add_put", "add_view"]

P = ParamSpec("P")
R = TypeVar("R")


def _renamed(make: Callable[P, R]) -> Callable[P, R]:
    """Give the older spelling of a maker of route definitions."""
    name = make.__name__

    @wraps(make)
    def older(*args: P.args, **kwargs: P.kwargs) -> R:
        warnings.warn(f"web.add_{name}() is spelt web.{name}()", DeprecationWarning, stacklevel=2)
        return make(*args, **kwargs)

    older.__name__ = f"add_{name}"
    older.__doc__ = f"Older spelling of `{name}`."
    return older


add_delete = _renamed(delete)
add_get = _renamed(get)
add_head = _renamed(head)
add_options = _renamed(options)
add_patch = _renamed(patch)
add_post = _renamed(post)
add_put = _renamed(put)
add_view = _renamed(view)
