"""The frames that are sent.

A handler that replies to a burst of messages sends a burst of frames. Each write is a system call, and for small frames
that is most of the cost. So frames are held while more messages wait to be replied to, and then written together: with
the reply to the last message, when many bytes are held, and at the latest in the next turn of the loop. A frame that
replies to a single message is written at the call.

The outbox also bounds how many bytes may be in flight: written, or held, and not yet accepted by the network.
"""

import asyncio
from collections.abc import Callable

from muntin.websocket.aio._duplex import Duplex
from muntin.websocket.aio._sending import DONE, Sending
from muntin.websocket.errors import ConnectionClosed

__all__ = ["Outbox"]


# Bytes for which a system call is worth its cost
_WORTH_WRITING = 65536


class Outbox:
    """The writer of frames to a duplex.

    Args:
        duplex: the connection.
        soft_limit: bytes in flight above which an awaited write waits.
        hard_limit: bytes in flight above which a further write is refused; at least `soft_limit`.
    """

    __slots__ = (
        "_duplex",
        "_hard_limit",
        "_held",
        "_held_size",
        "_in_flight",
        "_is_flush_scheduled",
        "_pending_pong",
        "_pong_task",
        "_soft_limit",
    )

    def __init__(self, duplex: Duplex, *, soft_limit: int, hard_limit: int) -> None:
        # Set once
        self._duplex = duplex
        self._soft_limit = soft_limit
        self._hard_limit = max(
            hard_limit, soft_limit
        )  # replies are sent up to the former, and must not be refused
        # An upper bound of the bytes in flight. Writes only add to it, which is cheap; the exact number is computed
        # where a limit seems to be exceeded.
        self._in_flight = 0
        # The frames that are held, and their size
        self._held: list[bytes] = []
        self._held_size = 0
        self._is_flush_scheduled = False
        # What makes the newest pong or ping, which waits until the peer reads again, and the task that waits for that
        self._pending_pong: Callable[[], bytes] = bytes
        self._pong_task: asyncio.Task[None] | None = None

    def write(self, frame: bytes, *, hold: bool = False) -> Sending:
        """Send a frame; with `hold` it is written together with later ones.

        Raises:
            ConnectionClosed: the peer has left too much unread.
        """
        if self._in_flight > self._hard_limit and self._count_in_flight() > self._hard_limit:
            raise ConnectionClosed(f"the peer has left {self._in_flight} bytes unread")
        size = len(frame)
        if hold:
            self._held.append(frame)
            self._held_size += size
            if self._held_size >= _WORTH_WRITING:
                self.flush()
            elif not self._is_flush_scheduled:
                self._is_flush_scheduled = True
                asyncio.get_running_loop().call_soon(self._flush_in_next_turn)
        elif self._held:
            self.write_now(frame)
        else:
            self._duplex.write(frame)
        self._in_flight += size
        if self._in_flight <= self._soft_limit:
            return DONE
        self.flush()
        self._count_in_flight()
        return Sending(self._wait_for_room)

    def write_now(self, frame: bytes) -> None:
        """Write the frames that are held, and then `frame`, regardless of limits."""
        if self._held:
            frame = b"".join((*self._held, frame))
            self.drop()
        if frame:
            self._duplex.write(frame)

    def write_newest(self, make: Callable[[], bytes], *, hold: bool = False) -> None:
        """Send the frame that `make` returns, now or when the peer reads again; only the newest such frame waits.

        RFC 6455 §5.5.3 allows that for pongs. So a peer that sends pings and never reads does not make memory grow.
        `make` returns b"" if there is nothing to send. If the peer or the socket is gone by then, errors are ignored.
        """
        if self._in_flight <= self._soft_limit or self._count_in_flight() <= self._soft_limit:
            frame = make()
            if frame:
                self.write(frame, hold=hold)
            return
        self._pending_pong = make
        if self._pong_task is None:
            self._pong_task = asyncio.get_running_loop().create_task(self._write_pending_pong())

    def flush(self) -> None:
        """Write the frames that are held."""
        if self._held:
            self.write_now(b"")

    def drop(self) -> None:
        """Drop the frames that are held."""
        self._held.clear()
        self._held_size = 0

    def stop(self) -> None:
        """Stop waiting for the peer to read: nothing is sent any more."""
        if self._pong_task is not None:
            self._pong_task.cancel()

    @property
    def size(self) -> int:
        """Bytes in flight."""
        return self._held_size + self._duplex.write_buffer_size

    async def drain(self) -> None:
        """Wait while the peer is slow; returns as well when it is gone."""
        self.flush()
        try:
            await self._duplex.drain()
        except ConnectionResetError:
            return

    def _flush_in_next_turn(self) -> None:
        self._is_flush_scheduled = False
        self.flush()

    def _count_in_flight(self) -> int:
        self._in_flight = self.size
        return self._in_flight

    async def _wait_for_room(self) -> None:
        await asyncio.sleep(
            0
        )  # otherwise a handler that sends a lot to a fast peer would block all other tasks
        await self._duplex.drain()
        self._count_in_flight()

    async def _write_pending_pong(self) -> None:
        try:
            self.flush()
            await self._duplex.drain()
            self.write_now(self._pending_pong())
        except ConnectionResetError:
            pass  # the peer is gone, or a close frame was sent: the users of the socket learn about it
        finally:
            self._pending_pong, self._pong_task = bytes, None
