"""Request timeout: how long handlers may take until they answer.

It knows when an answer begins. How long one may take to be sent, or a request to arrive, is for the server.
"""

import asyncio
from typing import Any

from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.request import Request
from muntin.web.response.exceptions import HTTPException, HTTPServiceUnavailable
from muntin.web.response.stream import StreamResponse

__all__ = ["request_timeout_middleware"]


def request_timeout_middleware(
    seconds: float, *, error: type[HTTPException] = HTTPServiceUnavailable
) -> Middleware:
    """Give a middleware that cancels handlers which have not begun to answer in time.

    Who has sent the head of a response may go on: streams and WebSockets last as long as they like.

    Args:
        seconds: how long it may take; from the server's `ceil_threshold` on, up to the next whole second.
        error: the answer then, such as `HTTPGatewayTimeout` where handlers wait for others.

    Raises:
        ValueError: `seconds` is no time.
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
            raise error(text=f"{error.status_code}: the answer takes too long") from failure
        finally:
            request.prepare_signals = tuple(each for each in request.prepare_signals if each is not lift)

    return limit
