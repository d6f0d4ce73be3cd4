"""A connection after an upgrade: raw bytes both ways.

This object replaces the HTTP protocol of the transport. Bytes that arrive before a receiver is attached are kept, up to
a bound at which reading pauses.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from muntin.runner._flow import WriteFlow
from muntin.runner._service import ConnectionRegistry
from muntin.runner.exchange import Receiver

__all__ = ["UpgradedDuplex"]

# Bytes that are kept until a receiver is attached: about one read.
_HELD = 65536


class UpgradedDuplex(asyncio.Protocol):
    """Raw bytes over a transport.

    Args:
        transport: the transport of the connection.
        rest: bytes that came behind the upgrade.
        write_flow: the write flow of the connection; it may be paused already.
        on_lost: called with the reason when the connection is gone.
        registry: stores the callback for the shutdown.
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
        """True if reading is paused because no receiver takes what the peer sends."""
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
            # A transport fails within calls that write; without its traceback the error does not keep their frames.
            exc.__traceback__ = None
        self._lost = (exc,)
        self._write_flow.connection_lost()
        if self._receiver is not None:
            self._receiver.connection_lost(exc)
        on_lost, self._on_lost = self._on_lost, None
        if on_lost is not None:
            on_lost(exc)
        # A receiver usually refers to its duplex: without this, freeing both would need the collector of cycles.
        self._receiver = None
        if self._on_shutdown is not None:
            self._registry.drop_shutdown_callback(self._on_shutdown)
            self._on_shutdown = None

    def pause_writing(self) -> None:
        self._write_flow.pause(self._transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._write_flow.resume()

    # What the upgraded protocol calls

    def attach(self, receiver: Receiver) -> None:
        self._receiver = receiver
        if self._is_held_back:
            # Before the receiver gets its bytes: it may pause reading itself.
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
        # Once: a TLS transport of asyncio that was closed twice cannot be aborted any more.
        if not self._transport.is_closing():
            self._transport.close()

    def abort(self) -> None:
        self._transport.abort()

    @property
    def is_closing(self) -> bool:
        return self._lost is not None or self._transport.is_closing()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self._transport.get_extra_info(name, default)
