"""What answers a request whose handler failed, or whose answer could not be sent.

It knows errors, their pages and what may be told of them. How a request comes to its handler is for `answering`.
"""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from muntin.http_core import RemoteProtocolError
from muntin.middleware.callables import describe_callable
from muntin.runner import Exchange
from muntin.web.error_pages import ErrorPage, ErrorPages
from muntin.web.legacy import warn_of_returned
from muntin.web.response.exceptions import HTTPException, exception_of
from muntin.web.response.stream import StreamResponse
from muntin.web.response.upgrades import END_UPGRADED
from muntin.web.response.whole import Response

__all__ = ["NotAResponse", "PagesOf", "Recovery", "end_upgraded", "require_response"]

PagesOf = Callable[[Any, Exception], Iterable[ErrorPages]]
"""Gives the error pages that concern a request, the first choice first."""


class NotAResponse(Exception):
    """A handler gave something else than a response."""


class Recovery:
    """Answers what handlers raise.

    Args:
        logger: where failures are reported.
        pages_of: gives the error pages that concern a request.
        debug: whether the client is shown what went wrong.
    """

    __slots__ = ("_debug", "_logger", "_pages_of")

    def __init__(
        self, logger: logging.Logger, pages_of: PagesOf = lambda request, error: (), *, debug: bool = False
    ) -> None:
        self._logger = logger
        self._pages_of = pages_of
        self._debug = debug

    def can_recover(self, request: Any, error: Exception) -> bool:
        """Return whether there is somebody to answer, and something that can be answered.

        If not, the peer has gone, or a part of the response was sent, which must not look complete: the error has to be
        raised on by whoever caught it, to the protocol below, which reports it and cuts the connection. Not from here:
        a frame that an error goes through must not have it among its variables, or both would wait for the collector
        of cycles, with the request and its body.
        """
        exchange: Exchange = request.exchange
        if _is_gone(exchange, error) or (exchange.is_started and not exchange.is_finished):
            end_upgraded(error)
            return False
        return True

    async def recover(self, request: Any, error: Exception) -> StreamResponse | None:
        """Answer what a handler, or the sending of its response, raised, after `can_recover` said so.

        Returns:
            The response, if there was one.

        Raises:
            Exception: not even that could be sent.
        """
        exchange: Exchange = request.exchange
        if exchange.is_finished:
            if end_upgraded(error):
                return Response(status=101)  # that was the answer, for who logs it
            self._report(request, error)
            return None
        response = await self._make_answer(request, error)
        if isinstance(response, HTTPException):
            response = response.copy_to_send()
        if isinstance(error, HTTPException):
            error.forget_request()
        try:
            if not response.deliver_nowait(request):
                await response.deliver(request)
        except Exception as second:
            plain = self._give_up(request, second)
            if plain is None:
                raise
            response = plain
        error.__traceback__ = None  # frames would keep the exchange alive until the next collection
        return response

    async def _make_answer(self, request: Any, error: Exception) -> StreamResponse:
        if isinstance(error, RemoteProtocolError):
            request.exchange.close_after()
            error = exception_of(error, request.client_max_size)
        page, is_expected = self._find_page(request, error)
        is_answer = isinstance(error, HTTPException)
        if not is_answer and not is_expected:
            self._report(request, error)
            if self._debug:
                from muntin.web._server.debug_page import describe_exception  # noqa: PLC0415 - never in production

                return describe_exception(request, error)
        answer = None if page is None else await self._open_page(page, request, error)
        if answer is not None:
            return answer
        return error if isinstance(error, HTTPException) else _plain()

    def _find_page(self, request: Any, error: Exception) -> tuple[ErrorPage | None, bool]:
        """Give the page for an error, and whether it is for just this kind."""
        for pages in self._pages_of(request, error):
            page = pages.find(error)
            if page is not None:
                return page, pages.expects(error)
        return None, False

    async def _open_page(self, page: ErrorPage, request: Any, error: Exception) -> StreamResponse | None:
        """Give what a page answers; None when it fails itself."""
        try:
            response = await page(request, error)
        except HTTPException as raised:
            response = raised
        except Exception as failure:
            if _is_gone(request.exchange, failure):
                raise
            self._logger.error("the error page %s failed", describe_callable(page), exc_info=failure)
            return None
        if not isinstance(response, StreamResponse):
            name, kind = describe_callable(page), type(response).__name__
            self._logger.error("the error page %s gave %s instead of a response", name, kind)
            return None
        _pass_on_fields(error, response)
        return response

    def _report(self, request: Any, error: Exception) -> None:
        if isinstance(error, NotAResponse):
            self._logger.error("%s", error)
        else:
            self._logger.error("%r failed", request, exc_info=error)

    def _give_up(self, request: Any, error: Exception) -> StreamResponse | None:
        """Answer that not even the response to a failure could be sent; None where that cannot be sent either."""
        exchange: Exchange = request.exchange
        if exchange.is_started or _is_gone(exchange, error):
            return None
        self._logger.error("the answer to %r could not be sent", request, exc_info=error)
        plain = _plain()
        request.prepare_signals = ()  # one of them may have failed
        plain.deliver_nowait(request)
        return plain


def _plain() -> Response:
    return Response(status=500, text="500: Internal Server Error")


def _is_gone(exchange: Exchange, error: Exception) -> bool:
    return isinstance(error, ConnectionError) and exchange.is_disconnected


def _pass_on_fields(error: Exception, response: StreamResponse) -> None:
    """Give a page's answer what the status demands: Allow, WWW-Authenticate, Retry-After …"""
    if not isinstance(error, HTTPException) or response is error or response.prepared:
        return
    if response.status == error.status:
        missing = [
            (name, value)
            for name, value in error.headers.items()
            if name not in response.headers and not name.lower().startswith("content-")
        ]
        response.headers.extend(missing)


def end_upgraded(error: Exception | None) -> bool:
    """End what the exchange of the current handler was upgraded to, if it was, and tell whether that is the end of it:
    the error is no failure of the handler.
    """
    end = END_UPGRADED.get()
    return end is not None and end(error)


def require_response(response: Any, request: Any) -> None:
    """Make sure that a handler gave a response; an exception that it gave is raised, which comes to the same.

    Raises:
        NotAResponse: it did not; the handler is named.
        HTTPException: it gave that, not sent yet.
    """
    if isinstance(response, HTTPException):
        _advise_raising(response, request)
        if not response.prepared:
            raise response
    elif not isinstance(response, StreamResponse):
        info = getattr(request, "match_info", None)
        name = "the handler" if info is None else f"handler {describe_callable(info.handler)}"
        raise NotAResponse(
            f"{name} (or a middleware) gave {type(response).__name__} instead of a response to {request!r}"
        )


def _advise_raising(exception: HTTPException, request: Any) -> None:
    info = getattr(request, "match_info", None)
    # What the router raised, a middleware has returned, and the line of that is not known.
    if info is not None and info.http_exception is None and info.current_app.debug:
        warn_of_returned(exception, info.handler)
