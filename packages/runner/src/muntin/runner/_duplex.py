"""A connection after an upgrade: raw bytes both ways.

The transport's protocol is exchanged for this one, so that HTTP has no part in what follows. Bytes that come
before somebody takes them are kept, and reading pauses past a bound.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from muntin.runner._flow import WriteFlow
from muntin.runner._service import ConnectionRegistry
from muntin.runner.exchange import Receiver

__all__ = ["UpgradedDuplex"]

# What may wait for a receiver to be attached (bytes): one read's worth.
_HELD = 65536


class UpgradedDuplex(asyncio.Protocol):
    """Raw bytes over a transport.

    Args:
        transport: the connection's.
        rest: bytes that came behind the upgrade.
        write_flow: the connection's; it may be paused already.
        on_lost: is called with the reason when the connection is gone.
        registry: is told who wants to say goodbye.
    """

    __slots__ = (
        "_ended",
        "_held",
        "_is_held_back",
        "_lost",
        "_on_lost",
        "_on_shutdown",
        "_receiver",
        "_registry",
        "_transport",
        "_write_flow",
    )

    def __init__(
        self,
        transport: asyncio.Transport,
        rest: bytes,
        write_flow: WriteFlow,
        on_lost: Callable[[Exception | None], None],
        registry: ConnectionRegistry[Any],
    ) -> None:
        self._transport = transport
        self._held = bytearray(rest)
        self._is_held_back = False
        """Whether the peer is paused, as nobody takes what it sends."""
        self._write_flow = write_flow
        self._on_lost: Callable[[Exception | None], None] | None = on_lost
        self._registry = registry
        self._receiver: Receiver | None = None
        self._ended = False
        self._lost: tuple[Exception | None] | None = None
        self._on_shutdown: Callable[[], object] | None = None

    # What asyncio calls

    def data_received(self, data: bytes) -> None:
        if self._receiver is not None:
            self._receiver.data_received(data)
            return
        self._held += data
        if len(self._held) >= _HELD and not self._is_held_back:
            self._is_held_back = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        self._ended = True
        if self._receiver is not None:
            self._receiver.eof_received()
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        if exc is not None:
            # A transport fails within the calls of who writes, and whoever keeps the error would keep their frames.
            exc.__traceback__ = None
        self._lost = (exc,)
        self._write_flow.connection_lost()
        if self._receiver is not None:
            self._receiver.connection_lost(exc)
        on_lost, self._on_lost = self._on_lost, None
        if on_lost is not None:
            on_lost(exc)
        # They refer to us, as a rule: nothing has to wait for the garbage collector.
        self._receiver = None
        if self._on_shutdown is not None:
            self._registry.drop_shutdown_callback(self._on_shutdown)
            self._on_shutdown = None

    def pause_writing(self) -> None:
        self._write_flow.pause(self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._write_flow.resume()

    # What its user calls

    def attach(self, receiver: Receiver) -> None:
        self._receiver = receiver
        if self._is_held_back:
            # Before the receiver has its bytes: it may want a pause itself.
            self._is_held_back = False
            self._transport.resume_reading()
        if self._held:
            held, self._held = bytes(self._held), bytearray()
            receiver.data_received(held)
        if self._lost is not None:
            receiver.connection_lost(self._lost[0])
        elif self._ended:
            receiver.eof_received()

    def call_on_shutdown(self, callback: Callable[[], object]) -> None:
        self._on_shutdown = callback
        self._registry.add_shutdown_callback(callback)

    def write(self, data: bytes) -> None:
        if self._lost is not None:
            raise ConnectionResetError("the peer is gone")
        self._transport.write(data)

    async def drain(self) -> None:
        await self._write_flow.wait()

    @property
    def write_buffer_size(self) -> int:
        return self._transport.get_write_buffer_size()

    def pause_reading(self) -> None:
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        self._transport.resume_reading()

    def close(self) -> None:
        # Once: closed twice, a TLS transport of asyncio knows nothing more, and cannot be cut.
        if not self._transport.is_closing():
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    @property
    def is_closing(self) -> bool:
        return self._lost is not None or self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
