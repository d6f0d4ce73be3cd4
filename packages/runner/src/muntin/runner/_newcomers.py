"""Connections on which nothing was asked yet when a process was told to make room for another.

Their peers were let in and are about to ask: closing would be the response to the first request of a client that knows
of no reason to ask again (RFC 9112 §9.3.1 is about connections that were used before).
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from muntin.runner._connection import Http1Connection

__all__ = ["Newcomers"]


class Newcomers:
    """Those that somebody waits for; there are none before `protect`."""

    def __init__(self) -> None:
        self.are_protected = False
        self._waiting: set[Http1Connection] = set()
        self._all_gone: asyncio.Future[None] | None = None

    def protect(self, connections: Iterable[Http1Connection]) -> None:
        """From now on, wait for those among some connections on which nothing was asked, and for those that come."""
        self.are_protected = True
        self._waiting.update(connection for connection in connections if connection.is_new)

    def add(self, connection: Http1Connection) -> None:
        """Wait for one that came meanwhile."""
        self._waiting.add(connection)

    def drop(self, connection: Http1Connection) -> None:
        """Wait no more for one that is gone."""
        self._waiting.discard(connection)

    def check_empty(self, arriving: int) -> None:
        """End the waiting where none is left.

        Args:
            arriving: how many were accepted that are no connections yet.
        """
        if not (self._waiting or arriving) and self._all_gone is not None and not self._all_gone.done():
            self._all_gone.set_result(None)

    async def wait(self, arriving: int, timeout: float) -> None:
        """Wait until all have asked and were answered, or are gone; for no longer than a time (seconds)."""
        self._all_gone = asyncio.get_running_loop().create_future()
        self.check_empty(arriving)
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._all_gone
