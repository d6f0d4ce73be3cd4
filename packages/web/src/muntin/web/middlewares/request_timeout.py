"""Request timeout: how long handlers may take until they respond.

The time-outs of the server limit how long a request may take to arrive, and a response to be sent.
"""

import asyncio
from typing import Any

from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPException, HTTPServiceUnavailable
from muntin.web.response.stream import StreamResponse

__all__ = ["request_timeout_middleware"]


def request_timeout_middleware(
    seconds: float, *, error: type[HTTPException] = HTTPServiceUnavailable
) -> Middleware:
    """Make a middleware that cancels handlers that have not begun to respond in time.

    A handler that has sent the head of a response goes on: streams and WebSockets have no time limit.

    Args:
        seconds: how long it may take; from the server's `ceil_threshold` on, up to the next whole second.
        error: the response then, such as `HTTPGatewayTimeout` where handlers wait for other servers.

    Raises:
        ValueError: `seconds` is not positive.
    """
    if not seconds > 0:
        raise ValueError(f"give a time in seconds, more than none: {seconds!r}")

    @middleware
    async def limit(request: Request, handler: Handler) -> StreamResponse:
        deadline = asyncio.timeout_at(request.exchange.deadline_in(seconds))

        async def lift(_: Any, response: StreamResponse) -> None:
            if not deadline.expired():
                deadline.reschedule(None)

        request.prepare_signals = (*request.prepare_signals, lift)
        try:
            async with deadline:
                return await handler(request)
        except TimeoutError as failure:
            if not deadline.expired():
                raise  # one of the handler's own
            raise error(text=f"{error.status_code}: the response takes too long") from failure
        finally:
            request.prepare_signals = tuple(each for each in request.prepare_signals if each is not lift)

    return limit
