"""The events of the engine: heads, pieces of bodies, ends and refusals.

Events are plain values. `RequestHead` is a slotted class and not a dataclass, because one is made for every request,
while its fields are only taken apart when somebody reads them.
"""

from collections.abc import Sequence
from enum import Enum, IntEnum
from typing import Any, Final, NamedTuple

from muntin.http_core._accel import cut_lines, decode_lines, find_all, find_each

__all__ = [
    "CHUNKED",
    "HTTP_10",
    "HTTP_11",
    "NO_BODY",
    "UNTIL_CLOSE",
    "BodyData",
    "BodyFraming",
    "Data",
    "EndOfBody",
    "Event",
    "Fields",
    "FramingKind",
    "HeadFields",
    "HttpVersion",
    "NextExchange",
    "PeerClosed",
    "RawFields",
    "ReceivedResponse",
    "Rejected",
    "RequestHead",
    "ResponseEvent",
    "ResponseHead",
    "Signal",
    "UncheckedHead",
]

Data = bytes | bytearray | memoryview
"""The types that the bytes of a body have."""

RawFields = Sequence[tuple[bytes, bytes]]
"""Field lines as received: names in the sender's spelling, values without the white space around them."""

Fields = Sequence[tuple[str | bytes, str | bytes]]
"""Field lines to send: text, or bytes as they were received."""

HeadFields = (
    list[tuple[str, str]]
    | list[tuple[bytes, bytes]]
    | list[tuple[str | bytes, str | bytes]]
    | tuple[tuple[str | bytes, str | bytes], ...]
)
"""Field lines of a response, in the list or tuple that its author made.

A type checker refuses all fields of a request (`RawFields`): Host, Connection and those that frame its body must not be
sent on. So an author who relays fields has to choose them.
"""


class HttpVersion(NamedTuple):
    """A protocol version (RFC 9112 §2.3); compares like the pair of its numbers."""

    major: int
    minor: int


HTTP_10: Final = HttpVersion(1, 0)
HTTP_11: Final = HttpVersion(1, 1)


class FramingKind(IntEnum):
    """How the end of a body is known (RFC 9112 §6.3)."""

    NONE = 0
    LENGTH = 1
    CHUNKED = 2
    CLOSE = 3


class BodyFraming(NamedTuple):
    """How a body is delimited; `length` counts for `FramingKind.LENGTH` only (bytes)."""

    kind: FramingKind
    length: int = 0


NO_BODY: Final = BodyFraming(FramingKind.NONE)
CHUNKED: Final = BodyFraming(FramingKind.CHUNKED)
UNTIL_CLOSE: Final = BodyFraming(FramingKind.CLOSE)


class Head:
    """The fields of a head that was received."""

    __slots__ = ("_block", "_fields")

    _block: bytes
    _fields: RawFields | None

    @property
    def fields(self) -> RawFields:
        """All field lines in order, as pairs of bytes; made on first use."""
        fields = self._fields
        if fields is None:
            fields = self._fields = cut_lines(self._block)
        return fields

    def decode_fields(self) -> list[tuple[str, str]]:
        """Return all field lines in order as text: UTF-8, and other bytes as surrogates, which encode back to them."""
        return decode_lines(self._block)

    def get_all(self, name: bytes) -> list[bytes]:
        """Return the values of every line of that name (lower-case bytes), in order.

        They are searched for in the bytes; no other line is taken apart.
        """
        return find_all(self._block, name)

    def has_beginning(self, *beginnings: bytes) -> bool:
        """Return whether a line begins with one of these bytes (lower-case): with a name, or with a part of one.

        One call shows that a request has none of many fields that few requests have, such as If-Match and its kin.
        """
        lines = b"\n" + self._block.lower()
        for beginning in beginnings:  # noqa: SIM110 - a generator would cost more than the search
            if b"\n" + beginning in lines:
                return True
        return False

    def get(self, name: bytes) -> bytes | None:
        """Return the first value of that name (lower-case bytes), or None."""
        return find_each(self._block, (name,))[0]

    def get_each(self, *names: bytes) -> list[bytes | None]:
        """Return the first value of each of several names (lower-case bytes), or None for one that is missing.

        One call for several names is faster than a call for each.
        """
        return find_each(self._block, names)


