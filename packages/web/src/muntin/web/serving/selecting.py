"""Selecting the handler for a request of an application.

It asks the router, and binds the match info to the request. It must not know how a handler is run.
"""

from collections.abc import Callable, Iterator
from typing import Any

from muntin import router as routing
from muntin.router import Match, Matched
from muntin.web.app.application import Application
from muntin.web.app.error_pages import ErrorPages
from muntin.web.request.request import Request
from muntin.web.response.exceptions import HTTPException, HTTPInternalServerError
from muntin.web.routing.dispatcher import UrlDispatcher
from muntin.web.routing.match_info import MatchInfoError, describe_match
from muntin.web.serving.responder import Handle

__all__ = ["Selecting"]


class Selecting:
    """Finds the handler for a request of an application.

    Args:
        app: the outermost application, frozen.
    """

    __slots__ = ("_match", "_pipelines", "_router")

    def __init__(self, app: Application) -> None:
        self._pipelines = app.pipelines
        self._router = app.router
        self._match = app.router.match

    @property
    def select(self) -> Callable[[Request], Handle]:
        """The function that finds the handler of a request; it depends on what the router needs for that."""
        if self._router.resolves_itself:
            return self.select_as_resolved
        if self._router.is_pure:
            return self.select_by_path
        return self.select_later if _has_own_rules(self._router) else self.select_by_host

    def select_by_path(self, request: Request) -> Handle:
        """Return the handler where method and path decide."""
        return self._bind(request, self._match(request.method, request.target.path))

    def select_by_host(self, request: Request) -> Handle:
        """Return the handler where the host counts as well."""
        return self._bind(request, self._match(request.method, request.target.path, request.host))

    def select_later(self, request: Request) -> Handle:
        """Return a function that finds the handler and runs it, as resources have to be awaited."""
        return self._find_and_run

    async def _find_and_run(self, request: Request) -> Any:
        match = await self._router.find(request.method, request.target.path, request.host, request)
        return await self._bind(request, match)(request)

    def select_as_resolved(self, request: Request) -> Handle:
        """Return a function that resolves by the rules of a subclass, and runs the handler."""
        return self._resolve_and_run

    async def _resolve_and_run(self, request: Request) -> Any:
        info = await self._router.resolve(request)
        if info.http_exception is None:
            info.attach(self._pipelines.of(info.route))
        else:
            info.attach(self._pipelines.of_refusal(getattr(info, "mounts", ())))
        request.bind(info)
        return await (info.run if request.exchange.head.expect is None else _expect)(request)

    def error_pages_of(self, request: Request, error: Exception) -> Iterator[ErrorPages]:
        """Iterate over the error pages that apply to a request, those of the innermost application first."""
        try:
            info = request.match_info
        except RuntimeError:
            # It failed before matching, but pages may use the application.
            refused = error if isinstance(error, HTTPException) else HTTPInternalServerError()
            info = MatchInfoError(refused, self._pipelines.of_refusal(()))
            request.bind(info)
        return (app.on_error for app in reversed(info.apps))

    def _bind(self, request: Request, match: Match[Any]) -> Handle:
        """Bind the match info to the request, and return what runs its pipeline."""
        pipelines = self._pipelines
        if isinstance(match, Matched):
            route: Any = match.route
            pipeline = route.pipeline or pipelines.of(route)
        else:
            pipeline = pipelines.of_refusal(match.mounts)
        request.bind(describe_match(match, request.method, pipeline))
        return pipeline.handler if request.exchange.head.expect is None else _expect


async def _expect(request: Request) -> Any:
    """Respond to the expectation of a request, then run its handler."""
    info = request.match_info
    if info.http_exception is None:
        response = await info.route.handle_expect_header(request)
        if response is not None:
            return response
        # The 100 (Continue) has been sent: reading the body must not send another one.
        request.exchange.waive_continue()
    return await info.run(request)


def _has_own_rules(dispatcher: UrlDispatcher) -> bool:
    """Return whether a resource has to be awaited, here or in an application inside."""
    if dispatcher.foreign_resources():
        return True
    mounts = (each for each in dispatcher.resources() if isinstance(each, routing.Mount))
    return any(_has_own_rules(mount.payload.router) for mount in mounts)
