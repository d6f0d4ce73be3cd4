"""`aiohttp.web_protocol`: the connection, and the errors of bodies."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from muntin import web
from muntin.runner import Exchange
from muntin.web import PayloadAccessError, RequestHandler, RequestPayloadError

__all__ = ["PayloadAccessError", "Protocol", "RequestHandler", "RequestPayloadError", "Writer"]

MAX_MSG_QUEUE_SIZE: Final = 32
"""How many pipelined requests wait; read by tests of WebSockets."""

_LOGGER: Final = logging.getLogger("muntin.web")

# The types of its handlers, which `aiohttp.test_utils` imports for its annotations.
_RequestHandler = Callable[[Any], Awaitable[Any]]
_RequestFactory = Callable[..., Any]


class Protocol:
    """The connection of a request, as far as plugins use it.

    Args:
        request: the request.
    """

    def __init__(self, request: web.BaseRequest) -> None:
        self._request = request

    @property
    def logger(self) -> logging.Logger:
        """Where failures are reported."""
        return _LOGGER

    @property
    def transport(self) -> Any:
        """The transport; None when the peer is gone."""
        return self._request.transport

    @property
    def connected(self) -> bool:
        """True unless the peer is gone."""
        return self.transport is not None

    def force_close(self) -> None:
        """Close the connection after this exchange."""
        self._request.exchange.close_after()

    def close(self) -> None:
        """Close the connection after this exchange."""
        self.force_close()


class Writer:
    """Where plugins send what comes before a response.

    Args:
        exchange: of the request.
    """

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange
        self.output_size = 0
        """How many bytes were sent; some set it back to 0."""

    async def write(self, data: bytes) -> None:
        """Send 100 (Continue), the one thing that comes before a response.

        Raises:
            RuntimeError: it is something else.
        """
        if not data.startswith(b"HTTP/1.1 100 "):
            raise RuntimeError(
                "before a response, only 100 (Continue) can be sent: return a response instead"
            )
        self._exchange.inform(100)
