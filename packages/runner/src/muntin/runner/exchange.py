"""The seam between a protocol and what answers it: one request and its answer.

Everything above (requests, responses, applications) talks to an `Exchange` and to nothing below it; every
protocol below implements it. It knows of heads, bodies and back-pressure, not of sockets, transports or codings.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, BinaryIO, Final, Protocol

from muntin.http_core import Fields, RawFields, RequestHead, ResponseHead

__all__ = ["CHUNK_SIZE", "Body", "Duplex", "Exchange", "ExchangeHandler", "Peer", "Receiver"]

CHUNK_SIZE: Final = 262_144
"""Bytes of a file that are read at a time where the kernel does not send it."""


class Peer(Protocol):
    """The other end of the connection, as the connection itself knows it: nothing here was said by the peer."""

    @property
    def address(self) -> Any:
        """The peer's socket address: a tuple (host, port, …), a path or None."""

    @property
    def local_address(self) -> Any:
        """Our own socket address, likewise."""

    @property
    def is_secure(self) -> bool:
        """Whether the bytes travel under TLS."""

    @property
    def transport(self) -> Any:
        """What carries the bytes, for who must write past the framing; what is written there appears as it is."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """What asyncio's `get_extra_info` knows: "peername", "sslcontext", "socket" …"""


class Body(Protocol):
    """The body of the request, framing taken off, read once."""

    @property
    def is_complete(self) -> bool:
        """Whether everything was received (not: read)."""

    @property
    def at_eof(self) -> bool:
        """Whether everything was received and read; True from the start for a request without a body."""

    @property
    def trailers(self) -> RawFields:
        """Trailer lines, known when the body is complete."""

    def take_chunk_ends(self) -> Sequence[int]:
        """Give where the chunks of a chunked body end, as far as they were received and not given before, counted from
        the first byte of the body. Where some thousand wait for who asks, further ones are not told.
        """

    def receive_nowait(self) -> bytes:
        """Give what has arrived so far, b"" when that is nothing.

        Raises:
            ConnectionResetError: the peer went away before the end of the body.
            RemoteProtocolError: the body's framing is broken or it exceeds a limit; carries the status.
        """

    async def receive(self) -> bytes:
        """Give the next piece, of whatever size it arrived; b"" means the end. Sends `100 Continue` first
        where the peer waits for it and nobody answered yet. One reader at a time.

        Raises:
            ConnectionResetError, RemoteProtocolError: as `receive_nowait`.
        """


class Receiver(Protocol):
    """Who takes the bytes of an upgraded connection."""

    def data_received(self, data: bytes) -> None: ...

    def eof_received(self) -> None: ...

    def connection_lost(self, exc: Exception | None) -> None: ...


class Duplex(Protocol):
    """A connection after an upgrade: raw bytes both ways."""

    def attach(self, receiver: Receiver) -> None:
        """Deliver all bytes to `receiver` from now on, those left over from the upgrade at once."""

    def call_on_shutdown(self, callback: Callable[[], object]) -> None:
        """Call back when the server begins to end its connections, at once if it has: it is time to say goodbye in
        the protocol's own way. Who does not ask is waited for, and cut when the time-out of the shutdown is over."""

    def write(self, data: bytes) -> None:
        """Queue bytes.

        Raises:
            ConnectionResetError: the connection is gone.
        """

    async def drain(self) -> None:
        """Wait until there is room for more.

        Raises:
            ConnectionResetError: the connection is gone.
        """

    @property
    def write_buffer_size(self) -> int:
        """Bytes queued and not yet taken by the system."""

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def close(self) -> None:
        """Send what is queued, then close."""

    def abort(self) -> None:
        """Close at once."""

    @property
    def is_closing(self) -> bool: ...

    def get_extra_info(self, name: str, default: Any = None) -> Any: ...


