"""Sending one message to many sockets, some of which may be slow."""

from collections.abc import Callable, Iterable
from typing import Protocol, TypeVar

from muntin.websocket._prepared import PreparedMessage
from muntin.websocket.aio._options import WRITER_LIMIT
from muntin.websocket.aio._sending import Sending
from muntin.websocket.codes import WSCloseCode
from muntin.websocket.errors import ConnectionClosed

__all__ = ["Recipient", "broadcast", "drop_slow", "skip_slow"]


class Recipient(Protocol):
    """A socket that receives a broadcast: a `WebSocket`, or an object with these members."""

    @property
    def closed(self) -> bool: ...

    @property
    def write_buffer_size(self) -> int: ...

    def send_prepared(self, message: PreparedMessage, /) -> Sending: ...

    def close_nowait(self, *, code: int = ..., message: str | bytes = ...) -> None: ...


L = TypeVar("L", bound=Recipient)


def drop_slow(socket: Recipient) -> None:
    """Close a slow socket, with 1008."""
    socket.close_nowait(code=WSCloseCode.POLICY_VIOLATION, message="too slow")


def skip_slow(socket: Recipient) -> None:
    """Do not send this message to a slow socket."""


def broadcast(
    sockets: Iterable[L],
    data: str | bytes,
    *,
    slow: Callable[[L], None] = drop_slow,
    slow_limit: int = WRITER_LIMIT,
) -> int:
    """Send a message to every open socket, without waiting, and return the number of sockets that it was sent to.

    The message is framed once, and compressed once for each distinct compression setup.

    Args:
        sockets: the sockets.
        data: the message: text as str, binary data as bytes.
        slow: called with each slow socket, to which the message is not sent.
        slow_limit: bytes in flight above which a socket is slow.
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
