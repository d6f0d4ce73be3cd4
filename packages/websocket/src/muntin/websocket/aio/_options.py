"""The options of a socket, and the checks of their values."""

from dataclasses import dataclass

from muntin.websocket.aio._heartbeat import Clock

__all__ = ["BUFFER_LIMIT", "INBOX_LIMIT", "WRITER_LIMIT", "SocketOptions", "check_seconds"]

WRITER_LIMIT = 256 * 1024
BUFFER_LIMIT = 4 * 1024 * 1024
INBOX_LIMIT = 256 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketOptions:
    """The options of a `WebSocket`, where they are described. Building this object only checks them.

    Raises:
        TypeError: there is no such option, or a value is of another type.
        ValueError: a number is out of range.
    """

    timeout: float = 10.0
    receive_timeout: float | None = None
    autoclose: bool = True
    autoping: bool = True
    heartbeat: float | None = None
    writer_limit: int = WRITER_LIMIT
    buffer_limit: int = BUFFER_LIMIT
    inbox_limit: int = INBOX_LIMIT
    clock: Clock | None = None

    def __post_init__(self) -> None:
        check_seconds("timeout", self.timeout)
        for name in ("receive_timeout", "heartbeat"):
            seconds = getattr(self, name)
            if seconds is not None:
                check_seconds(name, seconds)
        for name in ("writer_limit", "buffer_limit", "inbox_limit"):
            size = getattr(self, name)
            if not isinstance(size, int):
                raise TypeError(f"{name} is a number of bytes, not {type(size).__name__}")
            if size < 0:
                raise ValueError(f"{name} is {size}, which is below 0")


def check_seconds(name: str, seconds: float) -> None:
    """Check a number of seconds; infinity is allowed.

    Raises:
        TypeError: it is not a number.
        ValueError: it is below 0, or not a number (NaN).
    """
    if not isinstance(seconds, (int, float)):
        raise TypeError(f"{name} is a number of seconds, not {type(seconds).__name__}")
    if not seconds >= 0:
        raise ValueError(f"{name} is {seconds}, which is not a number of seconds")
