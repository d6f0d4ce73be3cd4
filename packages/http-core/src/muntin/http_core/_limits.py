"""How much of anything a peer may send: names, numbers, and why these numbers."""

from dataclasses import dataclass, field

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one request, all on the accumulated size however the bytes arrive (sizes in bytes)."""

    request_line: int = 8190
    """Method, target and version; 414 beyond. RFC 9112 §3 asks for at least 8000; 8190 is what httpd and
    aiohttp allow."""
    field_line: int = 8190
    """One field line, name to the end of its value; 431 beyond."""
    field_section: int = 65536
    """All field lines together, their CRLFs included; 431 beyond. Eight full lines: room for many cookies, not
    for a flood."""
    field_count: int = 128
    """Number of field lines; 431 beyond. Browsers send some 20, chains of proxies some 40."""
    chunk_line: int = 256
    """One chunk-size line with its extensions; 400 beyond. A size has 16 digits at most; nobody uses extensions."""
    trailer_section: int = 8190
    """All trailer lines together; 431 beyond."""
    trailer_count: int = 32
    """Number of trailer lines; 431 beyond."""
    body: int | None = None
    """The body of one request as sent, before any content coding is undone; 413 beyond. None: the application
    decides."""
    pipelined: int = 65536
    """Bytes kept of requests that wait while an exchange is under way; reading pauses beyond, nothing is refused."""

    line_floor: int = field(init=False, repr=False)
    """No head up to this size can exceed a limit on sizes."""
    head_ceiling: int = field(init=False, repr=False)
    """So many bytes are a whole head or a refused one; fewer may need more."""
    body_ceiling: int = field(init=False, repr=False)
    """So many bytes of a body hold an event; fewer may be the begin of a chunk line or of trailers."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "line_floor", min(self.request_line, self.field_line, self.field_section))
        # The ends of two lines, of which the second may be incomplete and its CR here already; an empty line in front.
        head = self.request_line + self.field_section + self.field_line + 6
        object.__setattr__(self, "head_ceiling", head)
        object.__setattr__(self, "body_ceiling", max(self.chunk_line, self.trailer_section) + 2)


DEFAULT_LIMITS = Limits()
