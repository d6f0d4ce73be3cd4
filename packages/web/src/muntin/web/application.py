"""`Application`: routes, middlewares, signals, and what they share.

It knows what belongs together and when it may still change. How requests reach it is for `muntin.web.server`.
"""

import asyncio
import logging
import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar, Final, TypeVar, overload

from muntin.middleware import CleanupContexts, Middlewares, Signal
from muntin.router import AbstractResource, AbstractRouteDef
from muntin.web._pipeline import Pipeline
from muntin.web._reading import CLIENT_MAX_FIELDS, CLIENT_MAX_SIZE
from muntin.web._storage import Storage
from muntin.web._tasks import BackgroundTasks
from muntin.web.dispatcher import UrlDispatcher, as_web_route
from muntin.web.exceptions import HTTPException
from muntin.web.keys import AppKey, BaseKey, NotAppKeyWarning
from muntin.web.subapps import MatchedSubAppResource, PrefixedSubAppResource

__all__ = ["Application"]

T = TypeVar("T")

_LOGGER: Final = logging.getLogger("muntin.web")


class Application(Storage):
    """A web application: a mapping of what its handlers share, and all that makes it answer.

    ```python
    from muntin import web


    async def hello(request: web.Request) -> web.Response:
        return web.Response(text="hello")


    app = web.Application()
    app.add_routes([web.get("/", hello)])
    ```

    Args:
        logger: where failures of handlers are reported.
        router: another dispatcher than an empty one.
        middlewares: what stands around all handlers, the first outermost.
        handler_args: arguments for the server, such as `keepalive_timeout`.
        client_max_size: how large a body may be that is read whole (bytes); 413 beyond, 0 for any size.
        client_max_fields: how many fields a form may have; 413 beyond.
        loop: the loop it will be served in; tolerated, and compared with the running one at start.
        debug: whether to be strict about what is only advised; None for what Python's development mode says.

    Raises:
        TypeError: a middleware is of the wrong kind, or the router is.
    """

    _server_maker: ClassVar[Callable[..., Any] | None] = None

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
    ) -> None:
        if router is None:
            router = UrlDispatcher()
        elif not isinstance(router, UrlDispatcher):
            raise TypeError(f"router must be a web.UrlDispatcher, not {type(router).__name__}")
        if loop is not None:
            warnings.warn(
                "an application is served in the running loop: leave loop out",
                DeprecationWarning,
                stacklevel=2,
            )
        # What it consists of.
        self._logger = logger
        self._router = router
        self._middlewares = Middlewares(middlewares)
        self._handler_args = dict(handler_args or {})
        self._client_max_size = client_max_size
        self._client_max_fields = client_max_fields
        self._debug = debug
        self._state: dict[Any, Any] = {}
        self._subapps: list[Application] = []
        # What happens in its life.
        self._cleanup_ctx: CleanupContexts[Application] = CleanupContexts()
        self._on_startup: Signal[Application] = Signal(self)
        self._on_shutdown: Signal[Application] = Signal(self)
        self._on_cleanup: Signal[Application] = Signal(self)
        self._on_response_prepare: Signal[Any, Any] = Signal(self)
        self._tasks = BackgroundTasks(logger)
        # Where it is in it.
        self._loop = loop
        self._pre_frozen = False
        self._frozen = False
        self._is_serving = False
        self._refusals: dict[tuple[Any, ...], Pipeline] = {}
        self._middlewares.check()

    # What it consists of

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
        return self._router.named_resources()

    @property
    def middlewares(self) -> Middlewares:
        """What stands around all handlers, the first outermost."""
        return self._middlewares

    @property
    def handler_args(self) -> Mapping[str, Any]:
        """Arguments for the server."""
        return self._handler_args

    @property
    def client_max_size(self) -> int:
        """How large a body may be that is read whole (bytes)."""
        return self._client_max_size

    @property
    def client_max_fields(self) -> int:
        """How many fields a form may have."""
        return self._client_max_fields

    @property
    def debug(self) -> bool:
        """Whether it is strict about what is only advised."""
        return self._debug if self._debug is not None else bool(sys.flags.dev_mode)

    @property
    def loop(self) -> asyncio.AbstractEventLoop | None:
        """The loop in which it was started."""
        return self._loop

    def add_routes(self, routes: Iterable[AbstractRouteDef]) -> list[Any]:
        """Register definitions such as `web.get(...)` in their order; gives the routes.

        Raises:
            ValueError: a path or a name is malformed, or a name is taken.
            TypeError: a handler is of the wrong kind.
            RuntimeError: a route would never be reached, or the application is frozen.
        """
        return self._router.add_routes(routes)

    # Applications inside

    def add_subapp(self, prefix: str, subapp: "Application") -> PrefixedSubAppResource:
        """Put another application below a prefix, such as `/admin/`.

        Raises:
            TypeError: something is of the wrong kind.
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
            TypeError: something is of the wrong kind.
            ValueError: it is no host.
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

    def _adopt(self, resource: PrefixedSubAppResource | MatchedSubAppResource, subapp: "Application") -> None:
        self._router.register_resource(resource)
        self._subapps.append(subapp)

        # Inner applications live in the order in which they and the receivers were added.
        async def start(_: Application) -> None:
            await subapp.startup()

        async def shut_down(_: Application) -> None:
            await subapp.shutdown()

        async def clean_up(_: Application) -> None:
            await subapp.cleanup()

        self._on_startup.append(start)
        self._on_shutdown.append(shut_down)
        self._on_cleanup.append(clean_up)

    # What happens in its life

    @property
    def cleanup_ctx(self) -> CleanupContexts["Application"]:
        """Contexts that are entered when the application starts and left, the last first, when it ends."""
        return self._cleanup_ctx

    @property
    def on_startup(self) -> Signal["Application"]:
        """Sent when the application starts, after the contexts were entered."""
        return self._on_startup

    @property
    def on_shutdown(self) -> Signal["Application"]:
        """Sent when the application is about to end, before connections are closed."""
        return self._on_shutdown

    @property
    def on_cleanup(self) -> Signal["Application"]:
        """Sent when the application has ended, after the contexts were left."""
        return self._on_cleanup

    @property
    def on_response_prepare(self) -> Signal[Any, Any]:
        """Sent with request and response when the head of a response is complete and about to be sent."""
        return self._on_response_prepare

    async def startup(self) -> None:
        """Start: enter the contexts, send `on_startup`, then freeze.

        Raises:
            RuntimeError: it was made for another loop.
        """
        loop = asyncio.get_running_loop()
        if self._loop is not None and self._loop is not loop and not self._loop.is_closed():
            raise RuntimeError("the application was made for another event loop than the running one")
        self._loop = loop
        # Receivers may still add routes: for their own signal alone it is too late.
        self._cleanup_ctx.freeze()
        self._on_startup.freeze()
        await self._cleanup_ctx.start(self)
        await self._on_startup.send(self)
        if not self._router.mounts:
            self.freeze()
        self._is_serving = True

    async def shutdown(self) -> None:
        """Send `on_shutdown`, and cancel the tasks that were to run until now."""
        self._is_serving = False
        self._tasks.cancel_lasting()
        self._on_shutdown.freeze()
        await self._on_shutdown.send(self)

    async def cleanup(self) -> None:
        """End: cancel the tasks there are, leave the contexts that were entered, then send `on_cleanup`."""
        self._is_serving = False
        await self._tasks.cancel()
        try:
            await self._cleanup_ctx.stop()
        finally:
            self._on_cleanup.freeze()
            await self._on_cleanup.send(self)

    def spawn(
        self, coroutine: Any, *, name: str | None = None, until_shutdown: bool = False
    ) -> "asyncio.Task[Any]":
        """Run a coroutine beside the handlers, as long as the application lives.

        What it raises is logged once. When the server stops it is given the time that handlers are given; what still
        runs at clean-up is cancelled, and awaited.

        Args:
            coroutine: what to run.
            name: of the task.
            until_shutdown: whether it never ends by itself, and is to be cancelled when the server begins to stop.
        """
        return self._tasks.spawn(coroutine, name=name, is_lasting=until_shutdown)

    def iterate_tasks(self) -> Iterable["asyncio.Task[Any]"]:
        """Iterate over the tasks of `spawn` that run, those of inner applications too."""
        yield from self._tasks
        for subapp in self._subapps:
            yield from subapp.iterate_tasks()

    # The end of changes

    @property
    def frozen(self) -> bool:
        """Whether it was started, and nothing may be changed any more."""
        return self._frozen

    @property
    def pre_frozen(self) -> bool:
        """Whether routes, middlewares and signals may not be changed any more."""
        return self._pre_frozen

    def pre_freeze(self) -> None:
        """End all changes to routes, middlewares and signals, here and in the applications inside.

        Raises:
            TypeError: a middleware is of the wrong kind.
        """
        if self._pre_frozen:
            return
        self._middlewares.check()
        self._pre_frozen = True
        self._middlewares.freeze()
        for signal in (self._on_startup, self._on_shutdown, self._on_cleanup, self._on_response_prepare):
            signal.freeze()
        self._cleanup_ctx.freeze()
        for subapp in self._subapps:
            subapp.pre_freeze()
        self._router.freeze()

    def freeze(self) -> None:
        """End all changes, and put together what requests will need."""
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
            # Routes of inner applications are put together here, with all that stands around them.
            for route in self._router.routes():
                self.pipeline_of(as_web_route(route))

    def pipeline_of(self, route: Any) -> Pipeline:
        """Give the pipeline of a route, here or in an application inside."""
        pipeline: Pipeline | None = route.pipeline
        if pipeline is None:
            resource = route.resource
            mounts = () if resource is None else resource.mounts
            pipeline = route.pipeline = Pipeline(
                route.awaitable_handler, self._apps_of(mounts), route.options
            )
        return pipeline

    def pipeline_of_refusal(self, mounts: tuple[Any, ...]) -> Pipeline:
        """Give the pipeline of requests that lead through some mounts and then nowhere."""
        pipeline = self._refusals.get(mounts)
        if pipeline is None:
            pipeline = self._refusals[mounts] = Pipeline(_refuse, self._apps_of(mounts))
        return pipeline

    def _apps_of(self, mounts: Iterable[Any]) -> tuple["Application", ...]:
        return (self, *(mount.payload for mount in mounts))

    def _check_open(self, wish: str) -> None:
        if self._pre_frozen:
            raise RuntimeError(f"the application is frozen: {wish} before it starts")

    # The mapping

    def _open_storage(self) -> dict[Any, Any]:
        return self._state

    @overload
    def __setitem__(self, key: BaseKey[T], value: T) -> None: ...

    @overload
    def __setitem__(self, key: str, value: Any) -> None: ...

    def __setitem__(self, key: Any, value: Any) -> None:
        self._check_key(key)
        self._warn_if_frozen()
        self._state[key] = value

    def __delitem__(self, key: BaseKey[Any] | str) -> None:
        self._warn_if_frozen()
        del self._state[key]

    def _check_key(self, key: object) -> None:
        if self.debug and not isinstance(key, AppKey):
            warnings.warn(
                f"{key!r} is no web.AppKey: its value has no type, and another library may use the same name",
                NotAppKeyWarning,
                stacklevel=3,
            )

    def _warn_if_frozen(self) -> None:
        if self._is_serving:
            warnings.warn(
                "an application that has started should not be changed: keep a mutable value in it",
                DeprecationWarning,
                stacklevel=3,
            )

    # As a factory of itself, and of servers

    def __call__(self) -> "Application":
        """Give the application: it may stand where a factory of applications is expected."""
        return self

    def make_handler(self, *, loop: asyncio.AbstractEventLoop | None = None, **handler_args: Any) -> Any:
        """Give a server for the application, as `loop.create_server` takes it; the older way of `AppRunner`.

        Args:
            loop: as for the constructor.
            handler_args: arguments for the server.
        """
        warnings.warn("make_handler(): use web.AppRunner", DeprecationWarning, stacklevel=2)
        self._loop = loop or self._loop
        self.freeze()
        make = self._server_maker
        if make is None:
            raise RuntimeError("there is nothing that makes servers: import muntin.web.server")
        return make(self, **handler_args)

    @classmethod
    def set_server_maker(cls, make: Callable[..., Any]) -> None:
        """Say what `make_handler` calls: servers know applications, and not the other way round."""
        cls._server_maker = staticmethod(make)

    def __repr__(self) -> str:
        return f"<Application 0x{id(self):x}>"


async def _refuse(request: Any) -> Any:
    exception: HTTPException = request.match_info.http_exception
    raise exception
