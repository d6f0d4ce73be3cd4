"""Recovery: the response to a request whose handler failed, or whose response could not be sent."""

import logging
from collections.abc import Callable, Iterable
from typing import Any

from muntin.http_core import RemoteProtocolError
from muntin.middleware.callables import describe_callable
from muntin.runner import Exchange
from muntin.web.app.error_pages import ErrorPage, ErrorPages
from muntin.web.legacy import warn_of_returned
from muntin.web.response.exceptions import HTTPException, exception_of
from muntin.web.response.served_request import EndUpgraded
from muntin.web.response.stream import StreamResponse
from muntin.web.response.whole import Response

__all__ = ["NotAResponse", "PagesOf", "Recovery", "end_upgraded", "require_response"]

PagesOf = Callable[[Any, Exception], Iterable[ErrorPages]]
"""Returns the error pages for a request, the nearest first."""


class NotAResponse(Exception):
    """A handler returned something else than a response."""


class Recovery:
    """Responds to the errors of handlers.

    Args:
        logger: where failures are reported.
        pages_of: returns the error pages for a request.
        debug: whether clients are shown tracebacks.
    """

    __slots__ = ("_debug", "_logger", "_pages_of")

    def __init__(
        self, logger: logging.Logger, pages_of: PagesOf = lambda request, error: (), *, debug: bool = False
    ) -> None:
        self._logger = logger
        self._pages_of = pages_of
        self._debug = debug

    def can_recover(self, request: Any, error: Exception) -> bool:
        """Return whether a response to the error can still be sent.

        If not, the peer has gone, or a part of the response was sent, which must not look complete: the error has to be
        raised on by whoever caught it, to the protocol below, which reports it and cuts the connection. Not from here:
        a frame that an error goes through must not have it among its variables, or both would wait for the collector
        of cycles, with the request and its body.
        """
        exchange: Exchange = request.exchange
        if _is_gone(exchange, error) or (exchange.is_started and not exchange.is_finished):
            end_upgraded(request, error)
            return False
        return True

    async def recover(self, request: Any, error: Exception) -> StreamResponse | None:
        """Respond to an error of a handler, or of sending its response, if `can_recover` returned True.

        Returns:
            The response; None if one had been sent already.

        Raises:
            Exception: this response could not be sent either.
        """
        exchange: Exchange = request.exchange
        if exchange.is_finished:
            if end_upgraded(request, error):
                return Response(status=101)  # the response that was sent, for the access log
            self._report(request, error)
            return None
        response = await self._make_response(request, error)
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

    async def _make_response(self, request: Any, error: Exception) -> StreamResponse:
        if isinstance(error, RemoteProtocolError):
            request.exchange.close_after()
            error = exception_of(error, request.client_max_size)
        page, is_expected = self._find_page(request, error)
        if not isinstance(error, HTTPException) and not is_expected:
            self._report(request, error)
            if self._debug:
                from muntin.web.serving.debug_page import describe_exception  # noqa: PLC0415 - never in production

                return describe_exception(request, error)
        response = None if page is None else await self._open_page(page, request, error)
        if response is not None:
            return response
        return error if isinstance(error, HTTPException) else _plain()

    def _find_page(self, request: Any, error: Exception) -> tuple[ErrorPage | None, bool]:
        """Return the page for an error, and whether it was registered for this kind of error."""
        for pages in self._pages_of(request, error):
            page = pages.find(error)
            if page is not None:
                return page, pages.expects(error)
        return None, False

    async def _open_page(self, page: ErrorPage, request: Any, error: Exception) -> StreamResponse | None:
        """Return the response of a page; None if the page fails."""
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
            self._logger.error("the error page %s returned %s instead of a response", name, kind)
            return None
        _pass_on_fields(error, response)
        return response

    def _report(self, request: Any, error: Exception) -> None:
        if isinstance(error, NotAResponse):
            self._logger.error("%s", error)
        else:
            self._logger.error("%r failed", request, exc_info=error)

    def _give_up(self, request: Any, error: Exception) -> StreamResponse | None:
        """Send a plain 500 if the response to a failure could not be sent; return None if no response can be sent."""
        exchange: Exchange = request.exchange
        if exchange.is_started or _is_gone(exchange, error):
            return None
        self._logger.error("the response to %r could not be sent", request, exc_info=error)
        plain = _plain()
        request.prepare_signals = ()  # one of them may have failed
        plain.deliver_nowait(request)
        return plain


def _plain() -> Response:
    return Response(status=500, text="500: Internal Server Error")


def _is_gone(exchange: Exchange, error: Exception) -> bool:
    return isinstance(error, ConnectionError) and exchange.is_disconnected


def _pass_on_fields(error: Exception, response: StreamResponse) -> None:
    """Add the fields that the status requires to the response of a page: Allow, WWW-Authenticate, Retry-After …"""
    if not isinstance(error, HTTPException) or response is error or response.prepared:
        return
    if response.status == error.status:
        missing = [
            (name, value)
            for name, value in error.headers.items()
            if name not in response.headers and not name.lower().startswith("content-")
        ]
        response.headers.extend(missing)


def end_upgraded(request: Any, error: Exception | None) -> bool:
    """End the protocol that the exchange of a request was upgraded to, if it was, as the handler has ended.

    Args:
        request: whose handler has ended.
        error: what the handler raised; None if it was cancelled.

    Returns:
        True if the error only says that this protocol has ended, which is no failure of the handler.
    """
    end: EndUpgraded | None = request.end_upgraded
    return end is not None and end(error)


def require_response(response: Any, request: Any) -> None:
    """Check that a handler returned a response; raise an exception that it returned.

    Raises:
        NotAResponse: it returned something else; the handler is named.
        HTTPException: it returned one that was not sent yet.
    """
    if isinstance(response, HTTPException):
        _advise_raising(response, request)
        if not response.prepared:
            raise response
    elif not isinstance(response, StreamResponse):
        info = getattr(request, "match_info", None)
        name = "the handler" if info is None else f"handler {describe_callable(info.handler)}"
        raise NotAResponse(
            f"{name} (or a middleware) returned {type(response).__name__} instead of a response to {request!r}"
        )


def _advise_raising(exception: HTTPException, request: Any) -> None:
    info = getattr(request, "match_info", None)
    # A middleware returned the exception of the router: its line is not known.
    if info is not None and info.http_exception is None and info.current_app.debug:
        warn_of_returned(exception, info.handler)
