"""`aiohttp.web_app`: the application."""

import warnings
from typing import Any

from muntin import web
from muntin.compat.aiohttp._modules.web_request import Request
from muntin.compat.aiohttp._modules.web_urldispatcher import ForeignDispatcher, UrlDispatcher
from muntin.web import CleanupError, StreamResponse
from muntin.web.serving.selecting import Selecting

__all__ = ["Application", "CleanupError"]


class Application(web.Application):
    """An application.

    Args:
        router: any object that resolves requests; None for a `UrlDispatcher`.
        options: as for `muntin.web`.
    """

    request_class = Request

    def __init__(self, *, router: Any = None, **options: Any) -> None:
        if router is None:
            router = UrlDispatcher()
        else:
            warnings.warn(
                "Application(router=...) is deprecated: register a resource with a resolve() of its own instead",
                DeprecationWarning,
                stacklevel=2,
            )
        if not isinstance(router, web.UrlDispatcher):
            router = ForeignDispatcher(router)
        super().__init__(router=router, **options)

    async def _handle(self, request: web.Request) -> StreamResponse:
        """Respond to a request; tests of applications call it."""
        self.freeze()
        response: StreamResponse = await Selecting(self).select(request)(request)
        return response
