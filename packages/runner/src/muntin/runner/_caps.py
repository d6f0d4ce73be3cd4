"""How many of anything a server has at a time: names, numbers, and why these numbers.

How much one peer may send is for `muntin.http_core.Limits`, how long it may take for `Timeouts`.
"""

from dataclasses import dataclass, fields

__all__ = ["DEFAULT_CAPS", "Caps"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """Bounds on numbers; None is no bound.

    Raises:
        ValueError: one of them is less than 1.
    """

    connections: int | None = 10_000
    """Connections at a time, with those in their TLS handshake: some 100 MB when all idle. Whatever it says, an eighth
    of the descriptors that the process may have, and 64 at the least, is left for other things: handlers open files
    and sockets as well. (Of fewer than 128 it is half.) Those too many are answered 503 with Retry-After, and
    closed."""
    requests: int | None = None
    """Handlers under way at a time; other requests are answered 503 with Retry-After. None: as many as there are
    connections, since each has one at a time."""
    requests_per_connection: int | None = None
    """The answer to this many is the last on a connection and says so. None: nothing here wears out; a balancer in
    front may want connections to move."""
    body_buffer: int = 262144
    """Bytes of a request's body that wait for the handler to read them, before the peer is paused."""

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if value is not None and value < 1:
                raise ValueError(f"the cap {field.name} is less than 1: {value!r}")


DEFAULT_CAPS = Caps()
