"""Answering an exchange: a request, a handler, a response on its way, and what to do when one of them fails.

It is the hot path of the whole framework, so everything that can be known before a request comes is worked out
before. It knows requests and responses; which handler answers is for whoever selects it.
"""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from muntin.http_core import RemoteProtocolError
from muntin.middleware import describe_callable
from muntin.runner import Exchange
from muntin.web._upgrades import END_UPGRADED
from muntin.web.access_log import AbstractAccessLogger
from muntin.web.exceptions import HTTPException
from muntin.web.response import Response
from muntin.web.stream_response import StreamResponse

__all__ = ["Answering", "Handle"]

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