class RequestHead(Head):
    """The head of a request and what it implies; treat it as frozen.

    Attributes:
        method: the method token as sent.
        target: the request-target as sent (RFC 9112 §3.2), ASCII.
        version: the peer's protocol version.
        framing: how the body is delimited, decided once (RFC 9112 §6.3).
        keep_alive: True if the peer lets the connection persist (RFC 9112 §9.3).
        expect: the Expect value, lower-cased, or None.
        upgrade: the Upgrade value where Connection names it, or None (RFC 9110 §7.8).
    """

    __slots__ = (
        "expect",
        "framing",
        "keep_alive",
        "method",
        "target",
        "upgrade",
        "version",
    )

    def __init__(
        self,
        method: str,
        target: str,
        version: HttpVersion = HTTP_11,
        block: bytes = b"",
        framing: BodyFraming = NO_BODY,
        keep_alive: bool = True,
        expect: str | None = None,
        upgrade: str | None = None,
    ) -> None:
        self.method = method
        self.target = target
        self.version = version
        self.framing = framing
        self.keep_alive = keep_alive
        self.expect = expect
        self.upgrade = upgrade
        self._block = block
        self._fields = None

    @property
    def expects_continue(self) -> bool:
        """True if `100-continue` is among the expectations: the peer waits to be asked for its body."""
        return self.expect is not None and "100-continue" in map(str.strip, self.expect.split(","))

    @property
    def may_hold_body(self) -> bool:
        """True if the peer may hold its body back until it has seen a response.

        Any Expect counts, also an unknown one, and one from an HTTP/1.0 peer: a proxy on the way may understand it and
        act on it.
        """
        return self.framing is not NO_BODY and self.get(b"expect") is not None

    def __repr__(self) -> str:
        return f"<RequestHead {self.method} {self.target}>"


class ReceivedResponse(Head):
    """The head of a response that a client received; treat it as frozen.

    Attributes:
        status: 100 to 999; below 200, other than 101, the final response is still to come.
        reason: the reason phrase as sent.
        version: the peer's protocol version.
        framing: how the body is delimited, decided once (RFC 9112 §6.3).
        keep_alive: True if the peer lets the connection persist (RFC 9112 §9.3).
        switches: True if the bytes behind this head are not HTTP: for 101, and for 2xx to CONNECT.
    """

    __slots__ = ("framing", "keep_alive", "reason", "status", "switches", "version")

    def __init__(
        self,
        status: int,
        reason: bytes = b"",
        version: HttpVersion = HTTP_11,
        block: bytes = b"",
        framing: BodyFraming = NO_BODY,
        keep_alive: bool = True,
        switches: bool = False,
    ) -> None:
        self.status = status
        self.reason = reason
        self.version = version
        self.framing = framing
        self.keep_alive = keep_alive
        self.switches = switches
        self._block = block
        self._fields = None

    @property
    def is_interim(self) -> bool:
        """True if another response to the same request follows (RFC 9110 §15.2)."""
        return self.status < 200 and self.status != 101

    def __repr__(self) -> str:
        return f"<ReceivedResponse {self.status}>"


class ResponseHead(NamedTuple):
    """The head of a response, as its author states it.

    The engine adds what frames the message: Content-Length of a whole body, Transfer-Encoding, Connection. A
    `Content-Length` among the fields declares the length of a streamed body (or, in a response to HEAD and for 304, of
    the body that is not sent).

    Attributes:
        status: 200 to 999, or 101 for a switch of protocols.
        fields: name and value of each line, text or bytes; CR, LF, NUL and other controls are refused (RFC 9110 §5.5).
        reason: the reason phrase, text or bytes; None for the registered one.
    """

    status: int
    fields: HeadFields = ()
    reason: str | bytes | None = None


UncheckedHead = tuple[Any, Any, Any]
"""The parts of a `ResponseHead`, into which its author may have put anything.

Compiled code checks types where they are declared, and raises TypeError. What is wrong in a head is refused by name.
"""


class BodyData(NamedTuple):
    """A piece of the body without its framing; never empty.

    Attributes:
        data: the bytes.
        chunk_ends: the ends of chunks within this piece, counted from the body's first byte. They mean nothing
            (RFC 9112 §7.1: any hop may move them), but some senders separate their messages by them.
    """

    data: bytes
    chunk_ends: Sequence[int] = ()


class EndOfBody(NamedTuple):
    """The message is complete; `trailers`, already checked, came after a chunked body (RFC 9112 §7.1.2)."""

    trailers: RawFields = ()


class Rejected(NamedTuple):
    """The peer's bytes cannot be served; respond with `status` and `reason`, then close.

    `reason` is fixed text: it contains nothing that the peer sent.
    """

    status: int
    reason: str


class PeerClosed(NamedTuple):
    """The peer ended its side between two requests."""


class Signal(Enum):
    """The values that `next_event` returns when there is no event."""

    NEED_DATA = "need data"
    """Pass more bytes to `receive`."""
    PAUSED = "paused"
    """The current exchange has to end first."""


class NextExchange(Enum):
    """The next exchange of a connection, as far as it is known when one exchange may be over."""

    NONE = "none"
    """No other one starts: request or response is incomplete, or the response was the last one."""
    AWAITED = "awaited"
    """It may start, and nothing of its request has arrived."""
    ARRIVED = "arrived"
    """Bytes of its request, or the end of the stream, have arrived."""


Event = RequestHead | BodyData | EndOfBody | Rejected | PeerClosed | Signal
ResponseEvent = ReceivedResponse | BodyData | EndOfBody | Rejected | PeerClosed | Signal
