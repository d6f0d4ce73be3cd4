"""Requests that were parsed elsewhere, as `aiohttp.test_utils.make_mocked_request` makes them.

There is no connection: the exchange is one in memory, with the head of the message and a body that is read from the
message's stream. What is sent goes to the exchange; a mocked writer is not called.
"""

from collections.abc import Sequence
from typing import Any, Final

from muntin.http_core import CHUNKED, HTTP_11, NO_BODY, BodyFraming, FramingKind, HttpVersion, RequestHead
from muntin.http_core.errors import RemoteProtocolError
from muntin.web.testing import MemoryExchange, MemoryPeer

__all__ = ["make_exchange"]

_ANY_REQUEST: Final = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class _StreamBody:
    """The body of a message, read from its stream.

    Args:
        stream: of aiohttp's client half, or one like it.
    """

    trailers = ()

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    @property
    def is_complete(self) -> bool:
        """True if all of it has arrived."""
        return bool(self._stream.is_eof())

    @property
    def at_eof(self) -> bool:
        """True if all of it was read."""
        return bool(self._stream.at_eof())

    def take_chunk_ends(self) -> Sequence[int]:
        """Return no ends: the stream does not tell them."""
        return ()

    def receive_nowait(self) -> bytes:
        """Return what has arrived, b"" for nothing."""
        return bytes(self._stream.read_nowait(-1)) if self._stream.total_bytes else b""

    async def receive(self) -> bytes:
        """Return the next piece; b"" at the end."""
        return bytes(await self._stream.readany())


class _MessagePeer(MemoryPeer):
    """The other end of a message: what its transport says.

    Args:
        transport: of the protocol of the message; tests pass one that they made up.
    """

    def __init__(self, transport: Any) -> None:
        super().__init__()
        self._transport = transport
        self.address = self.get_extra_info("peername")
        self.local_address = self.get_extra_info("sockname")
        self.is_secure = self.get_extra_info("sslcontext") is not None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        """Return the extra information of the transport."""
        # Transports that tests make up take one argument.
        value = None if self._transport is None else self._transport.get_extra_info(name)
        return default if value is None else value


def make_exchange(message: Any, stream: Any, protocol: Any) -> MemoryExchange:
    """Make the exchange of a message.

    Args:
        message: has `method`, `path`, `version`, `raw_headers`, `should_close` and `chunked`.
        stream: the body.
        protocol: the connection, or something like it that has a `transport`.

    Raises:
        RemoteProtocolError: the message is no request.
    """
    exchange = MemoryExchange(_ANY_REQUEST, peer=_MessagePeer(protocol.transport))
    exchange.head = _make_head(message, has_body=not stream.at_eof())
    if exchange.head.framing is not NO_BODY:
        exchange.body = _StreamBody(stream)  # type: ignore[assignment]  # another kind of body
    exchange.peer.transport = protocol.transport
    return exchange


def _make_head(message: Any, *, has_body: bool) -> RequestHead:
    lines = [name + b": " + value + b"\r\n" for name, value in message.raw_headers]
    version = HttpVersion(*message.version)
    length = message.headers.get("Content-Length")
    # A message that was made up may have a body and no field that frames it.
    framing = CHUNKED if has_body or message.chunked else NO_BODY
    if length and not message.chunked:
        if not length.isdecimal():
            raise RemoteProtocolError(400, "malformed Content-Length")
        framing = BodyFraming(FramingKind.LENGTH, int(length))
    return RequestHead(
        message.method,
        message.path,
        HTTP_11 if version == HTTP_11 else version,
        b"".join(lines),
        framing,
        not message.should_close,
        message.headers.get("Expect"),
        message.headers.get("Upgrade"),
    )
