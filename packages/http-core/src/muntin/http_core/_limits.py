"""How much a peer may send: names, numbers, and the reasons for these numbers."""

from dataclasses import dataclass, field

__all__ = ["DEFAULT_LIMITS", "Limits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds on one message (sizes in bytes). All are on the accumulated size, in whatever pieces the bytes arrive."""

    request_line: int = 8190
    """Method, target and version; 414 beyond. RFC 9112 §3 asks for at least 8000; 8190 is what httpd and
    aiohttp allow."""
    field_line: int = 8190
    """One field line, name to the end of its value; 431 beyond."""
    field_section: int = 65536
    """All field lines together, with their CRLFs; 431 beyond. This is eight lines of the largest size: room for many
    cookies, and a bound on memory."""
    field_count: int = 128
    """Number of field lines; 431 beyond. Browsers send about 20, chains of proxies about 40."""
    chunk_line: int = 256
    """One chunk-size line with its extensions; 400 beyond. A size has at most 15 digits, and extensions are rare."""
    trailer_section: int = 8190
    """All trailer lines together; 431 beyond."""
    trailer_count: int = 32
    """Number of trailer lines; 431 beyond."""
    body: int | None = None
    """The body of one message as sent, before any content coding is decoded; 413 beyond. None: the application
    decides."""
    pipelined: int = 65536
    """Bytes kept of requests that wait while an exchange is under way. Beyond, reading pauses; nothing is refused."""

    line_floor: int = field(init=False, repr=False)
    """A head up to this size cannot exceed a limit on sizes."""
    head_ceiling: int = field(init=False, repr=False)
    """With this many bytes a head is either complete or refused; with fewer it may need more."""
    body_ceiling: int = field(init=False, repr=False)
    """This many bytes of a body hold at least one event; fewer may be an incomplete chunk line or trailer section."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "line_floor", min(self.request_line, self.field_line, self.field_section))
        # 6: an empty line in front, the CRLF of the request line, and that of a last line that is still incomplete.
        head = self.request_line + self.field_section + self.field_line + 6
        object.__setattr__(self, "head_ceiling", head)
        object.__setattr__(self, "body_ceiling", max(self.chunk_line, self.trailer_section) + 2)


DEFAULT_LIMITS = Limits()
