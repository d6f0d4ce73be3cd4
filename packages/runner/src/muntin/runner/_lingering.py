"""The last stretch of a connection: our last response is out, and the peer may still be sending.

A socket that is closed while bytes wait in it, or before they come, resets its connection, and a reset throws away what
the peer has not read yet (RFC 9112 §9.6). So what comes is read and dropped, until the peer has taken the response and
has been silent for a while: whoever sends without a look at what comes reads our response when it is through. That
has a bound.
"""

from math import inf

__all__ = ["Lingering"]


class Lingering:
    """What a peer has sent since our last response.

    Args:
        limit: how long it may go on sending, from when it has taken the response (seconds).
    """

    __slots__ = ("_limit", "_seen", "_until", "dropped")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._until = inf
        self._seen = 0
        self.dropped = 0
        """Bytes that came, and were dropped."""

    def begin(self, now: float) -> None:
        """Note that the peer has taken the response."""
        self._until = now + self._limit
        self._seen = self.dropped

    def stop_extending(self) -> None:
        """Let this stretch of time be the last."""
        self._limit = 0.0
        self._until = min(self._until, 0.0)

    def is_over(self, now: float) -> bool:
        """Return whether nothing came in the stretch of time that is over, or there has been enough of them."""
        is_silent = self.dropped == self._seen
        self._seen = self.dropped
        return is_silent or now >= self._until
