"""Which connections a server that stops waits for, and for how long.

It waits for work only: a running handler, an upgraded protocol, a response that the peer has not received yet. An
incomplete request head, the rest of a body after its response, and a TLS handshake are not work. Such connections have
a short grace period, for bytes that are on their way, and are cut after it.
"""

from collections.abc import Iterable
from typing import Final

from muntin.runner._connection import Http1Connection
from muntin.runner._lifecycle import Phase
from muntin.runner._peer import count_undelivered

__all__ = ["CHECK_INTERVAL", "OverdueConnections"]

_GRACE: Final = 0.5
"""How long a connection without work is kept (seconds): two round trips around the world, for the last packet of a head
or of a handshake, or for the end of the peer's side."""
CHECK_INTERVAL: Final = 0.1
"""How often a stopping server checks whether there is still work (seconds)."""

_AT_WORK: Final = (Phase.HANDLING, Phase.UPGRADED)
_BEFORE_WORK: Final = (Phase.IDLE, Phase.HEAD)


class OverdueConnections:
    """Records since when connections have been without work."""

    def __init__(self) -> None:
        self._idle: set[Http1Connection] = set()
        self._idle_since: dict[Http1Connection, float] = {}

    def record_idle(self, connections: Iterable[Http1Connection]) -> None:
        """Record connections that are idle before they are closed: their peers have received every response."""
        self._idle.update(
            each for each in connections if each.phase is Phase.IDLE and not count_undelivered(each.transport)
        )

    def find_overdue(self, connections: Iterable[Http1Connection], now: float) -> list[Http1Connection]:
        """Return the connections without work for longer than the grace period, by the loop's time (seconds)."""
        idle = [each for each in connections if not self._is_busy(each)]
        self._idle_since = {each: self._idle_since.get(each, now) for each in idle}
        return [each for each, since in self._idle_since.items() if now - since >= _GRACE]

    def _is_busy(self, connection: Http1Connection) -> bool:
        if connection.phase in _AT_WORK or connection.exchange is not None:
            return True
        if connection.phase in _BEFORE_WORK or connection in self._idle:
            return False
        return count_undelivered(connection.transport) > 0

    def forget(self, connection: Http1Connection) -> None:
        """Forget a lost connection."""
        self._idle.discard(connection)
        self._idle_since.pop(connection, None)
