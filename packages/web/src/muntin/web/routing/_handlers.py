"""Handlers: the kinds there are, each adapted to return an awaitable.

A handler is adapted once, before requests come.
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
"""A handler of requests."""

AnyExpectHandler = Callable[[Any], Awaitable[StreamResponse | None]]
"""A handler of the Expect field; None lets the request go on."""


class AbstractView(ABC):
    """A class based handler: called with the request, it returns an awaitable of the response.

    Args:
        request: the request that an instance is made for.
    """

    def __init__(self, request: Any) -> None:
        self._request = request

    @property
    def request(self) -> Any:
        """The request."""
        return self._request

    @abstractmethod
    def __await__(self) -> Generator[Any, None, StreamResponse]: ...


def adapt_handler(handler: Any) -> Any:
    """Return a handler whose result can be awaited; coroutine functions and views are returned as they are.

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
        return response  # type: ignore[no-any-return]  # the server checks it

    return run


def warn_of_plain_function(handler: Any) -> None:
    """Warn of a plain function, at the line that defines it: it blocks all other handlers while it runs."""
    if is_plain_function(handler):
        warn_about(
            handler,
            f"handler {describe_callable(handler)} is a plain function and runs on the event loop: "
            "write it with async def, or give the application or the route an executor",
            DeprecationWarning,
        )


def run_in_threads(handler: Callable[[Any], Any], executor: Executor) -> AnyHandler:
    """Wrap a plain function as a handler that runs it in the threads of an executor.

    It sees the context variables of the request. A thread cannot be stopped: if the request is cancelled, it
    goes on, and its result is dropped.
    """

    def call(request: Any) -> Any:
        try:
            return handler(request)
        except StopIteration as error:
            # A future cannot hold it, and the request would wait for ever.
            raise RuntimeError(f"handler {describe_callable(handler)} raised StopIteration") from error

    @wraps(handler)
    async def run(request: Any) -> StreamResponse:
        response = await asyncio.get_running_loop().run_in_executor(
            executor, copy_context().run, call, request
        )
        if inspect.isawaitable(response):
            response = await response
        return response  # type: ignore[no-any-return]  # the server checks it

    return run
