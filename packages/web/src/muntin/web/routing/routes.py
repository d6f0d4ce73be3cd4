"""Routes: a method of a resource, its handler, and the pipeline that is made when the application is frozen."""

from typing import Any

from yarl import URL

from muntin.middleware.callables import describe_callable
from muntin.router import AbstractResource, Route
from muntin.web.response.exceptions import HTTPException, HTTPExpectationFailed
from muntin.web.response.stream import StreamResponse
from muntin.web.routing._asking import Asking
from muntin.web.routing._handlers import AnyExpectHandler, AnyHandler, adapt_handler
from muntin.web.routing._pipeline import Pipeline
from muntin.web.routing._route_options import check_route_options

__all__ = ["AbstractRoute", "ResourceRoute", "SystemRoute", "continue_or_refuse"]


async def continue_or_refuse(request: Asking) -> StreamResponse | None:
    """Respond to `Expect: 100-continue` with 100, and to any other expectation with 417 (RFC 9110 §10.1.1).

    Raises:
        HTTPExpectationFailed: the expectation is another one.
    """
    if request.exchange.head.expect != "100-continue":
        raise HTTPExpectationFailed(text="only the expectation 100-continue can be met")
    request.exchange.inform(100)
    return None


class AbstractRoute(Route[Any]):
    """A handler for a method.

    Args:
        method: a token, or `"*"` for any.
        handler: handles the request; see `web.get`.
        expect_handler: handles an Expect field, before middlewares and handler.
        resource: the resource of the route.
        like: another route with the same handler, which it has adapted already.
        options: `timeout` (seconds until 503), `max_body_size` (bytes, in place of the application's
            `client_max_size`), `cancel_on_disconnect` (whether the handler is cancelled when its peer goes away),
            `executor` (where the handler runs, if it is not async); others are kept on the route.
    """

    __slots__ = ("_adapted", "_expect_handler", "pipeline")

    def __init__(
        self,
        method: str,
        handler: Any,
        *,
        expect_handler: AnyExpectHandler | None = None,
        resource: AbstractResource[Any] | None = None,
        like: "AbstractRoute | None" = None,
        **options: Any,
    ) -> None:
        super().__init__(method, handler, resource, options)  # type: ignore[arg-type]  # a route without one
        if expect_handler is not None and not callable(expect_handler):
            raise TypeError(f"expect_handler {expect_handler!r} is not callable")
        check_route_options(options)
        self._adapted: AnyHandler = adapt_handler(handler) if like is None else like.awaitable_handler
        if options.get("executor") is not None and self.is_async:
            raise TypeError(f"handler {describe_callable(handler)} is async, and no executor can run it")
        self._expect_handler = expect_handler or continue_or_refuse
        self.pipeline: Pipeline | None = None
        """The handler inside the middlewares; made when the application is frozen."""

    @property
    def is_async(self) -> bool:
        """True if the handler certainly returns an awaitable at once, so that an executor has nothing to do."""
        return self._adapted is self.handler

    @property
    def awaitable_handler(self) -> AnyHandler:
        """The handler in a form whose result can always be awaited."""
        return self._adapted

    @property
    def expect_handler(self) -> AnyExpectHandler:
        """The handler of an Expect field."""
        return self._expect_handler

    async def handle_expect_header(self, request: Asking) -> StreamResponse | None:
        """Handle the Expect field; None lets the request go on."""
        return await self._expect_handler(request)


class ResourceRoute(AbstractRoute):
    """A route of a resource."""

    __slots__ = ()

    def __init__(
        self,
        method: str,
        handler: Any,
        resource: AbstractResource[Any],
        *,
        expect_handler: AnyExpectHandler | None = None,
        **options: Any,
    ) -> None:
        super().__init__(method, handler, expect_handler=expect_handler, resource=resource, **options)


class SystemRoute(AbstractRoute):
    """The route of a request without a route: it raises the exception that is the response.

    Args:
        http_exception: what to raise.
    """

    __slots__ = ("_http_exception",)

    def __init__(self, http_exception: HTTPException) -> None:
        super().__init__("*", self._refuse)
        self._http_exception = http_exception

    @property
    def http_exception(self) -> HTTPException:
        """The exception that it raises."""
        return self._http_exception

    @property
    def status(self) -> int:
        """Its status."""
        return self._http_exception.status

    @property
    def reason(self) -> str:
        """Its reason phrase."""
        return self._http_exception.reason

    @property
    def name(self) -> None:
        return None

    def url_for(self, **parts: Any) -> URL:
        """Raise an error: there is no resource.

        Raises:
            RuntimeError: always.
        """
        raise RuntimeError("a route that leads nowhere has no URL")

    def get_info(self) -> dict[str, Any]:
        """Return the exception."""
        return {"http_exception": self._http_exception}

    async def _refuse(self, request: Asking) -> StreamResponse:
        raise self._http_exception

    def __repr__(self) -> str:
        return f"<SystemRoute {self.status}: {self.reason}>"
