"""The pipelines of an application: one for each route, and one for each way that leads nowhere.

It knows which applications stand around a route; how they are put around it is for `Pipeline`.
"""

from collections.abc import Iterable
from typing import Any

from muntin.router import MountPoint, Route
from muntin.web._pipeline import ChainOwner, Pipeline
from muntin.web.dispatcher import as_web_route
from muntin.web.exceptions import HTTPException

__all__ = ["Pipelines"]


class Pipelines:
    """What requests go through, kept with the route.

    Args:
        app: the outermost application.
    """

    def __init__(self, app: ChainOwner) -> None:
        self._app = app
        self._refusals: dict[tuple[MountPoint, ...], Pipeline] = {}

    def prepare(self, routes: Iterable[Route[Any]]) -> None:
        """Put together the pipelines of routes, before requests come.

        Raises:
            TypeError: somebody registered a plain resource of the router.
        """
        for route in routes:
            self.of(as_web_route(route))

    def of(self, route: Any) -> Pipeline:
        """Give the pipeline of a route, here or in an application inside."""
        pipeline: Pipeline | None = route.pipeline
        if pipeline is None:
            mounts = () if route.resource is None else route.resource.mounts
            pipeline = route.pipeline = Pipeline(
                route.awaitable_handler, self._apps_on(mounts), route.options
            )
        return pipeline

    def of_refusal(self, mounts: tuple[MountPoint, ...]) -> Pipeline:
        """Give the pipeline of requests that lead through some mounts and then nowhere."""
        pipeline = self._refusals.get(mounts)
        if pipeline is None:
            pipeline = self._refusals[mounts] = Pipeline(_refuse, self._apps_on(mounts))
        return pipeline

    def _apps_on(self, mounts: Iterable[MountPoint]) -> tuple[ChainOwner, ...]:
        return (self._app, *(mount.payload for mount in mounts))


async def _refuse(request: Any) -> Any:
    exception: HTTPException = request.match_info.http_exception
    raise exception
