"""Match info: what the router found for a request.

It knows the route and the variables of the path; it must not know how they were found.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from muntin.router import MountPoint
from muntin.web.response.exceptions import HTTPException
from muntin.web.response.stream import PrepareSignal
from muntin.web.routing._handlers import AnyExpectHandler
from muntin.web.routing._pipeline import Pipeline
from muntin.web.routing.routes import AbstractRoute, SystemRoute

__all__ = ["MatchInfoError", "UrlMappingMatchInfo"]


class UrlMappingMatchInfo(dict[str, Any]):
    """The decoded variables of a path, and the route.

    Args:
        match_dict: the variables.
        route: the route; of a resource with rules of its own, any `ResourceRoute`.
        pipeline: the route's, for who has it at hand.
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
        """What answers an Expect field."""
        return self.route.expect_handler

    @property
    def http_exception(self) -> HTTPException | None:
        """What answers the request where no route was found."""
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
        """Belong to the applications of a pipeline."""
        self._pipeline = pipeline

    def get_info(self) -> dict[str, Any]:
        """Describe the resource of the route."""
        return self.route.get_info()

    # What the applications have to do with it

    @property
    def apps(self) -> tuple[Any, ...]:
        """The applications that lead to the route, from the outermost to the innermost; none if nobody serves it."""
        return () if self._pipeline is None else self._pipeline.apps

    @property
    def prepare_signals(self) -> Sequence[PrepareSignal]:
        """Who is called before a response is sent."""
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
        """What the current application and those around it hold, the innermost first; read-only."""
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
        http_exception: what answers it.
        pipeline: the middlewares around the answer.
        mounts: what the request was led through, for who puts the middlewares around it.
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
        """A route that raises the exception; made when somebody looks at it."""
        if self._route is None:
            self._route = SystemRoute(self._http_exception)
        return self._route

    @property
    def http_exception(self) -> HTTPException:
        return self._http_exception

    def __repr__(self) -> str:
        return f"<MatchInfoError {self._http_exception.status}: {self._http_exception.reason}>"
