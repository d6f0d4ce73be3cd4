"""The client: opening a WebSocket to a URL."""

import asyncio
import base64
import re
import ssl as ssl_module
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from muntin.websocket._connection import MAX_MESSAGE_SIZE, Connection, Role
from muntin.websocket._deflate import Deflate
from muntin.websocket._handshake import Agreement, ClientHandshake
from muntin.websocket.aio._duplex import AsyncioDuplex
from muntin.websocket.aio._heads import Fields, check_host, format_head, parse_response
from muntin.websocket.aio._heartbeat import Clock
from muntin.websocket.aio._options import (
    BUFFER_LIMIT,
    INBOX_LIMIT,
    WRITER_LIMIT,
    SocketOptions,
    check_seconds,
)
from muntin.websocket.aio._socket import WebSocket
from muntin.websocket.errors import HandshakeError

__all__ = ["COMPRESSION", "connect"]

_PORTS = {"ws": 80, "wss": 443}
COMPRESSION = Deflate()
# The fields that the handshake sends itself, and those of a body
_OURS = re.compile(
    r"(?i)upgrade|connection|sec-websocket-(?:key|version|accept|protocol|extensions)|content-length|transfer-encoding"
)
# Visible ASCII without a fragment
_url = re.compile(r"[\x21\x22\x24-\x7e]+")
_credentials = re.compile(r"//[^@/?]*@")


class _Place(NamedTuple):
    """The parts of a URL: where to connect to, and what to request there."""

    is_secure: bool
    hostname: str
    port: int
    host: str
    target: str
    authorization: str | None


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
    timeout: float = 10.0,
    receive_timeout: float | None = None,
    autoclose: bool = True,
    autoping: bool = True,
    heartbeat: float | None = None,
    writer_limit: int = WRITER_LIMIT,
    buffer_limit: int = BUFFER_LIMIT,
    inbox_limit: int = INBOX_LIMIT,
    clock: Clock | None = None,
) -> WebSocket:
    """Open a WebSocket to `url` (`ws://…` or `wss://…`) and return it.

    The arguments that are not listed here are those of `Connection` and `WebSocket`. All arguments are checked
    before anything is sent. A name and a password in the URL are sent as basic credentials (RFC 7617).

    Args:
        url: the URL.
        fields: more fields for the request; a Host among them replaces that of the URL.
        subprotocols: the subprotocols to offer, in order of preference.
        deflate: the compression to offer; None for none.
        open_timeout: seconds for connecting and the handshake together.
        ssl: the context for `wss`; a default context if None.

    Raises:
        TypeError: an argument is of another type.
        ValueError: an argument is malformed or out of range.
        OSError: the server cannot be reached.
        TimeoutError: the opening took longer than `open_timeout`.
        HandshakeError: the server refused, or its response is malformed.
    """
    place = _parse_url(url)
    context = _choose_context(place, ssl)
    check_seconds("open_timeout", open_timeout)
    options: dict[str, Any] = {
        "timeout": timeout,
        "receive_timeout": receive_timeout,
        "autoclose": autoclose,
        "autoping": autoping,
        "heartbeat": heartbeat,
        "writer_limit": writer_limit,
        "buffer_limit": buffer_limit,
        "inbox_limit": inbox_limit,
        "clock": clock,
    }
    SocketOptions(**options)
    handshake = ClientHandshake(subprotocols=subprotocols, deflate=deflate)

    def make_connection(agreed: Deflate | None) -> Connection:
        return Connection(
            Role.CLIENT, max_message_size=max_message_size, deflate=agreed, decode_text=decode_text
        )

    make_connection(deflate)
    head = _format_request(place, handshake, fields)
    async with asyncio.timeout(open_timeout):
        loop = asyncio.get_running_loop()
        _, duplex = await loop.create_connection(AsyncioDuplex, place.hostname, place.port, ssl=context)
        try:
            duplex.write(head)
            agreement = _verify(handshake, await _read_response(duplex))
            return WebSocket(
                duplex, make_connection(agreement.deflate), subprotocol=agreement.subprotocol, **options
            )
        except BaseException:
            duplex.abort()
            raise


def _parse_url(url: str) -> _Place:
    if not isinstance(url, str):
        raise TypeError(f"the URL is a str, not {type(url).__name__}")
    shown = _credentials.sub("//…@", url)
    # `urlsplit` silently drops white space, control characters and an empty fragment.
    if not _url.fullmatch(url):
        raise ValueError(
            f"{shown!r} is not the URL of a WebSocket: it has characters that must be percent-encoded"
        )
    parts = urlsplit(url)
    if parts.scheme not in _PORTS or not parts.hostname or parts.port == 0:
        raise ValueError(f"{shown!r} is not the URL of a WebSocket")
    userinfo, _, host = parts.netloc.rpartition("@")
    check_host(host)
    credentials = None
    if userinfo:
        pair = b":".join(
            map(unquote_to_bytes, (userinfo if ":" in userinfo else userinfo + ":").split(":", 1))
        )
        credentials = "Basic " + base64.b64encode(pair).decode("ascii")
    return _Place(
        parts.scheme == "wss",
        parts.hostname,
        parts.port or _PORTS[parts.scheme],
        host,
        (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        credentials,
    )


def _choose_context(place: _Place, ssl: ssl_module.SSLContext | None) -> ssl_module.SSLContext | None:
    if ssl is not None and not isinstance(ssl, ssl_module.SSLContext):
        raise TypeError(f"ssl is an SSLContext or None, not {type(ssl).__name__}")
    if place.is_secure:
        return ssl or ssl_module.create_default_context()
    if ssl is not None:
        raise ValueError("ssl is for wss://, but this URL is ws://, which is not encrypted")
    return None


def _format_request(place: _Place, handshake: ClientHandshake, fields: Iterable[tuple[str, str]]) -> bytes:
    added: Fields = tuple(fields)
    format_head("", added)  # raises for invalid fields
    hosts = [value for name, value in added if name.lower() == "host"]
    if len(hosts) > 1:
        raise ValueError("a request has only one Host")
    for host in hosts:
        check_host(host)
    for name, _ in added:
        if _OURS.fullmatch(name):
            raise ValueError(f"the field {name} is set by the handshake itself")
    own = [("Host", hosts[0] if hosts else place.host), *handshake.fields]
    if place.authorization is not None:
        if any(name.lower() == "authorization" for name, _ in added):
            raise ValueError("there are credentials in the URL and in the field Authorization")
        own.append(("Authorization", place.authorization))
    rest = [(name, value) for name, value in added if name.lower() != "host"]
    return format_head(f"GET {place.target} HTTP/1.1", [*own, *rest])


def _verify(handshake: ClientHandshake, head: bytes) -> Agreement:
    try:
        status, fields = parse_response(head)
    except ValueError as error:
        raise HandshakeError(f"the server's response is not HTTP: {error}") from error
    return handshake.verify(status, fields)


async def _read_response(duplex: AsyncioDuplex) -> bytes:
    try:
        return await duplex.read_head()
    except (ConnectionResetError, ValueError) as error:
        raise HandshakeError(f"no response from the server: {error}") from error
