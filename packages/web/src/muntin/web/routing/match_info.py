"""Match info: the route of a request and the variables of its path.

It is made of a match of the router, by `describe_match` alone. How a match is found is no concern of this module.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from muntin.router import Match, Matched, MethodNotAllowed, MountPoint, Route
from muntin.web.response.exceptions import HTTPException, HTTPMethodNotAllowed, HTTPNotFound
from muntin.web.response.served_request import PrepareSignal
from muntin.web.routing._handlers import AnyExpectHandler
from muntin.web.routing._pipeline import Pipeline
from muntin.web.routing.routes import AbstractRoute, SystemRoute

__all__ = ["MatchInfoError", "UrlMappingMatchInfo", "as_web_route", "describe_match"]


class UrlMappingMatchInfo(dict[str, Any]):
    """The decoded variables of a path, and the route.

    Args:
        match_dict: the variables.
        route: the route; of a resource with rules of its own, any `ResourceRoute`.
        pipeline: that of the route, if the caller has it; see `attach`.
    """

    __slots__ = ("_current_app", "_pipeline", "_route")

    def __init__(
        self, match_dict: Mapping[str, Any], route: AbstractRoute | None, pipeline: Pipeline | None = None
    ) -> None:
        if match_dict:
            self.update(match_dict)
        self._route = route
        self._pipeline = pipeline
        self._current_app: Any = None

    @property
    def route(self) -> AbstractRoute:
        """The route."""
        if self._route is None:
            raise RuntimeError("this match info has no route")
        return self._route

    @property
    def handler(self) -> Any:
        """The handler, as it was registered."""
        return self.route.handler

    @property
    def expect_handler(self) -> AnyExpectHandler:
        """The function that responds to an Expect field."""
        return self.route.expect_handler

    @property
    def http_exception(self) -> HTTPException | None:
        """The response to a request without a route; None if there is a route."""
        return None

    async def run(self, request: Any) -> Any:
        """Run the handler inside all middlewares.

        Raises:
            RuntimeError: the request was not matched by an application.
        """
        if self._pipeline is None:
            raise RuntimeError("this match info does not belong to an application")
        return await self._pipeline.handler(request)

    def attach(self, pipeline: Pipeline) -> None:
        """Set the pipeline, and with it the applications that the request belongs to."""
        self._pipeline = pipeline

    def get_info(self) -> dict[str, Any]:
        """Describe the resource of the route."""
        return self.route.get_info()

    # The applications

    @property
    def apps(self) -> tuple[Any, ...]:
        """The applications that lead to the route, the outermost first; empty outside an application."""
        return () if self._pipeline is None else self._pipeline.apps

    @property
    def prepare_signals(self) -> Sequence[PrepareSignal]:
        """The signals that are sent before a response is sent."""
        return () if self._pipeline is None else self._pipeline.prepare_signals

    @property
    def current_app(self) -> Any:
        """The application whose middleware or handler runs.

        Raises:
            RuntimeError: the request was not matched by an application.
        """
        app = self._current_app
        if app is None:
            if self._pipeline is None:
                raise RuntimeError("this match info does not belong to an application")
            return self._pipeline.app
        return app

    @current_app.setter
    def current_app(self, app: Any) -> None:
        if app not in self.apps:
            raise RuntimeError(f"{app!r} is none of the applications that lead to {self!r}")
        self._current_app = app

    @property
    def config_dict(self) -> Mapping[Any, Any]:
        """A read-only view of what the current application and those around it hold, the innermost first."""
        apps = self.apps
        inner_to_outer = reversed(apps[: apps.index(self.current_app) + 1])
        return MappingProxyType(ChainMap(*inner_to_outer))

    def __hash__(self) -> int:  # type: ignore[override]  # a mapping that is one of its kind
        return id(self) >> 4

    def __eq__(self, other: object) -> bool:
        return self is other or (isinstance(other, dict) and dict.__eq__(self, other))

    def __repr__(self) -> str:
        return f"<MatchInfo {dict(self)!r}: {self._route!r}>"


class MatchInfoError(UrlMappingMatchInfo):
    """The match info of a request without a route.

    Args:
        http_exception: the response.
        pipeline: the middlewares around it.
        mounts: the mounts that the path led through: their applications choose the pipeline.
    """

    __slots__ = ("_http_exception", "mounts")

    def __init__(
        self,
        http_exception: HTTPException,
        pipeline: Pipeline | None = None,
        *,
        mounts: tuple[MountPoint, ...] = (),
    ) -> None:
        super().__init__({}, None, pipeline)
        self._http_exception = http_exception
        self.mounts = mounts

    @property
    def route(self) -> AbstractRoute:
        """A route that raises the exception; made at the first access."""
        if self._route is None:
            self._route = SystemRoute(self._http_exception)
        return self._route

    @property
    def http_exception(self) -> HTTPException:
        return self._http_exception

    def __repr__(self) -> str:
        return f"<MatchInfoError {self._http_exception.status}: {self._http_exception.reason}>"


def as_web_route(route: Route[Any]) -> AbstractRoute:
    """Return a route of a web resource with its own type.

    Raises:
        TypeError: the route belongs to a plain resource of the router.
    """
    if not isinstance(route, AbstractRoute):
        raise TypeError(f"{route!r} is no route of a web resource: register it by web.Resource.add_route")
    return route


def describe_match(
    match: Match[Any] | Matched[Any], method: str, pipeline: Pipeline | None = None
) -> UrlMappingMatchInfo:
    """Return match info for a match of the router.

    Args:
        match: if a resource with rules of its own made it, its variables are the match info already.
        method: that of the request.
        pipeline: what the request goes through, if an application serves it.

    Raises:
        TypeError: the route belongs to a plain resource of the router.
    """
    if isinstance(match, Matched):
        info = match.variables
        if not isinstance(info, UrlMappingMatchInfo):
            # Only routes of web resources have pipelines.
            route: Any = match.route if pipeline is not None else as_web_route(match.route)
            return UrlMappingMatchInfo(match.values, route, pipeline)
        if pipeline is not None:
            info.attach(pipeline)
        return info
    refusal: HTTPException = HTTPNotFound()
    if isinstance(match, MethodNotAllowed):
        refusal = HTTPMethodNotAllowed(method, match.allowed)
    return MatchInfoError(refusal, pipeline, mounts=match.mounts)
