"""Concurrency limit: how many requests are handled at a time.

`muntin.web.middlewares.rate_limit` limits how often one client may come.
"""

import math

from muntin.middleware import middleware
from muntin.web.middlewares import Handler, Middleware
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPServiceUnavailable
from muntin.web.response.stream import StreamResponse

__all__ = ["concurrency_limit_middleware"]


def concurrency_limit_middleware(most: int, *, retry_after: float = 1) -> Middleware:
    """Make a middleware that responds with 503 while the limit of concurrent requests is reached.

    An early refusal costs little; in a queue, all clients would wait for responses that come too late.
    WebSockets and streams count until they end.

    Args:
        most: how many requests at a time.
        retry_after: when the client may come again (seconds, rounded up), as Retry-After (RFC 9110 §10.2.3).

    Raises:
        ValueError: `most` is less than 1, or `retry_after` is negative.
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
