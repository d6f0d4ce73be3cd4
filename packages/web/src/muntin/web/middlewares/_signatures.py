"""What middlewares are for a type checker: handlers, and what stands around them."""

from collections.abc import Awaitable, Callable

from muntin.web.request import Request
from muntin.web.response.stream import StreamResponse

__all__ = ["Handler", "Middleware"]

Handler = Callable[[Request], Awaitable[StreamResponse]]
"""What answers a request."""

Middleware = Callable[[Request, Handler], Awaitable[StreamResponse]]
"""What stands around a handler."""