class Exchange(Protocol):
    """One request and its answer.

    An answer is either `respond` or `respond_file`, or `start`, `send` …, `finish`. Everything but `drain` and the two
    that send files acts at the call. After the peer is gone, sending raises ConnectionResetError.
    """

    @property
    def head(self) -> RequestHead:
        """The head of the request, and what it implies."""

    @property
    def peer(self) -> Peer:
        """Who sent it."""

    @property
    def body(self) -> Body:
        """The body of the request."""

    @property
    def is_started(self) -> bool:
        """Whether the final head was sent."""

    @property
    def response_head(self) -> ResponseHead | None:
        """The final head as it was sent; None before."""

    @property
    def body_sent(self) -> int:
        """Bytes of the response's body that went out. Of a response that is not finished, what still waits does not
        count, nor what was dropped as the peer went away, as far as that is known: rather too few than too many."""

    @property
    def is_finished(self) -> bool:
        """Whether the answer is complete."""

    @property
    def is_disconnected(self) -> bool:
        """Whether the peer has ended its side, or is gone altogether: sending may still work, or not any more."""

    @property
    def keeps_alive(self) -> bool:
        """Whether the connection will serve another request after this one."""

    def respond(self, head: ResponseHead, body: bytes = b"") -> None:
        """Send head and whole body in one write and finish; Content-Length is added, and Date if there is none.

        Answering HEAD, the body's length is stated and the body is left out; for 204 and 304 neither is sent.

        Raises:
            LocalProtocolError: the head holds what must not be sent, or an answer was started already.
            ConnectionResetError: the peer is gone.
        """

    def start(self, head: ResponseHead) -> None:
        """Send the head of a streamed answer.

        A `Content-Length` among the fields frames it, else the protocol finds its own way.

        Raises:
            LocalProtocolError, ConnectionResetError: as `respond`.
        """

    def send(self, data: bytes) -> None:
        """Queue a piece of the body at the call. Empty pieces are nothing; answering HEAD nothing is sent.

        Raises:
            LocalProtocolError: not started, finished, or more than Content-Length declared.
            ConnectionResetError: the peer is gone.
        """

    @property
    def write_buffer_size(self) -> int:
        """Bytes queued and not yet taken by the system."""

    async def drain(self) -> None:
        """Wait until there is room for more.

        Raises:
            ConnectionResetError: the peer is gone.
        """

    def finish(self, trailers: Fields = ()) -> None:
        """End a streamed answer. Trailers go out where the protocol can carry them and are left out elsewhere.

        Raises:
            LocalProtocolError: fewer bytes were sent than Content-Length declared: the connection is cut.
        """

    async def send_file(
        self, file: BinaryIO, offset: int, count: int, *, chunk_size: int = CHUNK_SIZE
    ) -> None:
        """Send `count` bytes of a regular file from `offset`, by the kernel where the connection allows it.

        Elsewhere, as under TLS, it is read in chunks of `chunk_size` bytes.

        Raises:
            LocalProtocolError: as `send`.
            ConnectionResetError: the peer is gone, or the file was shorter: the connection is cut.
        """

    async def respond_file(
        self, head: ResponseHead, file: BinaryIO, offset: int, count: int, *, chunk_size: int = CHUNK_SIZE
    ) -> None:
        """Send head and `count` bytes of a regular file from `offset`, as `send_file`, and finish.

        It is `respond` for what is not in memory: Content-Length is added, and where the socket has room, nothing is
        waited for.

        Raises:
            LocalProtocolError: as `respond`.
            ConnectionResetError: the peer is gone, or the file was shorter: the connection is cut.
        """

    def inform(self, status: int, fields: Fields = ()) -> None:
        """Send an informational answer (100, 103); nothing to an HTTP/1.0 peer (RFC 9110 §15.2)."""

    def waive_continue(self) -> None:
        """Do not send `100 Continue` when the body is read: somebody else answers the expectation."""

    def upgrade(self, head: ResponseHead) -> Duplex:
        """Answer 101 (or 2xx to CONNECT) and hand the connection over as raw bytes.

        Raises:
            LocalProtocolError: the peer did not ask, or its request still has an unread body.
        """

    def close_after(self) -> None:
        """Let this be the last answer on the connection; to be called before the head is sent to be announced."""

    def abort(self) -> None:
        """Cut the connection at once."""

    def deadline_in(self, seconds: float) -> float:
        """Return the loop's time at which a wait of so many seconds that begins now is over, for ``loop.call_at`` and
        ``asyncio.timeout_at``: a long one ends at a whole second, as the server's `Timeouts.ceil_threshold` says.
        """

    def call_on_disconnect(self, callback: Callable[[], None]) -> None:
        """Call back once when the peer goes away before the exchange is over."""

    async def wait_disconnected(self) -> None:
        """Wait until the peer goes away."""


ExchangeHandler = Callable[[Exchange], Coroutine[Any, Any, object]]
"""What a server runs, a coroutine function: it has answered the exchange when it returns."""
