"""The responder: it makes the request of an exchange, runs its handler, and sends the response.

This is the hot path of the framework, so everything that is known before a request comes is computed before.
`selecting` selects the handler, and `recovery` responds if it fails.
"""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from muntin.http_core import Rejected, RemoteProtocolError
from muntin.runner import Exchange
from muntin.web.access_log import AbstractAccessLogger
from muntin.web.response.exceptions import HTTPBadRequest, HTTPException, exception_of
from muntin.web.response.stream import StreamResponse
from muntin.web.response.whole import Response
from muntin.web.serving.recovery import Recovery, end_upgraded, require_response
from muntin.web.serving.sent_response import SentResponse

__all__ = ["Handle", "MakeRequest", "Responder"]

Handle = Callable[[Any], Awaitable[Any]]
MakeRequest = Callable[[Exchange, int, int], Any]
"""Makes a request of an exchange, the largest body to read whole (bytes), and the most fields of a form."""

_MOST_SENDABLE: Final = 256
"""Classes to remember: a program may make new ones as it runs."""


class Responder:
    """Responds to exchanges: makes requests, runs handlers, sends their responses.

    Args:
        make_request: makes a request of an exchange.
        select: returns the handler for a request.
        recovery: responds to errors of handlers.
        max_size: of the requests.
        max_fields: of the requests.
    """

    __slots__ = (
        "_can_recover",
        "_make_request",
        "_max_fields",
        "_max_size",
        "_recover",
        "_select",
        "_sendable",
    )

    def __init__(
        self,
        make_request: MakeRequest,
        select: Callable[[Any], Handle],
        recovery: Recovery,
        max_size: int,
        max_fields: int,
    ) -> None:
        self._max_size = max_size
        self._max_fields = max_fields
        self._make_request = make_request
        self._select = select
        self._sendable: set[type] = {Response}
        """Classes of responses that are sent as a handler returns them, as far as they were met."""
        self._can_recover = recovery.can_recover
        self._recover = recovery.recover

    async def respond(self, exchange: Exchange) -> None:
        """Handle the request of an exchange and send the response."""
        request = self._make_request(exchange, self._max_size, self._max_fields)
        try:
            response = await self._select(request)(request)
            # The class is looked up first: isinstance() of these classes costs as much as half a router.
            if response.__class__ not in self._sendable:
                self._require_response(response, request)
            if not response.deliver_nowait(request):
                await response.deliver(request)
        except Exception as error:
            if not self._can_recover(request, error):
                raise
            await self._recover(request, error)
        except BaseException:
            end_upgraded(request, None)
            raise

    async def respond_and_log(self, exchange: Exchange, access_logger: AbstractAccessLogger) -> None:
        """Do the same, and write a line of the access log, also if the response fails."""
        request = self._make_request(exchange, self._max_size, self._max_fields)
        sent: StreamResponse | None = None
        began = access_logger.now()
        try:
            response = await self._select(request)(request)
            if response.__class__ not in self._sendable:
                self._require_response(response, request)
            if not response.deliver_nowait(request):
                await response.deliver(request)
            sent = response
        except Exception as error:
            if not self._can_recover(request, error):
                raise
            sent = await self._recover(request, error)
        except BaseException:
            end_upgraded(request, None)
            raise
        finally:
            if sent is None:
                sent = SentResponse(exchange)
            access_logger.log(request, sent, access_logger.now() - began)

    def _require_response(self, response: Any, request: Any) -> None:
        """Check what a handler returned, and remember its class if it is to be sent as it is."""
        require_response(response, request)
        if not isinstance(response, HTTPException) and len(self._sendable) < _MOST_SENDABLE:
            self._sendable.add(response.__class__)

    async def refuse(self, exchange: Exchange, rejected: Rejected) -> None:
        """Respond to a request that could not be parsed."""
        await self._refuse(self._make_request(exchange, self._max_size, self._max_fields), rejected)

    async def refuse_and_log(
        self, exchange: Exchange, rejected: Rejected, access_logger: AbstractAccessLogger
    ) -> None:
        """Respond to a request that could not be parsed, and write a line of the access log."""
        request = self._make_request(exchange, self._max_size, self._max_fields)
        began = access_logger.now()
        response = await self._refuse(request, rejected)
        if response is not None:
            access_logger.log(request, response, access_logger.now() - began)

    async def _refuse(self, request: Any, rejected: Rejected) -> StreamResponse | None:
        fault = RemoteProtocolError(rejected.status, rejected.reason)
        error = exception_of(fault, request.client_max_size, malformed=HTTPBadRequest)
        return await self._recover(request, error)
