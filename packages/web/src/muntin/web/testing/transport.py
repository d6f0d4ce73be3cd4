"""A transport in memory: what is written to it is kept for the test.

It calls its protocol at once, where a loop would do it in its next turn: so a test without a loop sees what follows.
"""

import asyncio
from typing import Any, cast

from muntin.web.testing.peer import MemoryPeer

__all__ = ["MemoryTransport"]


class MemoryTransport(asyncio.Transport):
    """A transport in memory.

    Args:
        peer: the other end.
        protocol: what is called when the peer stalls, reads again, or goes away.
    """

    def __init__(self, peer: MemoryPeer, protocol: asyncio.BaseProtocol) -> None:
        super().__init__()
        self._peer = peer
        self._protocol = protocol
        self._is_stalled = False
        self._unread = 0
        """Bytes that a stalled peer has not taken."""
        self._is_closing = False
        self._is_reading = True
        self.writes: list[bytes] = []
        """The bytes of each write."""

    # What the peer does

    def feed(self, data: bytes) -> None:
        """Let the peer send bytes."""
        if not self._is_closing:
            cast("asyncio.Protocol", self._protocol).data_received(data)

    def stall(self) -> None:
        """Let the peer stop reading: whoever drains waits from now on, however little is queued."""
        if not self._is_stalled and not self._is_closing:
            self._is_stalled = True
            cast("asyncio.Protocol", self._protocol).pause_writing()

    def resume(self) -> None:
        """Let the peer read again, all that is queued first."""
        if self._is_stalled:
            self._is_stalled, self._unread = False, 0
            cast("asyncio.Protocol", self._protocol).resume_writing()

    def lose(self, error: Exception | None) -> None:
        """Let the connection be gone; do nothing if it is."""
        if not self._is_closing:
            self._is_closing = True
            cast("asyncio.Protocol", self._protocol).connection_lost(error)

    # What asyncio declares

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Send bytes as they are; they are dropped if the connection is gone."""
        if data and not self._is_closing:
            self.writes.append(bytes(data))
            self._unread += len(data) if self._is_stalled else 0

    def get_write_buffer_size(self) -> int:
        """Return the number of bytes that a stalled peer has not taken."""
        return self._unread

    def close(self) -> None:
        """End the connection. What a stalled peer has not taken stays queued."""
        self.lose(None)

    def abort(self) -> None:
        """End the connection."""
        self.lose(None)

    def is_closing(self) -> bool:
        """Return whether the connection is gone."""
        return self._is_closing

    def pause_reading(self) -> None:
        """Record that nothing should be read; what the test feeds is passed on nevertheless."""
        self._is_reading = False

    def resume_reading(self) -> None:
        """Record that bytes may be read."""
        self._is_reading = True

    def is_reading(self) -> bool:
        """Return whether the protocol wants bytes."""
        return self._is_reading

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        """Call another protocol from now on."""
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        """Return the protocol that is called."""
        return self._protocol

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return the extra information that the test set."""
        return self._peer.get_extra_info(name, default)
