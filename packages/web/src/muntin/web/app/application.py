"""`Application`: routes, middlewares, signals, and shared values, which can be changed until it is frozen."""

import asyncio
import logging
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Executor
from typing import Any, ClassVar, Final

from muntin.middleware import CleanupContexts, Middlewares, Signal
from muntin.router import AbstractResource, AbstractRouteDef
from muntin.runner import make_server
from muntin.web.app.error_pages import ErrorPages
from muntin.web.app.life import Life
from muntin.web.app.pipelines import Pipelines
from muntin.web.app.state import ApplicationState
from muntin.web.content import CLIENT_MAX_FIELDS, CLIENT_MAX_SIZE
from muntin.web.legacy import warn_of_factories, warn_older
from muntin.web.routing._route_options import check_executor
from muntin.web.routing.dispatcher import UrlDispatcher
from muntin.web.routing.subapps import MatchedSubAppResource, PrefixedSubAppResource

__all__ = ["Application"]

_LOGGER: Final = logging.getLogger("muntin.web")


class Application(ApplicationState):
    """A web application: routes, middlewares and signals, and a mapping of values that its handlers share.

    ```python
    from muntin import web


    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")


    app = web.Application()
    app.add_routes([web.get("/", hello)])
    ```

    Args:
        logger: where failures of handlers are reported.
        router: the dispatcher; None for an empty one.
        middlewares: the middlewares around all handlers, the first outermost.
        handler_args: arguments for the server, such as `keepalive_timeout`; they win over the arguments of the runner.
        client_max_size: the largest body that is read whole (bytes); 413 beyond, 0 for any size.
        client_max_fields: the most fields that a form may have; 413 beyond.
        loop: the loop that will serve it; deprecated, and compared with the running one at start.
        debug: whether warnings are strict and clients are shown tracebacks; None for True in Python's development
            mode.
        executor: runs handlers that are plain functions in its threads; None for the event loop. It is shut down by its
            maker.

    Raises:
        TypeError: a middleware is of the wrong kind, or the router or the executor is.
    """

    request_class: ClassVar[type[Any] | None] = None
    """The class of the requests, for subclasses of the application: a subclass of `web.Request`, or None for itself."""

    def __init__(
        self,
        *,
        logger: logging.Logger = _LOGGER,
        router: UrlDispatcher | None = None,
        middlewares: Iterable[Callable[..., Any]] = (),
        handler_args: Mapping[str, Any] | None = None,
        client_max_size: int = CLIENT_MAX_SIZE,
        client_max_fields: int = CLIENT_MAX_FIELDS,
        loop: asyncio.AbstractEventLoop | None = None,
        debug: bool | None = None,
        executor: Executor | None = None,
    ) -> None:
        if router is None:
            router = UrlDispatcher()
        elif not isinstance(router, UrlDispatcher):
            raise TypeError(f"router must be a web.UrlDispatcher, not {type(router).__name__}")
        if loop is not None:
            warn_older("web.Application(loop=loop)", "web.Application(), served in the loop that runs,")
        check_executor(executor)
        super().__init__()
        self._logger = logger
        self._router = router
        self._middlewares = Middlewares(middlewares)
        self._middlewares.check()
        self._handler_args = dict(handler_args or {})
        self._client_max_size = client_max_size
        self._client_max_fields = client_max_fields
        self._debug = debug
        self._executor = executor
        self._subapps: list[Application] = []
        self._life: Life[Application] = Life(self, logger, loop)
        self._on_response_prepare: Signal[Any, Any] = Signal(self)
        self._on_error = ErrorPages()
        self._pipelines = Pipelines(self)
        self._pre_frozen = False
        self._frozen = False

    # Parts

    @property
    def logger(self) -> logging.Logger:
        """Where failures of handlers are reported."""
        return self._logger

    @property
    def router(self) -> UrlDispatcher:
        """The routes."""
        return self._router

    @property
    def named_resource(self) -> Mapping[str, AbstractResource[Any]]:
        """The resources by name; an older name of `router.named_resources()`."""
        warn_older("app.named_resource", "app.router.named_resources()")
        return self._router.named_resources()

    @property
    def middlewares(self) -> Middlewares:
        """The middlewares around all handlers, the first outermost."""
        return self._middlewares

    @property
    def handler_args(self) -> Mapping[str, Any]:
        """Arguments for the server."""
        return self._handler_args

    @property
    def client_max_size(self) -> int:
        """The largest body that is read whole (bytes)."""
        return self._client_max_size

    @property
    def client_max_fields(self) -> int:
        """The most fields that a form may have."""
        return self._client_max_fields

    @property
    def debug(self) -> bool:
        """True if warnings are strict and clients are shown tracebacks."""
        return self._debug if self._debug is not None else bool(sys.flags.dev_mode)

    @property
    def executor(self) -> Executor | None:
        """The executor of handlers that are plain functions; None for the event loop."""
        return self._executor

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop in which it was started."""
        return self._life.loop

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> list[Any]:
        """Register definitions such as `web.get(...)` in their order; return the routes.

        Raises:
            ValueError: a path or a name is malformed, or a name is taken.
            TypeError: a handler is of the wrong kind.
            RuntimeError: a route would never be reached, or the application is frozen.
        """
        return self._router.add_routes(routes)

    # Inner applications

    def add_subapp(self, prefix: str, subapp: "Application") -> PrefixedSubAppResource:
        """Put another application below a prefix, such as `/admin/`.

        Raises:
            TypeError: an argument is of the wrong kind.
            ValueError: the prefix is empty, or a slash.
            RuntimeError: one of the two is frozen, or the inner one is inside another already.
        """
        if not isinstance(prefix, str):
            raise TypeError(f"a prefix is text, not {type(prefix).__name__}")
        self._check_subapp(subapp)
        resource = PrefixedSubAppResource(prefix, subapp)
        self._adopt(resource, subapp)
        return resource

    def add_domain(self, domain: str, subapp: "Application") -> MatchedSubAppResource:
        """Put another application behind a host, such as `example.com` or `*.example.com`.

        Raises:
            TypeError: an argument is of the wrong kind.
            ValueError: the domain is no host.
            RuntimeError: as `add_subapp`.
        """
        if not isinstance(domain, str):
            raise TypeError(f"a domain is text, not {type(domain).__name__}")
        self._check_subapp(subapp)
        resource = MatchedSubAppResource(domain, subapp)
        self._adopt(resource, subapp)
        return resource

    def _check_subapp(self, subapp: object) -> None:
        if not isinstance(subapp, Application):
            raise TypeError(f"{subapp!r} is no web.Application")
        self._check_open("add a sub-application")
        if subapp.pre_frozen:
            raise RuntimeError("a frozen application cannot be put inside another one")
        if subapp.router.resolves_itself:
            raise TypeError(
                f"{subapp.router!r} has a resolve() of its own, which only an outermost router can have"
            )

    def _adopt(self, resource: PrefixedSubAppResource | MatchedSubAppResource, subapp: "Application") -> None:
        self._router.register_resource(resource)
        self._subapps.append(subapp)
        self._life.include(subapp)

    # Life

    @property
    def cleanup_ctx(self) -> CleanupContexts["Application"]:
        """Contexts that are entered when the application starts and left, the last first, when it ends."""
        return self._life.contexts

    @property
    def on_startup(self) -> Signal["Application"]:
        """Sent when the application starts, after the contexts were entered."""
        return self._life.on_startup

    @property
    def on_shutdown(self) -> Signal["Application"]:
        """Sent when the application is about to end, before connections are closed."""
        return self._life.on_shutdown

    @property
    def on_cleanup(self) -> Signal["Application"]:
        """Sent when the application has ended, after the contexts were left."""
        return self._life.on_cleanup

    @property
    def on_response_prepare(self) -> Signal[Any, Any]:
        """Sent with request and response when the head of a response is complete and about to be sent."""
        return self._on_response_prepare

    @property
    def on_error(self) -> ErrorPages:
        """The error pages, by status or class: ``@app.on_error(404)``."""
        return self._on_error

    async def startup(self) -> None:
        """Start: enter the contexts, send `on_startup`, then freeze.

        Raises:
            RuntimeError: it was made for another loop.
            TypeError: a middleware is of the wrong kind.
        """
        await self._life.start()
        await self._middlewares.try_factories(self)
        if not self._router.mounts:
            self.freeze()
        self._life.is_serving = True

    async def shutdown(self) -> None:
        """Send `on_shutdown`, and cancel the tasks that were spawned with `until_shutdown`."""
        await self._life.shut_down()

    async def cleanup(self) -> None:
        """End: cancel all tasks, leave the contexts that were entered, then send `on_cleanup`."""
        await self._life.clean_up()

    @property
    def _is_serving(self) -> bool:
        return self._life.is_serving

    def spawn(
        self, coroutine: Any, *, name: str | None = None, until_shutdown: bool = False
    ) -> "asyncio.Task[Any]":
        """Run a coroutine beside the handlers, as long as the application lives.

        What it raises is logged once. When the server stops, it has the same time as handlers; if it still runs
        at clean-up, it is cancelled, and awaited.

        Args:
            coroutine: the coroutine to run.
            name: of the task.
            until_shutdown: whether it never ends by itself, and is cancelled when the server begins to stop.
        """
        return self._life.tasks.spawn(coroutine, name=name, is_lasting=until_shutdown)

    def iterate_tasks(self) -> Iterable["asyncio.Task[Any]"]:
        """Iterate over the tasks of `spawn` that run, those of inner applications too."""
        yield from self._life.tasks
        for subapp in self._subapps:
            yield from subapp.iterate_tasks()

    # The end of changes

    @property
    def frozen(self) -> bool:
        """True if it was started, and nothing can be changed any more."""
        return self._frozen

    @property
    def pre_frozen(self) -> bool:
        """True if routes, middlewares and signals cannot be changed any more."""
        return self._pre_frozen

    def pre_freeze(self) -> None:
        """End all changes to routes, middlewares and signals, here and in the applications inside.

        Raises:
            TypeError: a middleware is of the wrong kind.
        """
        if self._pre_frozen:
            return
        self._middlewares.check()
        warn_of_factories(self._middlewares)
        self._pre_frozen = True
        self._middlewares.freeze()
        self._on_response_prepare.freeze()
        self._life.freeze()
        self._on_error.freeze()
        for subapp in self._subapps:
            subapp.pre_freeze()
        self._router.freeze()

    def freeze(self) -> None:
        """End all changes, and make the pipelines of all routes."""
        if self._frozen:
            return
        self.pre_freeze()
        self._frozen = True
        for subapp in self._subapps:
            subapp.freeze()
        for resource in self._router.foreign_resources():
            if resource.prefix:
                resource.add_prefix(resource.prefix)
            resource.freeze()
        if not self._router.mounts:
            # The pipelines of inner applications are made here, with the middlewares around them.
            self._pipelines.prepare(self._router.routes())

    @property
    def pipelines(self) -> Pipelines:
        """The pipelines of all routes, if this is the outermost application."""
        return self._pipelines

    def _check_open(self, wish: str) -> None:
        if self._pre_frozen:
            raise RuntimeError(f"the application is frozen: {wish} before it starts")

    # As a factory of itself, and of servers

    def __call__(self) -> "Application":
        """Return the application itself, so that it can be passed as a factory of applications."""
        return self

    def make_handler(self, *, loop: asyncio.AbstractEventLoop | None = None, **handler_args: Any) -> Any:
        """Make a server for the application, for `loop.create_server`; the older form of `AppRunner`.

        Args:
            loop: as for the constructor.
            handler_args: arguments for the server.
        """
        warn_older("app.make_handler()", "web.AppRunner(app)")
        self._life.loop = loop or self._life.loop
        self.freeze()
        return make_server(self, **handler_args)

    def __repr__(self) -> str:
        return f"<Application 0x{id(self):x}>"
