"""Sending a part of a file to a peer: by the kernel if possible, otherwise by reading and writing.

`loop.sendfile` is not used. uvloop has none. That of asyncio stops reading meanwhile, so a peer that goes away is
noticed late, and when a deadline cuts the connection it waits for the old descriptor for ever. Here the socket is
written to directly for a while, and the same `WriteFlow` is paused and resumed. So a stalled peer is noticed as usual,
and a waiting coroutine wakes when the connection is lost.

Reads that may wait for a disk happen in a thread, where the system can say so (`_is_in_memory`). What is in memory is
sent from the loop itself, because a thread takes longer than the call.
"""

import asyncio
import os
import socket
from collections.abc import AsyncGenerator, Callable
from functools import partial
from typing import Any, BinaryIO, Final

from muntin.runner._flow import WriteFlow

__all__ = ["CAN_SEND", "push_file", "read_pieces"]

CAN_SEND: Final = hasattr(os, "sendfile")
"""True if the system can copy bytes from a file to a socket (sendfile(2))."""

# So many bytes at most in one turn of the loop: copying them takes one or two tenths of a millisecond.
_STRETCH: Final = 1 << 20
# So many bytes are read into memory at a time.
_PIECE: Final = 1 << 18

_NOWAIT: Final = getattr(os, "RWF_NOWAIT", 0) if hasattr(os, "preadv") else 0
# With this flag, a head leaves in the same packet as the file behind it.
_MORE: Final = getattr(socket, "MSG_MORE", 0)


async def push_file(
    loop: asyncio.AbstractEventLoop,
    transport: asyncio.Transport,
    flow: WriteFlow,
    ahead: bytes,
    file: int,
    offset: int,
    count: int,
    count_sent: Callable[[int], None],
) -> int:
    """Send some bytes and then a part of a file, bypassing a plain transport.

    Args:
        loop, transport, flow: those of the connection.
        ahead: bytes that are sent first.
        file: the descriptor of a regular file.
        offset, count: the part of the file, in bytes.
        count_sent: called with the number of bytes of the file that were just sent.

    Returns:
        How many bytes of the file were sent: fewer than `count` if the file has ended, or the kernel cannot send it.

    Raises:
        ConnectionResetError: the peer is gone.
    """
    await _send_ahead(transport, flow, ahead)
    start, end = offset, offset + count
    own = -1
    try:
        while True:
            size = min(end - offset, _STRETCH)
            if not _is_in_memory(file, offset, size):
                await _in_thread(loop, _fetch, file, offset, size)
                await flow.wait()
            sent = _send(_descriptor(transport) if own < 0 else own, file, offset, size)
            if sent is not None:
                offset += sent
                count_sent(sent)
                if offset == end or not sent:
                    return offset - start
            if own < 0:
                # Loops refuse to watch the descriptors of their transports. A duplicate can be watched, and its number
                # cannot be reused when the transport closes its own.
                own = os.dup(_descriptor(transport))
            offset = await _Pump(loop, flow, own, file, offset, end, count_sent).run()
            if offset == end:
                return offset - start
    except _Unable:
        return offset - start
    finally:
        if own >= 0:
            os.close(own)


class _Unable(Exception):
    """The kernel cannot send this file, or not to this socket."""


def _descriptor(transport: asyncio.Transport) -> int:
    # The number that a closing transport reports may belong to another connection already.
    if transport.is_closing():
        raise ConnectionResetError("the peer is gone")
    descriptor: int = transport.get_extra_info("socket").fileno()
    return descriptor


def _send(connection: int, file: int, offset: int, count: int) -> int | None:
    """Return the number of bytes sent, 0 at the end of the file, or None while the socket has no room."""
    try:
        return os.sendfile(connection, file, offset, count)
    except BlockingIOError:
        return None
    except ConnectionError as error:
        raise ConnectionResetError("the peer is gone") from error
    except OSError as error:
        raise _Unable from error


async def _send_ahead(transport: asyncio.Transport, flow: WriteFlow, data: bytes) -> None:
    if not transport.get_write_buffer_size():
        data = data[_send_now(transport, data) :]
    if data:
        transport.write(data)
    if transport.get_write_buffer_size():
        # Bytes that bypass the transport must not overtake its queue: wait until the queue is empty.
        transport.set_write_buffer_limits(0)
        try:
            await flow.wait()
        finally:
            transport.set_write_buffer_limits()


