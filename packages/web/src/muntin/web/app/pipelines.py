"""The pipelines of an application: one for each route, and one for each chain of mounts without a route.

This module finds the applications around a route; `Pipeline` composes their middlewares.
"""

from collections.abc import Iterable
from concurrent.futures import Executor
from typing import Any

from muntin.router import MountPoint, Route
from muntin.web.response.exceptions import HTTPException
from muntin.web.routing._handlers import run_in_threads, warn_of_plain_function
from muntin.web.routing._pipeline import ChainOwner, Pipeline
from muntin.web.routing.match_info import as_web_route

__all__ = ["Pipelines"]


class Pipelines:
    """The pipelines of an application; each is kept on its route.

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
        on_the_loop = []
        for each in routes:
            route = as_web_route(each)
            self.of(route)
            if not route.is_async and self._executor_of(route) is None and route.handler not in on_the_loop:
                on_the_loop.append(route.handler)
        for handler in on_the_loop:
            warn_of_plain_function(handler)

    def of(self, route: Any) -> Pipeline:
        """Return the pipeline of a route of this application or of an inner one."""
        pipeline: Pipeline | None = route.pipeline
        if pipeline is None:
            executor = None if route.is_async else self._executor_of(route)
            handler = route.awaitable_handler if executor is None else run_in_threads(route.handler, executor)
            pipeline = route.pipeline = Pipeline(handler, self._apps_around(route), route.options)
        return pipeline

    def of_refusal(self, mounts: tuple[MountPoint, ...]) -> Pipeline:
        """Return the pipeline of requests that no route matches, below some mounts."""
        pipeline = self._refusals.get(mounts)
        if pipeline is None:
            pipeline = self._refusals[mounts] = Pipeline(_refuse, self._apps_on(mounts))
        return pipeline

    def _executor_of(self, route: Any) -> Executor | None:
        """Return the executor for the plain function of a route: its own, or that of the nearest application."""
        apps = reversed(self._apps_around(route))
        nearest = next((app.executor for app in apps if app.executor is not None), None)
        executor: Executor | None = route.options.get("executor", nearest)
        return executor

    def _apps_around(self, route: Any) -> tuple[ChainOwner, ...]:
        return self._apps_on(() if route.resource is None else route.resource.mounts)

    def _apps_on(self, mounts: Iterable[MountPoint]) -> tuple[ChainOwner, ...]:
        return (self._app, *(mount.payload for mount in mounts))


async def _refuse(request: Any) -> Any:
    exception: HTTPException = request.match_info.http_exception
    raise exception
