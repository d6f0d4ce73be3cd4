"""How long a peer may take: names, numbers, and why these numbers."""

from dataclasses import dataclass

__all__ = ["DEFAULT_TIMEOUTS", "Timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Bounds in time on what a peer does (seconds); each is met within one tick of the server's clock."""

    keep_alive: float = 75.0
    """From an answer to the first byte of the next request, and from connecting to the first byte. Browsers give up
    their side after 60 to 115 seconds; proxies ahead of us should be set to less than this."""
    head: float = 20.0
    """From the first byte of a head to its last, however many pieces it comes in. Slow mobile links take a few
    seconds."""
    drain: float = 10.0
    """For the rest of a body that the handler did not read, before the next request on the connection."""
    linger: float = 2.0
    """For the peer to end its side after our last answer; it is waiting for nothing else (RFC 9112 §9.6)."""


DEFAULT_TIMEOUTS = Timeouts()
