"""The raw bytes below a WebSocket: what is asked of whoever carries them, and asyncio transports as one who
does.

Knows transports. Must not know frames, or HTTP.
"""

import asyncio
from typing import Any, Protocol, cast

__all__ = ["AsyncioDuplex", "Duplex", "Receiver"]

# What may wait while nobody takes it (bytes): one read of a loop, or some.
_BACKLOG = 65536


class Receiver(Protocol):
    """Who is told what arrives. `connection_lost` comes once and last."""

    def data_received(self, data: bytes) -> None: ...
    def eof_received(self) -> None: ...
    def connection_lost(self, exc: Exception | None) -> None: ...


class Duplex(Protocol):
    """Bytes in both directions, of a connection that is already open."""

    def write(self, data: bytes) -> None:
        """Send `data` after all that was written before; does nothing once the connection is gone."""
        ...

    async def drain(self) -> None:
        """Wait while the peer is slow; raises ConnectionResetError when it is gone."""
        ...

    def attach(self, receiver: Receiver) -> None:
        """Tell `receiver` from now on. What has arrived already is delivered at once, within the call."""
        ...

    def pause_reading(self) -> None: ...
    def resume_reading(self) -> None: ...

    def close(self) -> None:
        """Flush what was written, then close."""
        ...

    def abort(self) -> None:
        """Close without flushing."""
        ...

    def get_extra_info(self, name: str, default: object = None) -> Any: ...

    @property
    def write_buffer_size(self) -> int:
        """How many bytes were written but have not been taken by the network yet."""
        ...


class AsyncioDuplex(asyncio.Protocol):
    """A Duplex over an asyncio transport: give it to `loop.create_server` or `loop.create_connection`.

    A connection that belongs to asyncio streams is taken over with `adopt`. Before a receiver is attached,
    the head of an HTTP message can be read with `read_head`.
    """

    def __init__(self) -> None:
        self._transport: asyncio.Transport | None = None
        # Until a receiver is attached.
        self._backlog = bytearray()
        self._is_held_back = False
        """Whether the peer is paused, as nobody takes what it sends."""
        self._arrival: asyncio.Future[None] | None = None
        # From then on.
        self._receiver: Receiver | None = None
        # The ends that were reached.
        self._at_eof = False
        self._lost = False
        self._error: Exception | None = None
        # Who waits for room.
        self._is_full = False
        self._waiters: set[asyncio.Future[None]] = set()
        self._adopted: asyncio.StreamWriter | None = None

    @classmethod
    async def adopt(cls, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> "AsyncioDuplex":
        """Take a connection over from asyncio streams, as `asyncio.start_server` gives them; they are dead
        then.
        """
        duplex = cls()
        # From Python 3.13 on, a writer that nobody holds any more closes its transport.
        duplex._adopted = writer
        transport = writer.transport
        transport.set_protocol(duplex)
        duplex.connection_made(transport)
        reader.feed_eof()
        duplex.data_received(await reader.read())
        return duplex

    # What asyncio tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # not by inheritance in uvloop
        if self._lost:
            transport.close()

    def data_received(self, data: bytes) -> None:
        if self._receiver is not None:
            self._receiver.data_received(data)
        else:
            self._backlog += data
            if len(self._backlog) >= _BACKLOG:
                self._hold_back()
            self._notice_arrival()

    def eof_received(self) -> None:
        self._at_eof = True
        self._notice_arrival()
        if self._receiver is not None:
            self._receiver.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            # A transport fails within the calls of who writes, and whoever keeps the error would keep their frames.
            exc.__traceback__ = None
        self._lost, self._error = True, exc
        self._notice_arrival()
        self._release()
        if self._receiver is not None:
            self._receiver.connection_lost(exc)
            self._receiver = None  # it refers to us, as a rule: nothing has to wait for the garbage collector

    def pause_writing(self) -> None:
        self._is_full = True

    def resume_writing(self) -> None:
        self._is_full = False
        self._release()

    # The Duplex.

    def write(self, data: bytes) -> None:
        # The same as asking `_open_transport`, but this is called for every frame.
        if self._transport is None:
            raise RuntimeError("there is no connection yet")
        if not self._lost:
            self._transport.write(data)

    async def drain(self) -> None:
        if self._lost:
            raise ConnectionResetError("the connection is gone")
        if not self._is_full:
            return
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.add(waiter)
        try:
            await waiter
        finally:
            self._waiters.discard(waiter)

    def attach(self, receiver: Receiver) -> None:
        self._receiver = receiver
        # Before the receiver has its bytes: it may want a pause itself.
        self._let_go()
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
            self._lost = True  # it ends as soon as it begins
        else:
            self._transport.abort()

    def get_extra_info(self, name: str, default: object = None) -> Any:
        return self._open_transport.get_extra_info(name, default)

    @property
    def write_buffer_size(self) -> int:
        return 0 if self._lost else self._open_transport.get_write_buffer_size()

    # Before a receiver is attached.

    async def read_head(self, limit: int = 65536) -> bytes:
        """Give what arrives up to and with the first empty line; what stands behind is kept for the receiver.

        Raises ValueError when that is more than `limit` bytes, ConnectionResetError when the stream ends
        first.
        """
        searched = 0
        while (end := self._backlog.find(b"\r\n\r\n", searched)) < 0 and len(self._backlog) <= limit:
            if self._at_eof or self._lost:
                raise ConnectionResetError("the connection ended within the head of a message")
            searched = max(0, len(self._backlog) - 3)
            self._let_go()
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

    def _hold_back(self) -> None:
        if not self._is_held_back and not self._lost:
            self._is_held_back = True
            self._open_transport.pause_reading()

    def _let_go(self) -> None:
        if self._is_held_back and not self._lost:
            self._is_held_back = False
            self._open_transport.resume_reading()

    def _notice_arrival(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)

    def _release(self) -> None:
        for waiter in self._waiters:
            if waiter.done():
                continue
            if self._lost:
                waiter.set_exception(ConnectionResetError("the connection is gone"))
            else:
                waiter.set_result(None)
