"""The WebSocket protocol (RFC 6455, RFC 7692) as an engine without I/O. The module `aio` connects it to asyncio."""

from muntin.websocket._connection import Connection, Role
from muntin.websocket._deflate import Deflate
from muntin.websocket._handshake import Agreement, ClientHandshake, Handshake, accept
from muntin.websocket._prepared import PreparedMessage
from muntin.websocket._states import State
from muntin.websocket.codes import Opcode, WSCloseCode, WSMsgType, is_close_code
from muntin.websocket.errors import (
    ConnectionClosed,
    HandshakeError,
    InvalidData,
    MessageTooBig,
    PolicyViolation,
    ProtocolViolation,
    WebSocketError,
)
from muntin.websocket.events import WSMessage

__all__ = [
    "Agreement",
    "ClientHandshake",
    "Connection",
    "ConnectionClosed",
    "Deflate",
    "Handshake",
    "HandshakeError",
    "InvalidData",
    "MessageTooBig",
    "Opcode",
    "PolicyViolation",
    "PreparedMessage",
    "ProtocolViolation",
    "Role",
    "State",
    "WSCloseCode",
    "WSMessage",
    "WSMsgType",
    "WebSocketError",
    "accept",
    "is_close_code",
]
