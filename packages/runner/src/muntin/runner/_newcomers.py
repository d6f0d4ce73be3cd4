"""Connections without a first request yet when a process is replaced by another.

Their peers are about to send a request. If the connection were closed then, a client would have no reason to try again:
RFC 9112 §9.3.1 lets it retry only on connections that were used before.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from muntin.runner._connection import Http1Connection

__all__ = ["Newcomers"]


class Newcomers:
    """The connections whose first request is waited for; none before `protect` is called."""

    def __init__(self) -> None:
        self.are_protected = False
        self._waiting: set[Http1Connection] = set()
        self._all_gone: asyncio.Future[None] | None = None

    def protect(self, connections: Iterable[Http1Connection]) -> None:
        """Wait from now on for those of the connections that had no request yet, and for new ones."""
        self.are_protected = True
        self._waiting.update(connection for connection in connections if connection.is_new)

    def add(self, connection: Http1Connection) -> None:
        """Wait for a new connection, too."""
        self._waiting.add(connection)

    def drop(self, connection: Http1Connection) -> None:
        """Stop waiting for a lost connection."""
        self._waiting.discard(connection)

    def check_empty(self, arriving: int) -> None:
        """End the wait if no such connection is left.

        Args:
            arriving: number of accepted sockets that have no connection yet.
        """
        if not (self._waiting or arriving) and self._all_gone is not None and not self._all_gone.done():
            self._all_gone.set_result(None)

    async def wait(self, arriving: int, timeout: float) -> None:
        """Wait until all had their first response, or are gone; at most `timeout` seconds."""
        self._all_gone = asyncio.get_running_loop().create_future()
        self.check_empty(arriving)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._all_gone
