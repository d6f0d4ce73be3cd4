"""Bounds on how many connections, requests and buffered bytes a server has, with the reason for each number.

`muntin.http_core.Limits` bounds how much one peer may send, `Timeouts` how long it may take.
"""

from dataclasses import dataclass, fields

__all__ = ["DEFAULT_CAPS", "Caps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Bounds on numbers; None means no bound.

    Raises:
        ValueError: one of them is less than 1.
    """

    connections: int | None = 10_000
    """Connections at a time, including those in their TLS handshake: about 100 MB when all idle. Independently of
    this number, an eighth of the descriptors that the process may have, and at least 64, is left for other things,
    because handlers open files and sockets as well. (If there are fewer than 128, half of them.) A connection above
    the cap gets 503 with Retry-After and is closed."""
    requests: int | None = None
    """Handlers running at a time; other requests get 503 with Retry-After. None: as many as there are connections,
    since each connection has one at a time."""
    requests_per_connection: int | None = None
    """The response to request number so many is the last on its connection and says so. None by default, because a
    connection does not wear out; a load balancer in front may want connections to move."""
    body_buffer: int = 262144
    """Bytes of a request's body that are buffered until the handler reads them, before reading from the peer pauses."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and value < 1:
                raise ValueError(f"the cap {field.name} is less than 1: {value!r}")


DEFAULT_CAPS = Caps()
