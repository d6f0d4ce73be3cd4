"""A connection in memory that speaks another protocol than HTTP: bytes that the test sends, and those sent to it.

Bytes are sent by the exchange that was upgraded.
"""

from collections.abc import Callable
from typing import Any, Protocol

from muntin.runner import Receiver
from muntin.web.testing.peer import MemoryPeer

__all__ = ["MemoryDuplex", "Upgraded"]


class Upgraded(Protocol):
    """The exchange that was upgraded, which carries the bytes."""

    peer: MemoryPeer

    @property
    def write_buffer_size(self) -> int: ...

    def send_raw(self, data: bytes) -> None: ...

    async def drain(self) -> None: ...


class MemoryDuplex:
    """The connection after an upgrade: written bytes are appended to `MemoryExchange.sent`.

    Args:
        exchange: the exchange that was upgraded.
        rest: what the peer has sent beyond its request.
    """

    def __init__(self, exchange: Upgraded, rest: bytes) -> None:
        self._exchange = exchange
        self._waiting = rest
        self._receiver: Receiver | None = None
        self._on_shutdown: Callable[[], object] | None = None
        self.is_closing = False

    def attach(self, receiver: Receiver) -> None:
        """See `muntin.runner.Duplex.attach`."""
        self._receiver = receiver
        waiting, self._waiting = self._waiting, b""
        self.deliver(waiting)

    def deliver(self, data: bytes) -> None:
        """Let the peer send bytes."""
        if self._receiver is None:
            self._waiting += data
        elif data:
            self._receiver.data_received(data)

    def call_on_shutdown(self, callback: Callable[[], object]) -> None:
        """See `muntin.runner.Duplex.call_on_shutdown`."""
        self._on_shutdown = callback

    def shut_down(self) -> None:
        """Let the server begin to end its connections."""
        if self._on_shutdown is not None:
            self._on_shutdown()

    def lose(self, error: Exception | None) -> None:
        """Let the connection be gone."""
        self.is_closing = True
        if self._receiver is not None:
            self._receiver.connection_lost(error)

    def write(self, data: bytes) -> None:
        """See `muntin.runner.Duplex.write`."""
        self._exchange.send_raw(data)

    async def drain(self) -> None:
        """See `muntin.runner.Duplex.drain`."""
        await self._exchange.drain()

    @property
    def write_buffer_size(self) -> int:
        """Bytes that the peer has not taken."""
        return self._exchange.write_buffer_size

    def pause_reading(self) -> None:
        """Nothing is read that was not fed."""

    def resume_reading(self) -> None:
        """Nothing is read that was not fed."""

    def close(self) -> None:
        """See `muntin.runner.Duplex.close`."""
        if not self.is_closing:
            self.lose(None)

    def abort(self) -> None:
        """See `muntin.runner.Duplex.abort`."""
        self.close()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return the extra information that the test set."""
        return self._exchange.peer.get_extra_info(name, default)
