"""One message for many sockets.

Knows that some of them are slow. Must not know who they are.
"""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from muntin.websocket._prepared import PreparedMessage
from muntin.websocket.aio._options import WRITER_LIMIT
from muntin.websocket.aio._sending import Sending
from muntin.websocket.codes import WSCloseCode
from muntin.websocket.errors import ConnectionClosed

__all__ = ["Recipient", "broadcast", "drop_slow", "skip_slow"]


class Recipient(Protocol):
    """A socket, as far as sending to it goes: a `WebSocket`, or what stands for one."""

    @property
    def closed(self) -> bool: ...

    @property
    def write_buffer_size(self) -> int: ...

    def send_prepared(self, message: PreparedMessage, /) -> Sending: ...

    def close_nowait(self, *, code: int = ..., message: str | bytes = ...) -> None: ...


L = TypeVar("L", bound=Recipient)


def drop_slow(socket: Recipient) -> None:
    """Close a socket that does not keep up, with 1008."""
    socket.close_nowait(code=WSCloseCode.POLICY_VIOLATION, message="too slow")


def skip_slow(socket: Recipient) -> None:
    """Leave a socket that does not keep up without this message."""


def broadcast(
    sockets: Iterable[L],
    data: str | bytes,
    *,
    slow: Callable[[L], None] = drop_slow,
    slow_limit: int = WRITER_LIMIT,
) -> int:
    """Send `data` to every open socket, and give the number of those that it was sent to.

    Never waits. The message is framed once, and compressed once for each distinct setup. A socket whose
    peer has left more than `slow_limit` bytes unread does not get it; what to do about it is up to `slow`.
    """
    message = PreparedMessage(data)
    count = 0
    for socket in list(sockets):
        if socket.closed:
            continue
        if socket.write_buffer_size > slow_limit:
            slow(socket)
            continue
        try:
            socket.send_prepared(message)
        except ConnectionClosed:
            continue
        count += 1
    return count
