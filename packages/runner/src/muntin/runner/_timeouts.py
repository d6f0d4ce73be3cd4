"""How long a peer may take, with the reason for each number."""

from dataclasses import dataclass, fields
from math import ceil, inf

__all__ = ["DEFAULT_TIMEOUTS", "Timeouts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """Time-outs for peers (seconds), and the least paces of their bytes (bytes per second).

    Each ends within one tick of the server's clock, which is a second or less. `math.inf` disables a time-out, 0 a
    pace.

    Raises:
        ValueError: one of them is negative.
    """

    handshake: float = 10.0
    """From connecting to the end of the TLS handshake: two or three round trips and one signature."""
    first_byte: float = 10.0
    """From connecting, under TLS from the end of the handshake, to the first byte of the first request. A client that
    connects has a request; browsers that connect in advance can connect again."""
    head: float = 20.0
    """From the first byte of a head to its last, however many pieces it comes in. Slow mobile links take a few
    seconds."""
    body: float = 30.0
    """The window over which the pace of a request's body is measured while a handler is ready to read it. A change of
    mobile cells takes seconds; nginx waits for 60, httpd for 20."""
    body_rate: float = 240.0
    """The least pace of a body in each such window: what Kestrel requires, and a modem could do."""
    write: float = 30.0
    """The window over which is measured how fast a peer receives what is sent to it."""
    write_rate: float = 240.0
    """The least pace in each such window."""
    keep_alive: float = 75.0
    """From a response to the first byte of the next request. Browsers close after 60 to 115 seconds; proxies in front
    should be set to less than this."""
    drain: float = 10.0
    """From when the peer has received a response to the end of a body that the handler did not read; the next request
    comes after it."""
    linger: float = 2.0
    """From when the peer has received the last response to when it ends its side (RFC 9112 §9.6). The time starts again
    while the peer still sends, as a client does that reads only after its upload."""
    linger_total: float = 30.0
    """The same, however much the peer still sends: nginx allows as long."""
    ceil_threshold: float = 5.0
    """Time-outs of at least this length may end up to a second late, at the next whole second of the loop's time;
    shorter ones make the clock tick more often. It also applies to what applications wait for by `deadline_in`."""

    def __post_init__(self) -> None:
        for field in fields(self):
            if not getattr(self, field.name) >= 0:
                raise ValueError(f"the time-out {field.name} is negative: {getattr(self, field.name)!r}")

    def deadline(self, now: float, seconds: float) -> float:
        """Return when a wait that begins now is over: a long one ends at a whole second of the loop's time.

        Waits that end at the same time wake the loop once.
        """
        deadline = now + seconds
        return ceil(deadline) if self.ceil_threshold <= seconds < inf else deadline


DEFAULT_TIMEOUTS = Timeouts()
