"""Older names and forms of the API, each with a DeprecationWarning that names the present one.

The warning is for the line that has to change; `-W error::DeprecationWarning` switches all of them off. A name of one
line (`Resource.url`, `Response.message`) stands beside the present one and calls `warn_older`; the rest is here.
"""

import warnings
from collections.abc import Callable, Iterable
from functools import wraps
from typing import Any, Final, ParamSpec, TypeVar

from muntin.middleware import is_middleware
from muntin.middleware.callables import describe_callable, warn_about
from muntin.router import delete, get, head, options, patch, post, put, view

__all__ = [
    "OLDER_NAMES",
    "add_delete",
    "add_get",
    "add_head",
    "add_options",
    "add_patch",
    "add_post",
    "add_put",
    "add_view",
    "choose_close_code",
    "warn_of_factories",
    "warn_of_returned",
    "warn_older",
]

# The close code of a peer that leaves (RFC 6455 §7.4.1).
_GOING_AWAY: Final = 1001

P = ParamSpec("P")
R = TypeVar("R")


def warn_older(older: str, modern: str) -> None:
    """Warn of an older name, at the line that called the caller."""
    warnings.warn(f"{older} is spelt {modern} now", DeprecationWarning, stacklevel=3)


# Names of the package

OLDER_NAMES: Final = {"MsgType": "WSMsgType"}
"""Older names of `muntin.web`, each with the present one."""


def _renamed(make: Callable[P, R]) -> Callable[P, R]:
    """Return the older form of a maker of route definitions, which warns."""
    name = make.__name__

    @wraps(make)
    def older(*args: P.args, **kwargs: P.kwargs) -> R:
        warn_older(f"web.add_{name}()", f"web.{name}()")
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


# Older forms


def warn_of_factories(middlewares: Iterable[Callable[..., Any]]) -> None:
    """Warn of the middlewares that are of the older kind, each where it is defined."""
    for each in middlewares:
        if not is_middleware(each):
            warn_about(
                each,
                f"middleware {describe_callable(each)} is a factory (app, handler): "
                "write it as @web.middleware (request, handler)",
                DeprecationWarning,
            )


def warn_of_returned(exception: object, handler: Any) -> None:
    """Warn that a handler, or a middleware around it, returned an exception, where the handler is defined."""
    warn_about(
        handler,
        f"handler {describe_callable(handler)} (or a middleware) returned {type(exception).__name__}: raise it",
        DeprecationWarning,
    )


def choose_close_code(code: int) -> int:
    """Return the close code to send; a warning and 1001 for one that cannot be sent (RFC 6455 §7.4.2)."""
    if code >= 1000:
        return code
    warnings.warn(
        f"close code {code} cannot be sent, and 1001 is: web.WSCloseCode.GOING_AWAY",
        DeprecationWarning,
        stacklevel=3,
    )
    return _GOING_AWAY
