"""How long a peer may take: names, numbers, and why these numbers."""

from dataclasses import dataclass, fields
from math import ceil, inf

__all__ = ["DEFAULT_TIMEOUTS", "Timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Bounds in time on what a peer does (seconds), and the least pace of its bytes (bytes a second).

    Each is met within one tick of the server's clock, which is a second or less. `math.inf` switches a time-out off,
    0 a pace.

    Raises:
        ValueError: one of them is negative.
    """

    handshake: float = 10.0
    """From connecting to the end of the TLS handshake: two or three round trips and one signature."""
    first_byte: float = 10.0
    """From connecting, under TLS from the end of the handshake, to the first byte of the first request. Who connects
    wants to ask; browsers that connect ahead of need do not mind to connect again."""
    head: float = 20.0
    """From the first byte of a head to its last, however many pieces it comes in. Slow mobile links take a few
    seconds."""
    body: float = 30.0
    """The stretch of time over which the pace of a request's body is measured while somebody is ready to take it.
    A change of mobile cells takes seconds; nginx waits for 60, httpd for 20."""
    body_rate: float = 240.0
    """The pace that a body must keep in each such stretch: what Kestrel asks for, and a modem could do."""
    write: float = 30.0
    """The stretch of time over which the pace is measured at which a peer takes what is sent to it."""
    write_rate: float = 240.0
    """The pace that it must keep in each such stretch."""
    keep_alive: float = 75.0
    """From an answer to the first byte of the next request. Browsers give up their side after 60 to 115 seconds;
    proxies ahead of us should be set to less than this."""
    drain: float = 10.0
    """From when the peer has taken a response, for the rest of a body that the handler did not read, before the next
    request on the connection."""
    linger: float = 2.0
    """From when the peer has taken our last response, for it to end its side; it is waiting for nothing else (RFC 9112
    §9.6). While it still sends, as whoever uploads without a look at the response, this begins anew."""
    linger_total: float = 30.0
    """From when the peer has taken our last response, however much it still sends: nginx lets it do so as long."""
    ceil_threshold: float = 5.0
    """Time-outs from this on may end late by up to a second, at the next whole second of the loop's time; those below
    make the clock tick as often as they need. It holds for what a server waits for besides its peers, too."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) >= 0:
                raise ValueError(f"the time-out {field.name} is negative: {getattr(self, field.name)!r}")

    def deadline(self, now: float, seconds: float) -> float:
        """Return when a wait that begins now is over: a long one at a whole second of the loop's time.

        Many that end at one time wake the loop once.
        """
        deadline = now + seconds
        return ceil(deadline) if self.ceil_threshold <= seconds < inf else deadline


DEFAULT_TIMEOUTS = Timeouts()
