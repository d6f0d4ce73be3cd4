"""The chain: a handler inside its middlewares, put together once.

A middleware is `async (request, handler) -> response` and carries a mark. What carries none is a *factory*, the
older kind: `async (owner, handler) -> handler`, awaited for every request. Both stand in one list, the first
outermost. Nothing is checked here: `_middlewares` finds mistakes, before there are requests. Requests and responses
may be of any type.
"""

from collections.abc import Awaitable, Callable, Iterable
from functools import partial, wraps
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
    """A function that handles a request and returns its response."""

    def __call__(self, request: Request_contra, /) -> Awaitable[Response_co]: ...


class Middleware(Protocol[Q, R]):
    """A function around a handler; the handler is passed by that name."""

    def __call__(self, request: Q, handler: Callable[[Q], Awaitable[R]]) -> Awaitable[R]: ...


Factory = Callable[[Any, Handler[Q, R]], Awaitable[Handler[Q, R]]]
"""The older kind: takes the owner of the chain and a handler, for each request, and returns a handler."""


def middleware(function: F) -> F:
    """Mark a coroutine function `(request, handler)` as a middleware, and return it.

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
    """Return whether a function has the mark of `middleware`; a partial of a marked function counts as marked."""
    while not hasattr(function, _MARK) and isinstance(function, partial):
        function = function.func
    return getattr(function, _MARK, 0) == 1


def _wrap_handler(function: Callable[..., Any], handler: Handler[Q, R]) -> Handler[Q, R]:
    """Return the handler inside one middleware, with the name and attributes of the handler."""

    # A partial with a keyword is no faster: before Python 3.14 it copies its arguments for every call.
    @wraps(handler)
    def around(request: Q) -> Awaitable[R]:
        return function(request, handler=handler)  # type: ignore[no-any-return]  # a middleware is awaited

    return around


def _build_per_request(
    handler: Handler[Q, R], middlewares: Iterable[Callable[..., Any]], owner: Any
) -> Handler[Q, R]:
    """Return a handler that is composed for each request, from the inside out: each factory gets the next handler."""
    links = [(each, is_middleware(each)) for each in middlewares]
    links.reverse()

    @wraps(handler)
    async def run(request: Q) -> R:
        made = handler
        for each, is_marked in links:
            if is_marked:
                made = _wrap_handler(each, made)
                continue
            made = await each(owner, made)
            if not callable(made):
                raise CompositionError(
                    f"middleware {describe_callable(each)} returned {type(made).__name__} instead of a handler: "
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
    """Return the handler inside its middlewares, the first of them outermost.

    Args:
        handler: the innermost; the last middleware gets this very object, and those around it see its attributes.
        middlewares: of both kinds, checked before with `check_middlewares`.
        owner: the first argument of factories of the older kind, such as the application.
    """
    links = list(middlewares)
    while links and is_middleware(links[-1]):
        handler = _wrap_handler(links.pop(), handler)
    return _build_per_request(handler, links, owner) if links else handler
