"""`aiohttp.web_server`: the bare server."""

from collections.abc import Callable
from typing import Any

from muntin import web
from muntin.compat.aiohttp._modules.web_request import BaseRequest

__all__ = ["Server"]


class Server(web.Server):
    """Serves requests to a handler.

    Args:
        handler: called with each request.
        request_factory: makes the requests; None for `BaseRequest`.
        options: as for `muntin.web`.
    """

    def __init__(
        self, handler: Any, *, request_factory: Callable[..., Any] | None = None, **options: Any
    ) -> None:
        if request_factory is None and options.get("auto_decompress", True):
            request_factory = BaseRequest
        super().__init__(handler, request_factory=request_factory, **options)
