"""Options of a single route: how long its handler may take, how much it reads, and who may stop it.

Each option is one function around a handler, put there when the application is frozen: routes without options pay
nothing for them. It must not know applications.
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
    """Look at the options of a route that mean something here; others are kept for whoever gave them.

    Raises:
        ValueError: a number is none, or negative.
        TypeError: the executor is none.
    """
    for name in _NUMBERS:
        value = options.get(name)
        if value is not None and not (isinstance(value, int | float) and value >= 0):
            raise ValueError(f"the {name} of a route is a number that is not negative, and not {value!r}")
    check_executor(options.get("executor"))


def check_executor(executor: object) -> None:
    """Look at what is to run handlers that are not async.

    Raises:
        TypeError: it cannot.
    """
    if not isinstance(executor, Executor | None):
        raise TypeError(f"an executor is a concurrent.futures.Executor, and {executor!r} is none")


def apply_inside(handler: AnyHandler, options: Mapping[str, Any]) -> AnyHandler:
    """Give the handler with what is to happen inside the middlewares."""
    timeout = options.get("timeout")
    return handler if timeout is None else _limit_time(handler, timeout)


def apply_outside(handler: AnyHandler, options: Mapping[str, Any]) -> AnyHandler:
    """Give the handler with what is to happen before the middlewares."""
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
        raise HTTPServiceUnavailable(text="503: the answer takes too long")

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
