"""Servers: the protocol factory for connections, with an application behind it or a bare handler.

It builds the responder of a server; `muntin.runner` accepts the connections.
"""

import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Final

from muntin import runner
from muntin.runner import Exchange, ExchangeHandler
from muntin.web.access_log import AbstractAccessLogger, AccessLogger
from muntin.web.app.application import Application
from muntin.web.content import CLIENT_MAX_FIELDS, CLIENT_MAX_SIZE
from muntin.web.legacy import warn_older
from muntin.web.request.request import BaseRequest, Request, keep_encoded
from muntin.web.routing._handlers import adapt_handler, warn_of_plain_function
from muntin.web.serving.options import overlay, read_server_options
from muntin.web.serving.recovery import PagesOf, Recovery
from muntin.web.serving.responder import Handle, MakeRequest, Responder
from muntin.web.serving.selecting import Selecting

__all__ = ["Server", "make_exchange_handler", "make_server"]

_ACCESS_LOGGER: Final = logging.getLogger("muntin.access")


class Server(runner.Server):
    """Serves requests to connections: the protocol factory that `loop.create_server` wants.

    Args:
        handler: `async (request) -> response`, called with a `BaseRequest`; there is no application around it. Any
            handler of a route can be used.
        request_factory: makes a request of an exchange; None for `BaseRequest`.
        loop: not used: the running one.
        options: as for `run_app`; and `debug`, to show clients the tracebacks of failures.

    Raises:
        TypeError: an option is not known, or excludes `request_factory`; or `handler` is no handler.
    """

    def __init__(
        self,
        handler: Handle,
        *,
        request_factory: Callable[[Exchange], Any] | None = None,
        loop: Any = None,
        **options: Any,
    ) -> None:
        decodes = options.pop("auto_decompress", True)
        if request_factory is not None and not decodes:
            raise TypeError("auto_decompress=False and a request_factory exclude each other")
        make_request: MakeRequest = BaseRequest if decodes else keep_encoded(BaseRequest)
        if (factory := request_factory) is not None:
            make_request = lambda exchange, max_size, max_fields: factory(exchange)  # noqa: E731 - of one line
        adapted = adapt_handler(handler)
        warn_of_plain_function(handler)
        self._start(make_request, lambda request: adapted, options)

    def _start(
        self,
        make_request: MakeRequest,
        select: Callable[[Any], Handle],
        options: dict[str, Any],
        pages_of: PagesOf = lambda request, error: (),
        max_size: int = CLIENT_MAX_SIZE,
        max_fields: int = CLIENT_MAX_FIELDS,
    ) -> None:
        access_log, settings = _take_access_log(options)
        debug = settings.pop("debug", False)
        settings = read_server_options(**settings)
        recovery = Recovery(settings["logger"], pages_of, debug=debug)
        responder = Responder(make_request, select, recovery, max_size, max_fields)
        if access_log is None:
            super().__init__(responder.respond, rejector=responder.refuse, **settings)
        else:
            respond = partial(responder.respond_and_log, access_logger=access_log)
            refuse = partial(responder.refuse_and_log, access_logger=access_log)
            super().__init__(respond, rejector=refuse, **settings)

    def finish_connections(self, timeout: float | None = None) -> Coroutine[Any, Any, None]:
        """End all connections; the older name of `shutdown`."""
        # No coroutine function: the warning is for the line that calls it, not for the loop.
        warn_older("finish_connections()", "web.AppRunner.cleanup()")
        return self.shutdown(timeout)


class _ApplicationServer(Server):
    """Serves an application."""

    def __init__(self, app: Application, **options: Any) -> None:
        app.freeze()
        selecting = Selecting(app)
        decodes = options.pop("auto_decompress", True)
        self._start(
            _request_class_of(app, decodes=decodes),
            selecting.select,
            options,
            selecting.error_pages_of,
            app.client_max_size,
            app.client_max_fields,
        )


def _take_access_log(options: dict[str, Any]) -> tuple[AbstractAccessLogger | None, dict[str, Any]]:
    """Return the access logger, or None if the log is off, and the other options."""
    rest = dict(options)
    kind: type[AbstractAccessLogger] = rest.pop("access_log_class", AccessLogger)
    log_format = rest.pop("access_log_format", AccessLogger.LOG_FORMAT)
    logger: logging.Logger | None = rest.pop("access_log", _ACCESS_LOGGER)
    if logger is None:
        return None, rest
    access_log = kind(logger, log_format)
    return (access_log if access_log.enabled else None), rest


def make_exchange_handler(app: Application) -> ExchangeHandler:
    """Make the handler of exchanges of an application, for any protocol; this freezes the application.

    Args:
        app: the outermost application.
    """
    app.freeze()
    selecting = Selecting(app)
    recovery = Recovery(app.logger, selecting.error_pages_of, debug=app.debug)
    make_request = _request_class_of(app)
    return Responder(
        make_request, selecting.select, recovery, app.client_max_size, app.client_max_fields
    ).respond


def _request_class_of(app: Application, *, decodes: bool = True) -> type[Request]:
    """Return the class of an application's requests."""
    kind: type[Request] = app.request_class or Request
    return kind if decodes else keep_encoded(kind)


@runner.make_server.register
def make_server(app: Application, **options: Any) -> Server:
    """Make a server for an application; this freezes the application.

    Args:
        app: the outermost application.
        options: as for `run_app`; the application's `handler_args` win over them.

    Raises:
        TypeError: an option is not known.
    """
    return _ApplicationServer(
        app, **overlay({"logger": app.logger, "debug": app.debug, **options}, app.handler_args)
    )
