"""The chain: a handler inside its middlewares, put together once.

A middleware is `async (request, handler) -> response` and carries a mark. What carries none is a *factory*, the
older kind: `async (owner, handler) -> handler`, awaited for every request. Both stand in one list, the first
outermost. It takes them at their word; what can be wrong with them is found in `_middlewares`, before there are
requests. It knows nothing of what requests and responses are.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial, update_wrapper, wraps
from typing import Any, Protocol, TypeVar

from muntin.middleware.callables import describe_callable
from muntin.middleware.errors import CompositionError

__all__ = [
    "Factory",
    "Handler",
    "Middleware",
    "compose",
    "is_middleware",
    "middleware",
]

_MARK = "__middleware_version__"

Request_contra = TypeVar("Request_contra", contravariant=True)
Response_co = TypeVar("Response_co", covariant=True)
Q = TypeVar("Q")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


class Handler(Protocol[Request_contra, Response_co]):
    """What answers a request."""

    def __call__(self, request: Request_contra, /) -> Awaitable[Response_co]: ...


class Middleware(Protocol[Q, R]):
    """What stands around a handler; it is given the handler by that name."""

    def __call__(self, request: Q, handler: Callable[[Q], Awaitable[R]]) -> Awaitable[R]: ...


Factory = Callable[[Any, Handler[Q, R]], Awaitable[Handler[Q, R]]]
"""The older kind: is given the owner of the chain and a handler, for each request, and gives a handler."""


def middleware(function: F) -> F:
    """Mark a coroutine function `(request, handler)` as a middleware and give it back.

    ```python
    import asyncio

    from muntin.middleware import compose, middleware


    @middleware
    async def shout(request, handler):
        return (await handler(request)).upper()


    async def greet(request):
        return f"hello, {request}"


    assert asyncio.run(compose(greet, [shout])("you")) == "HELLO, YOU"
    ```
    """
    try:
        setattr(function, _MARK, 1)
    except AttributeError:
        # A bound method takes no attributes, a partial around it does.
        marked: Any = partial(function)
        setattr(marked, _MARK, 1)
        return marked  # type: ignore[no-any-return]  # a partial stands for what it wraps
    return function


def is_middleware(function: object) -> bool:
    """Tell whether it carries the mark of `middleware`; on a partial of a marked function the mark still counts."""
    while not hasattr(function, _MARK) and isinstance(function, partial):
        function = function.func
    return getattr(function, _MARK, 0) == 1


def _stand_around(function: Callable[..., Any], handler: Handler[Q, R]) -> Handler[Q, R]:
    """Give the handler inside one middleware; its name and attributes are seen from outside, too."""
    # A partial adds less than a closure would: one C call, no frame.
    around = partial(function, handler=handler)
    return update_wrapper(around, handler)


def _build_per_request(
    handler: Handler[Q, R], middlewares: Iterable[Callable[..., Any]], owner: Any
) -> Handler[Q, R]:
    """Give a handler that is put together for each request, from the inside out: a factory gets what the next gave."""
    links = [(each, is_middleware(each)) for each in middlewares]
    links.reverse()

    @wraps(handler)
    async def run(request: Q) -> R:
        made = handler
        for each, is_marked in links:
            if is_marked:
                made = _stand_around(each, made)
                continue
            made = await each(owner, made)
            if not callable(made):
                raise CompositionError(
                    f"middleware {describe_callable(each)} gave {type(made).__name__} instead of a handler: "
                    "if it takes (request, handler), it lacks @middleware"
                )
        return await made(request)

    return run


def compose(
    handler: Handler[Q, R],
    middlewares: Iterable[Middleware[Q, Any] | Factory[Q, Any]],
    *,
    owner: Any = None,
) -> Handler[Q, R]:
    """Give the handler inside its middlewares, the first of them outermost.

    Args:
        handler: the innermost; the last middleware gets this very object, and those around it see its attributes.
        middlewares: of both kinds, checked before with `check_middlewares`.
        owner: what factories of the older kind are given, such as the application.
    """
    links = list(middlewares)
    while links and is_middleware(links[-1]):
        handler = _stand_around(links.pop(), handler)
    return _build_per_request(handler, links, owner) if links else handler