def _send_now(transport: asyncio.Transport, data: bytes) -> int:
    """Send what the socket has room for, and return the number of bytes."""
    if not data:
        return 0
    # A temporary socket object, because those of the transports cannot send. The family matters only for calls with an
    # address; finding out the real one, as `socket.socket` does, takes ten times as long as all of this.
    connection = socket.SocketType(socket.AF_INET, socket.SOCK_STREAM, 0, _descriptor(transport))
    try:
        return connection.send(data, _MORE)
    except BlockingIOError:
        return 0
    except ConnectionError as error:
        raise ConnectionResetError("the peer is gone") from error
    finally:
        connection.detach()


class _Pump:
    """Sends a part of a file whenever the socket has room, in callbacks of the loop: waking a coroutine for each piece
    would take longer than sending it.

    Args:
        loop, flow: those of the connection.
        connection: the descriptor to send to.
        file, offset, end: the part of the file.
        count_sent: called with the number of bytes that were just sent.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        flow: WriteFlow,
        connection: int,
        file: int,
        offset: int,
        end: int,
        count_sent: Callable[[int], None],
    ) -> None:
        self._loop = loop
        self._flow = flow
        self._connection = connection
        self._file = file
        self._offset = offset
        self._end = end
        self._count_sent = count_sent
        self._failure: Callable[[], Exception] | None = None
        """Makes what is raised: an error that was kept would keep the frames that it goes through, and they us."""

    async def run(self) -> int:
        """Send, and return the offset that was reached: the end, or the first byte that has to be fetched into memory.

        Raises:
            ConnectionResetError: the peer is gone.
        """
        self._flow.pause()
        self._loop.add_writer(self._connection, self._send_more)
        try:
            await self._flow.wait()
        finally:
            self._loop.remove_writer(self._connection)
            if self._flow.is_paused:
                self._flow.resume()
        if self._failure is not None:
            raise self._failure()
        return self._offset

    def _send_more(self) -> None:
        size = min(self._end - self._offset, _STRETCH)
        if not _is_in_memory(self._file, self._offset, size):
            self._flow.resume()
            return
        try:
            sent = _send(self._connection, self._file, self._offset, size)
        except ConnectionResetError:
            self._failure = partial(ConnectionResetError, "the peer is gone")
            sent = 0
        except _Unable:
            self._failure = _Unable
            sent = 0
        if sent is not None:
            self._offset += sent
            self._count_sent(sent)
            if not sent or self._offset == self._end:
                self._flow.resume()
            else:
                self._flow.record_progress()


async def read_pieces(
    loop: asyncio.AbstractEventLoop, file: BinaryIO, offset: int, count: int, piece: int
) -> AsyncGenerator[bytes, None]:
    """Read `count` bytes of a file from `offset`, a piece at a time; fewer where it has ended."""
    while count:
        size = min(count, piece)
        if _NOWAIT and _is_in_memory(file.fileno(), offset, size):
            data = os.pread(file.fileno(), size, offset)
        else:
            data = await _in_thread(loop, _read_at, file, offset, size)
        if not data:
            return
        yield data
        offset += len(data)
        count -= len(data)


def _is_in_memory(file: int, offset: int, count: int) -> bool:
    """Return True if reading a part of a file would not wait for a disk.

    Only its last byte is checked, because the kernel reads ahead in order. For systems and file systems that cannot say
    (among them those in memory, and the layered ones of containers) the result is True: their pages are nearly always
    in memory, and a thread for each part of each file would cost more than the rare wait.
    """
    if not _NOWAIT:
        return True
    try:
        os.preadv(file, [bytearray(1)], offset + count - 1, _NOWAIT)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _fetch(file: int, offset: int, count: int) -> None:
    """Read a part of a file, so that the kernel has it in memory."""
    end = offset + count
    while offset < end and (data := os.pread(file, min(end - offset, _PIECE), offset)):
        offset += len(data)


def _read_at(file: BinaryIO, offset: int, count: int) -> bytes:
    if hasattr(os, "pread"):
        return os.pread(file.fileno(), count, offset)
    file.seek(offset)
    return file.read(count)


async def _in_thread(loop: asyncio.AbstractEventLoop, read: Callable[..., Any], *arguments: Any) -> Any:
    """Read in a thread, and wait for it even if cancelled: its descriptor must not be closed, and reused, before."""
    reading = loop.run_in_executor(None, read, *arguments)
    try:
        return await asyncio.shield(reading)
    except asyncio.CancelledError:
        await asyncio.wait([reading])
        raise
