"""Concurrency limit: how many requests are handled at a time.

It counts. How often one client may come is for `muntin.web.middlewares.rate_limit`.
"""

import math

from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.request import Request
from muntin.web.response.exceptions import HTTPServiceUnavailable
from muntin.web.response.stream import StreamResponse

__all__ = ["concurrency_limit_middleware"]


def concurrency_limit_middleware(most: int, *, retry_after: float = 1) -> Middleware:
    """Give a middleware that answers 503 while as many requests are handled as may be.

    An early refusal costs little; a queue would let everybody wait for answers that nobody waits for any more.
    WebSockets and streams count until they end.

    Args:
        most: how many at a time.
        retry_after: when the client may come again (seconds, rounded up), as Retry-After (RFC 9110 §10.2.3).

    Raises:
        ValueError: not even one is let in, or `retry_after` is no time.
    """
    if most < 1 or retry_after < 0:
        raise ValueError(f"give how many may be handled at a time and seconds: {most!r}, {retry_after!r}")
    fields = {"Retry-After": str(math.ceil(retry_after))}
    running = 0

    @middleware
    async def limit(request: Request, handler: Handler) -> StreamResponse:
        nonlocal running
        if running >= most:
            raise HTTPServiceUnavailable(headers=fields, text="503: too many requests at a time")
        running += 1
        try:
            return await handler(request)
        finally:
            running -= 1

    return limit
