"""The WebSocket protocol (RFC 6455, RFC 7692) as a sans-I/O engine; its asyncio edge is the module `aio`."""

from ._connection import Connection, Role
from ._deflate import Deflate
from ._handshake import Agreement, Answer, ClientHandshake, accept
from ._prepared import PreparedMessage
from ._states import State
from .codes import Opcode, WSCloseCode, WSMsgType, is_close_code
from .errors import (
    ConnectionClosed,
    HandshakeError,
    InvalidData,
    MessageTooBig,
    PolicyViolation,
    ProtocolViolation,
    WebSocketError,
)
from .events import WSMessage

__all__ = [
    "Agreement",
    "Answer",
    "ClientHandshake",
    "Connection",
    "ConnectionClosed",
    "Deflate",
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
