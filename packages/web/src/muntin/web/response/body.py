"""The body of a response, as much of it as is known when the head is about to be sent."""

from collections.abc import Callable
from enum import Enum
from typing import Any, BinaryIO, NamedTuple

from muntin.runner import Duplex

__all__ = ["Body", "BodyData", "BodyKind", "FileStretch", "SocketOpener", "as_bytes", "kind_of"]

BodyData = bytes | bytearray | memoryview
"""The types that can be written to a body."""


class BodyKind(Enum):
    """The kinds of bodies that are sent in different ways."""

    BYTES = "all of it, in memory"
    FILE_IN_MEMORY = "what a file contains, read already; nothing where the response to HEAD leaves it out"
    FILE = "one stretch of an open file"
    PIECES = "pieces that follow one another: a payload, or several stretches of a file"
    WRITTEN = "what the handler writes while it is sent"
    SOCKET = "none: the connection changes its protocol"


class FileStretch(NamedTuple):
    """Some bytes of an open file."""

    file: BinaryIO
    offset: int
    length: int
    chunk_size: int
    """How many bytes are read at a time where the system cannot send the file by itself."""


SocketOpener = Callable[[Duplex, Any], None]
"""Speaks another protocol on a connection from now on; called with that, and with the request."""

Body = BodyKind | FileStretch | SocketOpener
"""A body as delivery sees it: a file or another protocol by what it is sent with, any other by its kind."""


def kind_of(body: Body) -> BodyKind:
    """Return the kind of a body."""
    if isinstance(body, BodyKind):
        return body
    return BodyKind.FILE if isinstance(body, FileStretch) else BodyKind.SOCKET


def as_bytes(data: BodyData) -> bytes:
    """Return bytes of any kind as `bytes`.

    Raises:
        TypeError: they are not bytes.
    """
    if isinstance(data, bytes):
        return data
    if not isinstance(data, (bytearray, memoryview)):
        raise TypeError(f"a body is made of bytes, not of {type(data).__name__}")
    return bytes(data)
