"""Refusing requests while too many are being handled.

The wrapper is used only where a server has such a cap, so that other servers pay nothing for it.
"""

from typing import Final

from muntin.http_core import ResponseHead
from muntin.runner.exchange import Exchange, ExchangeHandler

__all__ = ["RETRY_AFTER", "Admission"]

RETRY_AFTER: Final = ("Retry-After", "1")
"""When to try again (seconds; RFC 9110 §10.2.3). Requests under way end soon, and a client that waits longer than
needed loses little."""

_BUSY = ResponseHead(503, [("Content-Type", "text/plain; charset=utf-8"), RETRY_AFTER])


class Admission:
    """Runs a handler for a limited number of exchanges at a time, and responds 503 to the others.

    Args:
        handler: handles the exchanges that are admitted.
        most: how many are handled at a time.
    """

    __slots__ = ("_handler", "_most", "_under_way")

    def __init__(self, handler: ExchangeHandler, most: int) -> None:
        self._handler = handler
        self._most = most
        self._under_way = 0

    async def handle(self, exchange: Exchange) -> None:
        """Run the handler for an exchange, or respond 503."""
        if self._under_way >= self._most:
            exchange.respond(_BUSY, b"503: Service Unavailable")
            return
        self._under_way += 1
        try:
            await self._handler(exchange)
        finally:
            self._under_way -= 1
