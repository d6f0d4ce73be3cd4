"""The middlewares of one owner, and the mistakes in them.

Mistakes are found when the program starts, so that a request needs no checks. Most of them show in a signature. An
unmarked function whose parameters do not show its kind is called once, and its behaviour shows it.
"""

import inspect
from collections.abc import Callable, Sequence
from typing import Any

from frozenlist import FrozenList

from muntin.middleware._chain import Factory, is_middleware
from muntin.middleware.callables import describe_callable, is_coroutine_callable
from muntin.middleware.errors import CompositionError

__all__ = ["Middlewares", "check_middlewares", "try_factories"]


class Middlewares(FrozenList[Callable[..., Any]]):
    """The middlewares of one owner, the first outermost; a list until it is frozen."""

    def check(self) -> None:
        """Check them before they are used; raise as `check_middlewares`."""
        check_middlewares(self)

    async def try_factories(self, owner: Any) -> None:
        """Check them, and call once those whose kind only a call shows; raise as `try_factories`."""
        self.check()
        await try_factories(self, owner)


def _signature(function: Callable[..., Any]) -> inspect.Signature | None:
    try:
        return inspect.signature(function)
    except (ValueError, TypeError):
        return None  # written in C, or otherwise hidden: trust the author


def _accepts(signature: inspect.Signature, *args: object, **kwargs: object) -> bool:
    try:
        signature.bind(*args, **kwargs)
    except TypeError:
        return False
    return True


def _is_forgotten(signature: inspect.Signature) -> bool:
    """Return whether names or annotations show that an unmarked function takes a request or returns a response."""
    first = next(iter(signature.parameters.values()), None)
    if first is None:
        return False
    return (
        first.name.lstrip("_").startswith("req")
        or _name_type(first.annotation).endswith("Request")
        or _name_type(signature.return_annotation).endswith("Response")
    )


def _is_called_factory(signature: inspect.Signature | None) -> bool:
    """Return whether the parameters have the documented names of the older kind."""
    names = [] if signature is None else [name.lstrip("_") for name in signature.parameters]
    return len(names) == 2 and names[0].startswith("app") and names[1] == "handler"


def _name_type(annotation: Any) -> str:
    return annotation if isinstance(annotation, str) else str(getattr(annotation, "__name__", ""))


def _find_fault(function: Any) -> str | None:
    """Return the mistake in one entry of the list of middlewares, or None."""
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
    if not is_coroutine_callable(function) and not _is_called_factory(signature):
        return (
            "it is neither decorated with @middleware nor an async factory (app, handler); "
            "if it makes a middleware, call it"
        )
    if signature is not None and not _accepts(signature, None, None):
        return f"an old-style factory takes (app, handler), not {signature}"
    return None


def check_middlewares(middlewares: Sequence[Callable[..., Any]]) -> None:
    """Check a list of middlewares before it is used.

    Raises:
        CompositionError: one is of the wrong kind, or is in the list twice.
    """
    for position, each in enumerate(middlewares):
        fault = _find_fault(each)
        if fault is None and any(_is_same(each, other) for other in middlewares[:position]):
            fault = "it is in the list twice"
        if fault is not None:
            raise _refuse(each, fault)


def _is_same(one: object, other: object) -> bool:
    # Each access to a method of an object makes a new object.
    return one is other or (inspect.ismethod(one) and one == other)


def _refuse(function: Callable[..., Any], fault: str) -> CompositionError:
    return CompositionError(f"middleware {describe_callable(function)} cannot be used: {fault}")


async def try_factories(middlewares: Sequence[Callable[..., Any]], owner: Any) -> None:
    """Call unmarked functions of unknown kind as factories, and check what they do.

    Functions with parameters called `app` and `handler` are factories, and are not called. An exception of another one
    proves nothing: the first request will show it.

    Args:
        middlewares: checked before with `check_middlewares`.
        owner: the first argument of factories, such as the application; it has started.

    Raises:
        CompositionError: one calls the handler, reads an attribute that only a request has, or returns no handler.
    """
    for each in middlewares:
        if is_middleware(each) or _is_called_factory(_signature(each)):
            continue
        fault = await _try(each, owner)
        if fault is not None:
            raise _refuse(
                each,
                f"called with (app, handler) {fault}; if it takes (request, handler), it lacks @middleware",
            )


async def _try(factory: Factory[Any, Any], owner: Any) -> str | None:
    """Return what a function does that no factory does, or None."""
    requests: list[object] = []

    async def handle(request: object) -> object:
        requests.append(request)
        return None

    fault = None
    try:
        made: Any = await factory(owner, handle)
        if not callable(made):
            fault = f"it returns {type(made).__name__} instead of a handler"
    except Exception as error:
        if isinstance(error, AttributeError) and error.obj is owner:
            fault = f"it asks the application for {error.name!r}"
    return "it calls the handler at once" if requests else fault
