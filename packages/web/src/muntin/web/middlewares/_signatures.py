"""The types of handlers and of middlewares."""

from collections.abc import Awaitable, Callable

from muntin.web.request.request import Request
from muntin.web.response.stream import StreamResponse

__all__ = ["Handler", "Middleware"]

Handler = Callable[[Request], Awaitable[StreamResponse]]
"""A handler of requests."""

Middleware = Callable[[Request, Handler], Awaitable[StreamResponse]]
"""A function around a handler."""
