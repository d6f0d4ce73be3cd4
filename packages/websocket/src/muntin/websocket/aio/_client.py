"""Opening a WebSocket from the client's side.

Knows URLs and connections. Must not know frames.
"""

import asyncio
import ssl as ssl_module
from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from .._connection import MAX_MESSAGE_SIZE, Connection, Role
from .._deflate import Deflate
from .._handshake import ClientHandshake
from ..errors import HandshakeError
from ._duplex import TransportDuplex
from ._heads import format_head, parse_response
from ._socket import WebSocket

__all__ = ["connect"]

_PORTS = {"ws": 80, "wss": 443}
COMPRESSION = Deflate()


async def connect(
    url: str,
    *,
    fields: Iterable[tuple[str, str]] = (),
    subprotocols: Sequence[str] = (),
    deflate: Deflate | None = COMPRESSION,
    max_message_size: int = MAX_MESSAGE_SIZE,
    decode_text: bool = True,
    open_timeout: float = 10.0,
    ssl: ssl_module.SSLContext | None = None,
    **options: Any,
) -> WebSocket:
    """Open a WebSocket to `url` (`ws://…` or `wss://…`) and give it.

    `fields` are added to the request; `deflate` is the compression to ask for, None for none;
    `open_timeout` is in seconds and holds for all of the opening; `options` are those of `WebSocket`.

    Raises ValueError for a URL that is none, OSError when there is no way to the server, TimeoutError, and
    HandshakeError when the server does not agree.
    """
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.fragment:
        raise ValueError(f"{url!r} is not the URL of a WebSocket")
    port = parts.port or _PORTS[parts.scheme]
    context = (ssl or ssl_module.create_default_context()) if parts.scheme == "wss" else None
    handshake = ClientHandshake(subprotocols=subprotocols, deflate=deflate)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = parts.netloc.rpartition("@")[2]
    head = format_head(f"GET {target} HTTP/1.1", [("Host", host), *handshake.fields, *fields])
    async with asyncio.timeout(open_timeout):
        loop = asyncio.get_running_loop()
        _, duplex = await loop.create_connection(TransportDuplex, parts.hostname, port, ssl=context)
        try:
            duplex.write(head)
            status, answer = _parse_answer(await _read_answer(duplex))
            agreement = handshake.verify(status, answer)
        except BaseException:
            duplex.abort()
            raise
    connection = Connection(
        Role.CLIENT, max_message_size=max_message_size, deflate=agreement.deflate, decode_text=decode_text
    )
    return WebSocket(duplex, connection, subprotocol=agreement.subprotocol, **options)


async def _read_answer(duplex: TransportDuplex) -> bytes:
    try:
        return await duplex.read_head()
    except (ConnectionResetError, ValueError) as error:
        raise HandshakeError(f"no answer from the server: {error}") from error


def _parse_answer(head: bytes) -> tuple[int, tuple[tuple[str, str], ...]]:
    try:
        return parse_response(head)
    except ValueError as error:
        raise HandshakeError(f"the server's answer is not HTTP: {error}") from error
