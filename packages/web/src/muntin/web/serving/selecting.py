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
from muntin.web.routing._pipeline import Pipeline
from muntin.web.routing.dispatcher import UrlDispatcher
from muntin.web.routing.match_info import MatchInfoError, describe_match
from muntin.web.serving.responder import Handle

__all__ = ["Selecting"]


class Selecting:
    """Finds the handler for a request of an application.

    Args:
        app: the outermost application, frozen.
    """

    __slots__ = ("_exact", "_is_pure", "_match", "_pipelines", "_router")

    def __init__(self, app: Application) -> None:
        self._pipelines = app.pipelines
        self._router = app.router
        self._is_pure = app.router.is_pure
        self._exact = app.router.exact
        self._match = app.router.match

    @property
    def select(self) -> Callable[[Request], Handle]:
        """The function that finds the handler of a request; it depends on what the router needs for that."""
        if self._router.resolves_itself:
            return self.select_as_resolved
        return self.select_later if _has_own_rules(self._router) else self.select_at_once

    def select_at_once(self, request: Request) -> Handle:
        """Return the handler where method, path and host decide."""
        head = request.exchange.head
        target = head.target
        matches = self._exact.get(target)
        if matches is not None:
            # The path of a resource, as a target, stands for itself: it has neither query nor escapes.
            match = matches[head.method]
        else:
            # Of the usual form (RFC 9112 §3.2.1) the path is cut here; `parse_target` knows the other forms.
            path = target.partition("?")[0] if target[:1] == "/" else request.target.path
            match = self._match(head.method, path, None if self._is_pure else request.host)
        # Most routes have theirs since the application was frozen.
        route: Any = match.route if isinstance(match, Matched) else None
        pipeline = (None if route is None else route.pipeline) or self._find_pipeline(match)
        request.bind(match, pipeline)
        return pipeline.handler if head.expect is None else _expect

    def select_later(self, request: Request) -> Handle:
        """Return a function that finds the handler and runs it, as resources have to be awaited."""
        return self._find_and_run

    async def _find_and_run(self, request: Request) -> Any:
        match = await self._router.find(request.method, request.target.path, request.host, request)
        pipeline = self._find_pipeline(match)
        # Match info that a resource has made itself gets its pipeline here.
        request.bind_info(describe_match(match, request.method, pipeline))
        return await (pipeline.handler if request.exchange.head.expect is None else _expect)(request)

    def select_as_resolved(self, request: Request) -> Handle:
        """Return a function that resolves by the rules of a subclass, and runs the handler."""
        return self._resolve_and_run

    async def _resolve_and_run(self, request: Request) -> Any:
        info = await self._router.resolve(request)
        if info.http_exception is None:
            info.attach(self._pipelines.of(info.route))
        else:
            info.attach(self._pipelines.of_refusal(getattr(info, "mounts", ())))
        request.bind_info(info)
        return await (info.run if request.exchange.head.expect is None else _expect)(request)

    def error_pages_of(self, request: Request, error: Exception) -> Iterator[ErrorPages]:
        """Iterate over the error pages that apply to a request, those of the innermost application first."""
        try:
            info = request.match_info
        except RuntimeError:
            # It failed before matching, but pages may use the application.
            refused = error if isinstance(error, HTTPException) else HTTPInternalServerError()
            info = MatchInfoError(refused, self._pipelines.of_refusal(()))
            request.bind_info(info)
        return (app.on_error for app in reversed(info.apps))

    def _find_pipeline(self, match: Match[Any]) -> Pipeline:
        """Return the pipeline of a match: that of its route, or of the applications that refuse."""
        if isinstance(match, Matched):
            route: Any = match.route
            return route.pipeline or self._pipelines.of(route)
        return self._pipelines.of_refusal(match.mounts)


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
