"""Servers: the protocol factory for connections, with an application behind it or a bare handler.

It puts together what answers exchanges; where connections come from is for `muntin.runner`.
"""

import logging
from collections.abc import Callable
from typing import Any, Final

from muntin import runner
from muntin.runner import Exchange, ExchangeHandler
from muntin.web._answering import Answering, Handle
from muntin.web._selecting import Selecting
from muntin.web._server_options import read_server_options
from muntin.web.access_log import AbstractAccessLogger, AccessLogger
from muntin.web.application import Application
from muntin.web.request import BaseRequest, Request

__all__ = ["Server", "make_exchange_handler", "make_server"]

_ACCESS_LOGGER: Final = logging.getLogger("muntin.access")


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


Application.set_server_maker(make_server)
