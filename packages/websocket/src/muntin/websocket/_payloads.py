"""Checks of values: what callers send, and the kind of message that they expect to receive."""

from muntin.websocket.codes import WSMsgType
from muntin.websocket.events import WSMessage

__all__ = ["as_bytes", "as_control", "check_level", "encode_text", "expect_bytes", "expect_text"]


def as_bytes(data: bytes | bytearray | memoryview) -> bytes:
    """Return binary data as bytes.

    Raises:
        TypeError: the data is of another type.
    """
    if isinstance(data, bytes):
        return data
    if isinstance(data, (bytearray, memoryview)):
        return bytes(data)
    raise TypeError(f"data is bytes, bytearray or memoryview, not {type(data).__name__}")


def encode_text(text: str) -> bytes:
    """Return a text as UTF-8.

    Raises:
        TypeError: it is not a str.
        UnicodeEncodeError: it has a lone surrogate.
    """
    if not isinstance(text, str):
        raise TypeError(f"text is a str, not {type(text).__name__}")
    return text.encode()


def check_level(level: int) -> None:
    """Check a level of compression.

    Raises:
        TypeError: it is not an int.
        ValueError: it is not between 0 and 9.
    """
    if not isinstance(level, int):
        raise TypeError(f"compress is a level from 0 to 9 or None, not {type(level).__name__}")
    if not 0 <= level <= 9:
        raise ValueError(f"compress is a level from 0 to 9 or None, not {level}")


def as_control(data: str | bytes | bytearray | memoryview) -> bytes:
    """Return the payload of a ping or a pong as bytes.

    Raises:
        TypeError: the data is of another type.
    """
    return data.encode() if isinstance(data, str) else as_bytes(data)


def expect_text(message: WSMessage) -> str:
    """Return the text of a message.

    Raises:
        TypeError: it is not a text message.
    """
    if message.type is not WSMsgType.TEXT:
        raise TypeError(f"received {message.type.name}, not TEXT")
    text: str = message.data
    return text


def expect_bytes(message: WSMessage) -> bytes:
    """Return the data of a binary message.

    Raises:
        TypeError: it is not a binary message.
    """
    if message.type is not WSMsgType.BINARY:
        raise TypeError(f"received {message.type.name}, not BINARY")
    data: bytes = message.data
    return data
