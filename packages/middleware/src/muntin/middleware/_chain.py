"""The chain: a handler inside its middlewares, put together once.

A middleware is `async (request, handler) -> response` and carries a mark. What carries none is a *factory*, the
older kind: `async (owner, handler) -> handler`, awaited for every request. Both stand in one list, the first
outermost. Everything is checked here, when the program starts, so that nothing has to be looked at when a
request comes. It knows nothing of what requests and responses are.
"""

import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from frozenlist import FrozenList

from muntin.middleware.callables import describe_callable, is_coroutine_callable
from muntin.middleware.errors import CompositionError

__all__ = [
    "Factory",
    "Handler",
    "Middleware",
    "Middlewares",
    "check_middlewares",
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


class Middlewares(FrozenList[Callable[..., Any]]):
    """The middlewares of one owner, the first outermost; a list until it is frozen."""

    def check(self) -> None:
        """Look at them before they are used; raises as `check_middlewares`."""
        check_middlewares(self)


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


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None  # written in C, or otherwise hidden: it is the author's word


def _accepts(signature: inspect.Signature, *args: object, **kwargs: object) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _is_forgotten(signature: inspect.Signature) -> bool:
    """Tell whether what has no mark says by names or annotations that it takes a request and gives a response."""
    first = next(iter(signature.parameters.values()), None)
    if first is None:
        return False
    return (
        first.name.lstrip("_").startswith("req")
        or _name_type(first.annotation).endswith("Request")
        or _name_type(signature.return_annotation).endswith("Response")
    )


def _name_type(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else str(getattr(annotation, "__name__", ""))


def _find_fault(function: Any) -> str | None:
    """Give what is wrong with one entry of the list of middlewares."""
    if not callable(function):
        return "it is not callable"
    signature = _signature(function)
    if is_middleware(function):
        if signature is not None and not _accepts(signature, None, handler=None):
            return f"a middleware takes (request, handler), the second by that very name, not {signature}"
        return None
    if inspect.isclass(function):
        return "it is a class: pass an instance of it"
    if signature is not None and is_coroutine_callable(function) and _is_forgotten(signature):
        return "it looks like a middleware (request, handler) without @middleware above it"
    if not is_coroutine_callable(function):
        return (
            "it is neither decorated with @middleware nor an async factory (app, handler); "
            "if it makes a middleware, call it"
        )
    if signature is not None and not _accepts(signature, None, None):
        return f"an old-style factory takes (app, handler), not {signature}"
    return None


def check_middlewares(middlewares: Sequence[Callable[..., Any]]) -> None:
    """Look at a list of middlewares before it is used.

    Raises:
        CompositionError: one is of the wrong kind, or stands there twice.
    """
    for position, each in enumerate(middlewares):
        fault = _find_fault(each)
        if fault is None and any(each is other for other in middlewares[:position]):
            fault = "it is in the list twice"
        if fault is not None:
            raise CompositionError(f"middleware {describe_callable(each)} cannot be used: {fault}")


def _run_factory(factory: Factory[Q, R], owner: Any, handler: Handler[Q, R]) -> Handler[Q, R]:
    async def run(request: Q) -> R:
        made = await factory(owner, handler)
        if not callable(made):
            raise CompositionError(
                f"middleware {describe_callable(factory)} gave {type(made).__name__} instead of a handler: "
                "if it takes (request, handler), it lacks @middleware"
            )
        return await made(request)

    return run


def compose(
    handler: Handler[Q, R], middlewares: Iterable[Callable[..., Any]], *, owner: Any = None
) -> Handler[Q, R]:
    """Give the handler inside its middlewares, the first of them outermost.

    Args:
        handler: the innermost; the last middleware gets this very object.
        middlewares: of both kinds, checked before with `check_middlewares`.
        owner: what factories of the older kind are given, such as the application.
    """
    for each in reversed(list(middlewares)):
        # A partial adds less than a closure would: one C call, no frame.
        handler = (
            partial(each, handler=handler) if is_middleware(each) else _run_factory(each, owner, handler)
        )
    return handler
