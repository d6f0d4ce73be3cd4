"""Serving: from an exchange to a request, a handler, and a response on its way.

It is the hot path of the whole framework, so everything that can be known before a request comes is worked out
before. It knows applications and requests; where connections come from is for `muntin.runner`.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from muntin import router as routing
from muntin import runner
from muntin.http_core import DEFAULT_LIMITS, Limits, RemoteProtocolError
from muntin.middleware import describe_callable
from muntin.router import Answer, Matched, MethodNotAllowed
from muntin.runner import DEFAULT_TIMEOUTS, Exchange, ExchangeHandler, Timeouts
from muntin.web._upgrades import END_UPGRADED
from muntin.web.access_log import AbstractAccessLogger, AccessLogger
from muntin.web.application import Application
from muntin.web.exceptions import HTTPException, HTTPMethodNotAllowed, HTTPNotFound
from muntin.web.match_info import MatchInfoError, UrlMappingMatchInfo
from muntin.web.request import BaseRequest, Request
from muntin.web.response import Response
from muntin.web.stream_response import StreamResponse

__all__ = ["Server", "make_exchange_handler", "make_server"]

_LOGGER: Final = logging.getLogger("muntin.server")
_ACCESS_LOGGER: Final = logging.getLogger("muntin.access")

Handle = Callable[[Any], Awaitable[Any]]


class WrongAnswer(TypeError):
    """A handler gave something else than a response."""


class Answering:
    """Answers exchanges: makes requests, runs handlers, sends what they give.

    Args:
        make_request: makes a request of an exchange.
        select: gives the handler for a request.
        logger: where failures are reported.
    """

    __slots__ = ("_logger", "_make_request", "_select")

    def __init__(
        self,
        make_request: Callable[[Exchange], Any],
        select: Callable[[Any], Handle],
        logger: logging.Logger,
    ) -> None:
        self._make_request = make_request
        self._select = select
        self._logger = logger

    async def answer(self, exchange: Exchange) -> None:
        """Answer an exchange."""
        request = self._make_request(exchange)
        try:
            response = await self._select(request)(request)
            # Asking for the class first: an isinstance() of these classes costs as much as half a router.
            if response.__class__ is not Response:
                require_response(response, request)
            if not response.deliver_nowait(request):
                await response.deliver(request)
        except Exception as error:
            await self.recover(request, error)
        except BaseException:
            end_upgraded(None)
            raise

    async def answer_and_log(self, exchange: Exchange, access_logger: AbstractAccessLogger) -> None:
        """Answer an exchange and write a line of the access log."""
        request = self._make_request(exchange)
        response: StreamResponse | None = None
        began = access_logger.now()
        try:
            response = await self._select(request)(request)
            require_response(response, request)
            if not response.deliver_nowait(request):
                await response.deliver(request)
        except Exception as error:
            response = await self.recover(request, error)
        except BaseException:
            end_upgraded(None)
            raise
        if response is not None:
            access_logger.log(request, response, access_logger.now() - began)

    async def recover(self, request: Any, error: Exception) -> StreamResponse | None:
        """Answer what a handler, or the sending of its response, raised; gives the response if there was one.

        Raises:
            ConnectionError: the peer has gone, so there is nobody to answer.
            Exception: a part of the answer was sent, which must not look complete. The protocol below reports
                what it is given, and cuts the connection.
        """
        exchange: Exchange = request.exchange
        is_gone = isinstance(error, ConnectionError) and exchange.is_disconnected
        if is_gone or (exchange.is_started and not exchange.is_finished):
            end_upgraded(error)
            raise error
        response = self._describe_failure(request, error)
        if exchange.is_finished:
            end_upgraded(error)
            return None
        try:
            if not response.deliver_nowait(request):
                await response.deliver(request)
        except Exception as second:
            return await self._give_up(request, second)
        error.__traceback__ = None  # frames would keep the exchange alive until the next collection
        return response

    def _describe_failure(self, request: Any, error: Exception) -> StreamResponse:
        if isinstance(error, HTTPException) and not request.exchange.is_started:
            return error
        if isinstance(error, RemoteProtocolError):
            request.exchange.close_after()
            return Response(status=error.status, text=f"{error.status}: {error.reason}")
        if isinstance(error, WrongAnswer):
            self._logger.error("%s", error)
        else:
            self._logger.error("%r failed", request, exc_info=error)
        return Response(status=500, text="500: Internal Server Error")

    async def _give_up(self, request: Any, error: Exception) -> StreamResponse | None:
        """Answer that not even the response to a failure could be sent."""
        exchange: Exchange = request.exchange
        if exchange.is_started or (isinstance(error, ConnectionError) and exchange.is_disconnected):
            raise error
        self._logger.error("the answer to %r could not be sent", request, exc_info=error)
        plain = Response(status=500, text="500: Internal Server Error")
        request.prepare_signals = ()  # one of them may have failed
        plain.deliver_nowait(request)
        return plain


def end_upgraded(error: Exception | None) -> None:
    """End what the exchange of the current handler was upgraded to, if it was."""
    end = END_UPGRADED.get()
    if end is not None:
        end(error)


def require_response(response: Any, request: Any) -> None:
    """Make sure that a handler gave a response.

    Raises:
        WrongAnswer: it did not; the handler is named.
    """
    if not isinstance(response, StreamResponse):
        info = getattr(request, "match_info", None)
        name = "the handler" if info is None else f"handler {describe_callable(info.handler)}"
        raise WrongAnswer(
            f"{name} (or a middleware) gave {type(response).__name__} instead of a response to {request!r}"
        )


class Selecting:
    """Finds the handler for a request of an application.

    Args:
        app: the outermost application, frozen.
    """

    __slots__ = ("_app", "_match", "_router")

    def __init__(self, app: Application) -> None:
        self._app = app
        self._router = app.router
        self._match = app.router.match

    @property
    def select(self) -> Callable[[Request], Handle]:
        """What gives the handler; chosen by what the router needs to know."""
        if self._router.is_pure:
            return self.select_by_path
        return self.select_later if _has_foreign_resources(self._router) else self.select_by_host

    def select_by_path(self, request: Request) -> Handle:
        """Give the handler where method and path decide."""
        answer = self._match(request.method, request.target.path)
        if answer.__class__ is Matched and request.exchange.head.expect is None:
            route: Any = answer.route
            pipeline = route.pipeline
            if pipeline is not None:
                request.bind(UrlMappingMatchInfo(answer.values, route, pipeline))
                return pipeline.handler  # type: ignore[no-any-return]  # the router does not know what handlers are
        return self._settle(request, answer)

    def select_by_host(self, request: Request) -> Handle:
        """Give the handler where the host counts as well."""
        return self._settle(request, self._match(request.method, request.target.path, request.host))

    def select_later(self, request: Request) -> Handle:
        """Give what looks for the handler, as resources have to be awaited."""
        return self._find_and_run

    async def _find_and_run(self, request: Request) -> Any:
        answer = await self._router.find(request.method, request.target.path, request.host, request)
        return await self._settle(request, answer)(request)

    def _settle(self, request: Request, answer: Answer[Any]) -> Handle:
        info: UrlMappingMatchInfo
        if isinstance(answer, Matched):
            route: Any = answer.route
            pipeline = self._app.pipeline_of(route)
            described = answer.variables
            if isinstance(described, UrlMappingMatchInfo):
                info = described
                info.attach(pipeline)
            else:
                info = UrlMappingMatchInfo(answer.values, route, pipeline)
        else:
            pipeline = self._app.pipeline_of_refusal(answer.mounts)
            refused = (
                HTTPMethodNotAllowed(request.method, answer.allowed)
                if isinstance(answer, MethodNotAllowed)
                else HTTPNotFound()
            )
            info = MatchInfoError(refused, pipeline)
        request.bind(info)
        return pipeline.handler if request.exchange.head.expect is None else _expect


async def _expect(request: Request) -> Any:
    """Answer the expectation of a request, then run its handler."""
    info = request.match_info
    if info.http_exception is None:
        response = await info.route.handle_expect_header(request)
        if response is not None:
            return response
        # Who let the request go on has answered; reading the body must not do so again.
        request.exchange.waive_continue()
    return await info.run(request)


def _has_foreign_resources(router: Any) -> bool:
    for resource in router.resources():
        if isinstance(resource, routing.Mount):
            if _has_foreign_resources(resource.router):
                return True
        elif not isinstance(resource, routing.Resource):
            return True
    return False


# Arguments of servers, by their documented names

_LIMITS: Final = {
    "max_line_size": "request_line",
    "max_field_size": "field_line",
    "max_headers": "field_count",
}
_TIMEOUTS: Final = {"keepalive_timeout": "keep_alive", "lingering_time": "drain"}
_WITHOUT_EFFECT: Final = frozenset(
    ("auto_decompress", "debug", "read_bufsize", "tcp_keepalive", "timeout_ceil_threshold")
)
"""Documented arguments for which there is nothing to set: how the reader buffers, or how timers are rounded."""


def read_server_options(
    *,
    limits: Limits = DEFAULT_LIMITS,
    timeouts: Timeouts = DEFAULT_TIMEOUTS,
    logger: logging.Logger = _LOGGER,
    handler_cancellation: bool = False,
    **documented: Any,
) -> dict[str, Any]:
    """Give the options of `muntin.runner.Server` for the documented arguments.

    Raises:
        TypeError: an argument is not known.
    """
    unknown = documented.keys() - _LIMITS.keys() - _TIMEOUTS.keys() - _WITHOUT_EFFECT
    if unknown:
        raise TypeError(f"a server has no argument {', '.join(sorted(unknown))}")
    changed = {_LIMITS[name]: value for name, value in documented.items() if name in _LIMITS}
    waits = {_TIMEOUTS[name]: value for name, value in documented.items() if name in _TIMEOUTS}
    return {
        "limits": replace(limits, **changed) if changed else limits,
        "timeouts": replace(timeouts, **waits) if waits else timeouts,
        "logger": logger,
        "handler_cancellation": handler_cancellation,
    }


class Server(runner.Server):
    """Serves requests to connections: the protocol factory that `loop.create_server` wants.

    Args:
        handler: `async (request) -> response`, called with a `BaseRequest`; there is no application around it.
        request_factory: makes a request of an exchange; None for `BaseRequest`.
        access_log_class: what writes the access log.
        access_log: where it writes; None for nowhere.
        access_log_format: what it writes.
        options: as for `run_app`.

    Raises:
        TypeError: an argument is not known.
    """

    def __init__(
        self,
        handler: Handle,
        *,
        request_factory: Callable[[Exchange], Any] | None = None,
        select: Callable[[Any], Handle] | None = None,
        access_log_class: type[AbstractAccessLogger] = AccessLogger,
        access_log: logging.Logger | None = _ACCESS_LOGGER,
        access_log_format: str = AccessLogger.LOG_FORMAT,
        loop: Any = None,
        **options: Any,
    ) -> None:
        del loop  # the running one
        options = read_server_options(**options)
        answering = Answering(
            request_factory or BaseRequest,
            select or (lambda request: handler),
            options["logger"],
        )
        answer: Callable[[Exchange], Any] = answering.answer
        if access_log is not None:
            access_logger = access_log_class(access_log, access_log_format)
            if access_logger.enabled:

                async def answer(exchange: Exchange) -> None:
                    await answering.answer_and_log(exchange, access_logger)

        super().__init__(answer, **options)

    async def finish_connections(self, timeout: float | None = None) -> None:
        """End all connections; the older name of `shutdown`."""
        await self.shutdown(timeout)


def make_exchange_handler(app: Application) -> ExchangeHandler:
    """Give what answers exchanges for an application, whatever protocol they come by; it is frozen by that.

    Args:
        app: the outermost application.
    """
    app.freeze()
    return Answering(_request_factory(app), Selecting(app).select, app.logger).answer


def _request_factory(app: Application) -> Callable[[Exchange], Request]:
    max_size, max_fields = app.client_max_size, app.client_max_fields
    return lambda exchange: Request(exchange, max_size, max_fields)


def make_server(app: Application, **options: Any) -> Server:
    """Give a server for an application; it is frozen by that.

    Args:
        app: the outermost application.
        options: as for `run_app`; they win over the application's `handler_args`.

    Raises:
        TypeError: an option is not known.
    """
    app.freeze()
    return Server(
        _never,
        request_factory=_request_factory(app),
        select=Selecting(app).select,
        **{"logger": app.logger, **app.handler_args, **options},
    )


async def _never(request: Any) -> Any:
    raise LookupError("an application selects its handlers")


Application.server_maker = staticmethod(make_server)
