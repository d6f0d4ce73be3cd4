"""Handlers: what may answer a request, and how each kind is made to give an awaitable.

It looks at a handler once, before requests come. It must not know routes.
"""

import asyncio
import inspect
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator
from concurrent.futures import Executor
from contextvars import copy_context
from functools import wraps
from typing import Any

from muntin.middleware.callables import (
    describe_callable,
    is_coroutine_callable,
    is_plain_function,
    warn_about,
)
from muntin.web.response.stream import StreamResponse

__all__ = [
    "AbstractView",
    "AnyExpectHandler",
    "AnyHandler",
    "adapt_handler",
    "run_in_threads",
    "warn_of_plain_function",
]

AnyHandler = Callable[[Any], Awaitable[StreamResponse]]
"""What answers a request."""

AnyExpectHandler = Callable[[Any], Awaitable[StreamResponse | None]]
"""What answers an expectation; None lets the request go on."""


class AbstractView(ABC):
    """A class based handler: called with the request it gives what can be awaited for the response.

    Args:
        request: the request that an instance is made for.
    """

    def __init__(self, request: Any) -> None:
        self._request = request

    @abstractmethod
    def __await__(self) -> Generator[Any, None, StreamResponse]: ...


def adapt_handler(handler: Any) -> Any:
    """Give a handler whose result can be awaited; coroutine functions and views are given back as they are.

    Raises:
        TypeError: it cannot be a handler.
    """
    if inspect.isclass(handler):
        if not issubclass(handler, AbstractView):
            raise TypeError(f"handler {describe_callable(handler)} is a class, but no subclass of web.View")
        return handler  # an instance is awaitable
    if not callable(handler):
        raise TypeError(f"a handler is called with the request, and {handler!r} is not callable")
    if inspect.isasyncgenfunction(handler):
        raise TypeError(
            f"handler {describe_callable(handler)} is an async generator: it must return a response"
        )
    if is_coroutine_callable(handler):
        return handler
    return _await_if_needed(handler)


def _await_if_needed(handler: Callable[[Any], Any]) -> AnyHandler:
    @wraps(handler)
    async def run(request: Any) -> StreamResponse:
        response = handler(request)
        if inspect.isawaitable(response):
            response = await response
        return response  # type: ignore[no-any-return]  # the server looks at what it is

    return run


def warn_of_plain_function(handler: Any) -> None:
    """Warn, where it was written, of a handler that holds up all others while it runs."""
    if is_plain_function(handler):
        warn_about(
            handler,
            f"handler {describe_callable(handler)} is a plain function and runs on the event loop: "
            "write it with async def, or give the application or the route an executor",
            DeprecationWarning,
        )


def run_in_threads(handler: Callable[[Any], Any], executor: Executor) -> AnyHandler:
    """Give a handler that is not async in a form that runs in the threads of an executor.

    It sees the context variables of the request. A thread cannot be stopped: a request that is cancelled leaves it
    running, and what it gives is dropped.
    """

    def call(request: Any) -> Any:
        try:
            return handler(request)
        except StopIteration as error:
            # No future takes it, and the request would wait for ever.
            raise RuntimeError(f"handler {describe_callable(handler)} raised StopIteration") from error

    @wraps(handler)
    async def run(request: Any) -> StreamResponse:
        response = await asyncio.get_running_loop().run_in_executor(
            executor, copy_context().run, call, request
        )
        if inspect.isawaitable(response):
            response = await response
        return response  # type: ignore[no-any-return]  # the server looks at what it is

    return run
