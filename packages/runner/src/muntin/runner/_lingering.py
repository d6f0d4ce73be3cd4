"""The last part of a connection: the last response was sent, and the peer may still be sending.

If a socket is closed while received bytes wait in it, or before further bytes arrive, the system resets the connection,
and a reset throws away what the peer has not read yet (RFC 9112 §9.6). So incoming bytes are read and dropped until the
peer has received the response and has been silent for a while: a client that reads only after it has sent everything
still finds the response. The whole time is bounded.
"""

import asyncio
from math import inf

__all__ = ["Lingering", "end_side"]


class Lingering:
    """Measures what a peer sends after the last response.

    Args:
        limit: how long it may go on sending, from when it has received the response (seconds).
    """

    __slots__ = ("_limit", "_seen", "_until", "dropped")

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._until = inf
        self._seen = 0
        self.dropped = 0
        """Bytes received and dropped."""

    def begin(self, now: float) -> None:
        """Start the time limit: the peer has received the response."""
        self._until = now + self._limit
        self._seen = self.dropped

    def stop_extending(self) -> None:
        """Make the current wait the last one."""
        self._limit = 0.0
        self._until = min(self._until, 0.0)

    def is_over(self, now: float) -> bool:
        """Return True if nothing arrived during the last wait, or the time limit is over."""
        is_silent = self.dropped == self._seen
        self._seen = self.dropped
        return is_silent or now >= self._until


def end_side(transport: asyncio.Transport) -> bool:
    """Send our end where the transport can; return False if the peer has reset the connection."""
    if transport.can_write_eof():
        try:
            transport.write_eof()
        except OSError:
            # The loop has not noticed the reset yet.
            return False
    return True
