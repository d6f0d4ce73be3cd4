"""Options of a single route: the time of its handler, the size of its bodies, its executor, and cancellation.

Each option is one function around a handler, added when the application is frozen: routes without options pay
nothing for them.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Executor
from functools import partial, wraps
from typing import Any

from muntin.web.response.exceptions import HTTPServiceUnavailable
from muntin.web.response.stream import StreamResponse
from muntin.web.routing._asking import Asking
from muntin.web.routing._handlers import AnyHandler

__all__ = ["apply_inside", "apply_outside", "check_executor", "check_route_options"]

_NUMBERS = ("timeout", "max_body_size")


def check_route_options(options: Mapping[str, Any]) -> None:
    """Check the options of a route that are defined here; others are kept on the route.

    Raises:
        ValueError: a number is not a number, or negative.
        TypeError: the executor is not one.
    """
    for name in _NUMBERS:
        value = options.get(name)
        if value is not None and not (isinstance(value, int | float) and value >= 0):
            raise ValueError(f"the {name} of a route is a number that is not negative, and not {value!r}")
    check_executor(options.get("executor"))


def check_executor(executor: object) -> None:
    """Check the executor for plain functions.

    Raises:
        TypeError: it is no executor.
    """
    if not isinstance(executor, Executor | None):
        raise TypeError(f"an executor is a concurrent.futures.Executor, and {executor!r} is none")


def apply_inside(handler: AnyHandler, options: Mapping[str, Any]) -> AnyHandler:
    """Wrap the handler in the options that apply inside the middlewares."""
    timeout = options.get("timeout")
    return handler if timeout is None else _limit_time(handler, timeout)


def apply_outside(handler: AnyHandler, options: Mapping[str, Any]) -> AnyHandler:
    """Wrap the handler in the options that apply before the middlewares."""
    size = options.get("max_body_size")
    if size is not None:
        handler = _limit_body(handler, size)
    return _cancel_on_disconnect(handler) if options.get("cancel_on_disconnect") else handler


def _limit_time(handler: AnyHandler, seconds: float) -> AnyHandler:
    @wraps(handler)
    async def run(request: Any) -> StreamResponse:
        deadline = asyncio.timeout_at(request.exchange.deadline_in(seconds))
        try:
            async with deadline:
                return await handler(request)
        except TimeoutError:
            if not deadline.expired():
                raise  # one of the handler's own
        raise HTTPServiceUnavailable(text="503: the response takes too long")

    return run


def _limit_body(handler: AnyHandler, size: int) -> AnyHandler:
    @wraps(handler)
    async def run(request: Any) -> StreamResponse:
        request.client_max_size = size
        return await handler(request)

    return run


def _cancel(task: "asyncio.Task[Any]") -> None:
    task.cancel()


def _cancel_on_disconnect(handler: AnyHandler) -> AnyHandler:
    @wraps(handler)
    async def run(request: Asking) -> StreamResponse:
        task = asyncio.current_task()
        if task is not None:
            request.exchange.call_on_disconnect(partial(_cancel, task))
        return await handler(request)

    return run
