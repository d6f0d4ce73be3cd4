"""The pipeline of a route: its handler inside the middlewares of all applications that lead to it.

It is composed once, when the application is frozen, so that a request only has to call it.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import wraps
from types import MappingProxyType
from typing import Any, Protocol

from muntin.middleware import compose
from muntin.web.response.stream import StreamResponse
from muntin.web.routing._asking import Asking
from muntin.web.routing._handlers import AnyHandler
from muntin.web.routing._route_options import apply_inside, apply_outside

__all__ = ["ChainOwner", "Pipeline"]


class ChainOwner(Protocol):
    """The part of an application that a pipeline uses."""

    @property
    def middlewares(self) -> Sequence[Callable[..., Any]]:
        """The middlewares, the first outermost."""

    @property
    def on_response_prepare(self) -> Sequence[Any]:
        """Receivers that are called before a response is sent."""

    @property
    def executor(self) -> Executor | None:
        """The executor of plain functions; None for the event loop."""


class Pipeline:
    """Everything about a route that does not depend on the request.

    Args:
        handler: the innermost handler.
        apps: the applications that lead to it, from the outermost to the innermost.
        options: of the route.
    """

    __slots__ = ("app", "apps", "handler", "prepare_signals")

    def __init__(
        self, handler: AnyHandler, apps: tuple[Any, ...], options: Mapping[str, Any] = MappingProxyType({})
    ) -> None:
        # A request belongs at first to the application whose middleware runs first.
        first = next((place for place, app in enumerate(apps) if app.middlewares), len(apps) - 1)
        self.apps = apps
        self.app = apps[first]
        self.prepare_signals = tuple(signal for app in apps for signal in app.on_response_prepare)
        handler = apply_inside(handler, options)
        for place, app in reversed(list(enumerate(apps))):
            handler = compose(handler, app.middlewares, owner=app)
            if place > first and (app.middlewares or app is apps[-1]):
                handler = _enter(app, handler)
        self.handler = apply_outside(handler, options)


def _enter(app: ChainOwner, handler: AnyHandler) -> AnyHandler:
    """Let the request belong to an inner application while its part of the pipeline runs."""

    @wraps(handler)
    async def enter(request: Asking) -> StreamResponse:
        info = request.match_info
        outer = info.current_app
        info.current_app = app
        try:
            return await handler(request)
        finally:
            info.current_app = outer

    return enter
