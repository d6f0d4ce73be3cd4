"""The connection below a WebSocket, as raw bytes: the protocol `Duplex`, and its implementation over asyncio."""

import asyncio
from typing import Any, Protocol, cast

__all__ = ["AsyncioDuplex", "Duplex", "Receiver"]

# Bytes that are kept while no receiver is attached; a loop reads about as much at once.
_BACKLOG = 65536


class Receiver(Protocol):
    """The receiver of the bytes of a duplex. `connection_lost` is called once, and last."""

    def data_received(self, data: bytes) -> None: ...
    def eof_received(self) -> None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...


class Duplex(Protocol):
    """An open connection, as raw bytes in both directions."""

    def write(self, data: bytes) -> None:
        """Queue `data` to be sent; does nothing if the connection is gone."""
        ...

    async def drain(self) -> None:
        """Wait while the peer is slow.

        Raises:
            ConnectionResetError: the connection is gone.
        """
        ...

    def attach(self, receiver: Receiver) -> None:
        """Deliver all bytes to `receiver` from now on; bytes that have arrived already are delivered in this call."""
        ...

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...

    def close(self) -> None:
        """Send what is queued, then close."""
        ...

    def abort(self) -> None:
        """Close at once."""
        ...

    def get_extra_info(self, name: str, default: object = None) -> Any: ...

    @property
    def write_buffer_size(self) -> int:
        """The number of bytes that are queued and not yet accepted by the network."""
        ...


class AsyncioDuplex(asyncio.Protocol):
    """A Duplex over an asyncio transport: the protocol for `loop.create_server` or `loop.create_connection`.

    `adopt` makes one from asyncio streams. Until a receiver is attached, `read_head` can read the head of a message.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        # Before a receiver is attached
        self._backlog = bytearray()
        self._is_reading_paused = False
        """True if reading is paused, because the backlog is full."""
        self._arrival: asyncio.Future[None] | None = None
        # After that
        self._receiver: Receiver | None = None
        # The end
        self._at_eof = False
        self._lost = False
        self._error: Exception | None = None
        # Tasks that wait until there is room to write
        self._is_writing_paused = False
        self._waiters: set[asyncio.Future[None]] = set()
        self._adopted: asyncio.StreamWriter | None = None

    @classmethod
    async def adopt(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> "AsyncioDuplex":
        """Take over the connection of asyncio streams, which cannot be used any more after that."""
        duplex = cls()
        # From Python 3.13 on, a writer closes its transport when it is freed.
        duplex._adopted = writer
        transport = writer.transport
        transport.set_protocol(duplex)
        duplex.connection_made(transport)
        reader.feed_eof()
        duplex.data_received(await reader.read())
        return duplex

    # Events of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's are no subclass of it
        if self._lost:
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self._receiver is not None:
            self._receiver.data_received(data)
        else:
            self._backlog += data
            if len(self._backlog) >= _BACKLOG:
                self._pause_backlog()
            self._wake_reader()

    def eof_received(self) -> None:
        self._at_eof = True
        self._wake_reader()
        if self._receiver is not None:
            self._receiver.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            # A transport fails within the calls of who writes, and whoever keeps the error would keep their frames.
            exc.__traceback__ = None
        self._lost, self._error = True, exc
        self._wake_reader()
        self._wake_writers()
        if self._receiver is not None:
            self._receiver.connection_lost(exc)
            self._receiver = None  # usually it refers to us: without this there would be a reference cycle

    def pause_writing(self) -> None:
        self._is_writing_paused = True

    def resume_writing(self) -> None:
        self._is_writing_paused = False
        self._wake_writers()

    # The methods of a duplex

    def write(self, data: bytes) -> None:
        # `_open_transport` does the same, but this method is called for every frame.
        if self._transport is None:
            raise RuntimeError("there is no connection yet")
        if not self._lost:
            self._transport.write(data)

    async def drain(self) -> None:
        if self._lost:
            raise ConnectionResetError("the connection is gone")
        if not self._is_writing_paused:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def attach(self, receiver: Receiver) -> None:
        self._receiver = receiver
        # This comes before the receiver gets bytes, because it may pause reading itself.
        self._resume_backlog()
        if self._backlog:
            data, self._backlog = bytes(self._backlog), bytearray()
            receiver.data_received(data)
        if self._at_eof:
            receiver.eof_received()
        if self._lost:
            receiver.connection_lost(self._error)

    def pause_reading(self) -> None:
        if not self._lost:
            self._open_transport.pause_reading()

    def resume_reading(self) -> None:
        if not self._lost:
            self._open_transport.resume_reading()

    def close(self) -> None:
        # Once: closed twice, a TLS transport of asyncio knows nothing more, and cannot be cut.
        if not self._open_transport.is_closing():
            self._open_transport.close()

    def abort(self) -> None:
        if self._transport is None:
            self._lost = True  # `connection_made` closes it
        else:
            self._transport.abort()

    def get_extra_info(self, name: str, default: object = None) -> Any:
        return self._open_transport.get_extra_info(name, default)

    @property
    def write_buffer_size(self) -> int:
        return 0 if self._lost else self._open_transport.get_write_buffer_size()

    # Before a receiver is attached

    async def read_head(self, limit: int = 65536) -> bytes:
        """Return the bytes up to the first empty line, inclusive; bytes after it are kept for the receiver.

        Raises:
            ValueError: these are more than `limit` bytes.
            ConnectionResetError: the stream ends before the empty line.
        """
        searched = 0
        while (end := self._backlog.find(b"\r\n\r\n", searched)) < 0 and len(self._backlog) <= limit:
            if self._at_eof or self._lost:
                raise ConnectionResetError("the connection ended within the head of a message")
            searched = max(0, len(self._backlog) - 3)
            self._resume_backlog()
            self._arrival = asyncio.get_running_loop().create_future()
            await self._arrival
        if not 0 <= end <= limit:
            raise ValueError(f"the head of the message has more than {limit} bytes")
        head = bytes(self._backlog[: end + 4])
        del self._backlog[: end + 4]
        return head

    @property
    def _open_transport(self) -> asyncio.Transport:
        if self._transport is None:
            raise RuntimeError("there is no connection yet")
        return self._transport

    def _pause_backlog(self) -> None:
        if not self._is_reading_paused and not self._lost:
            self._is_reading_paused = True
            self._open_transport.pause_reading()

    def _resume_backlog(self) -> None:
        if self._is_reading_paused and not self._lost:
            self._is_reading_paused = False
            self._open_transport.resume_reading()

    def _wake_reader(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _wake_writers(self) -> None:
        for waiter in self._waiters:
            if waiter.done():
                continue
            if self._lost:
                waiter.set_exception(ConnectionResetError("the connection is gone"))
            else:
                waiter.set_result(None)
