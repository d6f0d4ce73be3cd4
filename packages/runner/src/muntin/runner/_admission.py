"""Turning requests away while too many are under way, and what is said to whoever is turned away.

It wraps a handler only where a server has such a cap: others pay nothing.
"""

from typing import Final

from muntin.http_core import ResponseHead
from muntin.runner.exchange import Exchange, ExchangeHandler

__all__ = ["RETRY_AFTER", "Admission"]

RETRY_AFTER: Final = ("Retry-After", "1")
"""When to ask again (seconds; RFC 9110 §10.2.3): what is under way ends soon, and who waits longer than needed loses
little."""

_BUSY = ResponseHead(503, [("Content-Type", "text/plain; charset=utf-8"), RETRY_AFTER])


class Admission:
    """Lets a handler run for so many exchanges at a time, and answers the others by 503.

    Args:
        handler: what answers an exchange that is let in.
        most: how many are under way at a time.
    """

    __slots__ = ("_handler", "_most", "_under_way")

    def __init__(self, handler: ExchangeHandler, most: int) -> None:
        self._handler = handler
        self._most = most
        self._under_way = 0

    async def handle(self, exchange: Exchange) -> None:
        """Answer an exchange."""
        if self._under_way >= self._most:
            exchange.respond(_BUSY, b"503: Service Unavailable")
            return
        self._under_way += 1
        try:
            await self._handler(exchange)
        finally:
            self._under_way -= 1
