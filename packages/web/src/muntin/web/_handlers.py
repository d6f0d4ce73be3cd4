"""Handlers: what may answer a request, and how each kind is made to give an awaitable.

It looks at a handler once, when it is registered. It must not know routes.
"""

import inspect
import warnings
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Generator
from typing import Any

from muntin.middleware import describe_callable, is_coroutine_callable, is_plain_function
from muntin.web.stream_response import StreamResponse

__all__ = ["AbstractView", "AnyExpectHandler", "AnyHandler", "adapt_handler"]

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
    if is_plain_function(handler):
        warnings.warn(
            f"handler {describe_callable(handler)} is a plain function and runs on the event loop: "
            "write it with async def",
            DeprecationWarning,
            stacklevel=2,
        )
    return _await_if_needed(handler)


def _await_if_needed(handler: Callable[[Any], Any]) -> AnyHandler:
    async def run(request: Any) -> StreamResponse:
        response = handler(request)
        if inspect.isawaitable(response):
            response = await response
        return response  # type: ignore[no-any-return]  # the server looks at what it is

    return run
