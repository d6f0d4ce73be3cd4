"""The interface between a protocol and an application: one request and its response.

Everything above (requests, responses, applications) uses an `Exchange` and nothing below it; every protocol below
implements it. It has heads, bodies and back-pressure, but no sockets, transports or codings.
"""

from collections.abc import Callable, Coroutine, Sequence
from typing import Any, BinaryIO, Final, Protocol

from muntin.http_core import Fields, RawFields, RequestHead, ResponseHead

__all__ = ["CHUNK_SIZE", "Body", "Duplex", "Exchange", "ExchangeHandler", "Peer", "Receiver"]

CHUNK_SIZE: Final = 262_144
"""Bytes of a file that are read at a time where the kernel does not send it."""


class Peer(Protocol):
    """The other end of the connection, as the connection itself sees it: nothing here was sent by the peer."""

    @property
    def address(self) -> Any:
        """The peer's socket address: a tuple (host, port, …), a path or None."""

    @property
    def local_address(self) -> Any:
        """Our own socket address, in the same form."""

    @property
    def is_secure(self) -> bool:
        """True if the connection uses TLS."""

    @property
    def transport(self) -> Any:
        """The transport, for code that must write past the framing; what is written there is sent unchanged."""

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return what `get_extra_info` of the transport returns: "peername", "sslcontext", "socket" …"""


class Body(Protocol):
    """The body of the request without its framing; it can be read once."""

    @property
    def is_complete(self) -> bool:
        """True if all of it was received, read or not."""

    @property
    def at_eof(self) -> bool:
        """True if all of it was received and read; from the start for a request without a body."""

    @property
    def trailers(self) -> RawFields:
        """Trailer lines, known when the body is complete."""

    def take_chunk_ends(self) -> Sequence[int]:
        """Return where the received chunks of a chunked body end, counted from the first byte of the body.

        Each end is returned once. If thousands of them were not taken, further ones are left out.
        """

    def receive_nowait(self) -> bytes:
        """Return what has arrived so far; b"" if that is nothing.

        Raises:
            ConnectionResetError: the peer went away before the end of the body.
            RemoteProtocolError: the body's framing is broken or it exceeds a limit; carries the status.
        """

    async def receive(self) -> bytes:
        """Return the next piece, in the size in which it arrived; b"" means the end.

        It sends `100 Continue` first if the peer waits for it. Only one coroutine may read at a time.

        Raises:
            ConnectionResetError, RemoteProtocolError: as `receive_nowait`.
        """


class Receiver(Protocol):
    """Receives the bytes of an upgraded connection."""

    def data_received(self, data: bytes) -> None: ...

    def eof_received(self) -> None: ...

    def connection_lost(self, exc: Exception | None) -> None: ...


class Duplex(Protocol):
    """A connection after an upgrade: raw bytes both ways."""

    def attach(self, receiver: Receiver) -> None:
        """Pass all bytes to `receiver` from now on; those that came with the upgrade at once."""

    def call_on_shutdown(self, callback: Callable[[], object]) -> None:
        """Call back when the server begins to end its connections, at once if it already does.

        The protocol should end the connection in its own way then. Otherwise the server waits, and cuts the connection
        when the time-out of the shutdown is over.
        """

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
    """One request and its response.

    A response is sent either by `respond` or `respond_file`, or by `start`, `send` …, `finish`. All methods but `drain`
    and the two that send files act at the call. After the peer is gone, sending raises ConnectionResetError.
    """

    @property
    def head(self) -> RequestHead:
        """The head of the request."""

    @property
    def peer(self) -> Peer:
        """The other end of the connection."""

    @property
    def body(self) -> Body:
        """The body of the request."""

    @property
    def is_started(self) -> bool:
        """True if the final head was sent."""

    @property
    def response_head(self) -> ResponseHead | None:
        """The final head as it was sent; None before."""

    @property
    def body_sent(self) -> int:
        """Bytes of the response's body that were sent.

        Before the response is finished, queued bytes do not count, nor bytes that were dropped because the peer went
        away, as far as that is known: the number is rather too small than too large.
        """

    @property
    def is_finished(self) -> bool:
        """True if the response is complete."""

    @property
    def is_disconnected(self) -> bool:
        """True if the peer has ended its side, or is gone: sending may still work, or not any more."""

    @property
    def keeps_alive(self) -> bool:
        """True if the connection will serve another request after this one."""

    def respond(self, head: ResponseHead, body: bytes = b"") -> None:
        """Send head and whole body in one write, and finish; Content-Length is added, and Date if there is none.

        In response to HEAD, the length of the body is sent without the body; for 204 and 304 neither is sent.

        Raises:
            LocalProtocolError: the head holds what must not be sent, or a response was started already.
            ConnectionResetError: the peer is gone.
        """

    def start(self, head: ResponseHead) -> None:
        """Send the head of a streamed response.

        A `Content-Length` among the fields frames the body; without it the protocol chooses a framing.

        Raises:
            LocalProtocolError, ConnectionResetError: as `respond`.
        """

    def send(self, data: bytes) -> None:
        """Queue a piece of the body. Empty pieces are ignored; in response to HEAD nothing is sent.

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
        """End a streamed response. Trailers are sent where the protocol allows them, and otherwise left out.

        Raises:
            LocalProtocolError: fewer bytes were sent than Content-Length declared: the connection is cut.
        """

    async def send_file(
        self, file: BinaryIO, offset: int, count: int, *, chunk_size: int = CHUNK_SIZE
    ) -> None:
        """Send `count` bytes of a regular file from `offset`, by the kernel if the connection allows it.

        Otherwise, for example under TLS, the file is read in chunks of `chunk_size` bytes.

        Raises:
            LocalProtocolError: as `send`.
            ConnectionResetError: the peer is gone, or the file was shorter: the connection is cut.
        """

    async def respond_file(
        self, head: ResponseHead, file: BinaryIO, offset: int, count: int, *, chunk_size: int = CHUNK_SIZE
    ) -> None:
        """Send head and `count` bytes of a regular file from `offset`, as `send_file` does, and finish.

        It is `respond` for files: Content-Length is added, and if the socket has room, nothing is waited for.

        Raises:
            LocalProtocolError: as `respond`.
            ConnectionResetError: the peer is gone, or the file was shorter: the connection is cut.
        """

    def inform(self, status: int, fields: Fields = ()) -> None:
        """Send an interim response (100, 103); an HTTP/1.0 peer gets none (RFC 9110 §15.2)."""

    def waive_continue(self) -> None:
        """Do not send `100 Continue` when the body is read: the caller meets the expectation itself."""

    def upgrade(self, head: ResponseHead) -> Duplex:
        """Respond 101 (or 2xx to CONNECT), and return the connection as raw bytes.

        Raises:
            LocalProtocolError: the peer did not request an upgrade, or its request has an unread body.
        """

    def close_after(self) -> None:
        """Make this response the last one on the connection; before the head is sent, so that the head announces it."""

    def abort(self) -> None:
        """Cut the connection at once."""

    def deadline_in(self, seconds: float) -> float:
        """Return the loop's time at which a wait of so many seconds is over, for ``loop.call_at`` and
        ``asyncio.timeout_at``.

        A long wait ends at a whole second, as the server's `Timeouts.ceil_threshold` says.
        """

    def call_on_disconnect(self, callback: Callable[[], None]) -> None:
        """Call back once when the peer goes away before the exchange is over."""

    async def wait_disconnected(self) -> None:
        """Wait until the peer goes away."""


ExchangeHandler = Callable[[Exchange], Coroutine[Any, Any, object]]
"""A coroutine function that a server runs for each exchange; it has responded when it returns."""
