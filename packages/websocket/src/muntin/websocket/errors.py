"""What can go wrong, as a small tree by remedy.

    WebSocketError
    ├── HandshakeError                  the opening handshake failed: look at `status` and the reason
    ├── ProtocolViolation      1002     the peer broke the protocol: close with `code`
    │   ├── InvalidData        1007     … its bytes are not what it said they are
    │   ├── PolicyViolation    1008     … it asked too much of us
    │   └── MessageTooBig      1009     … its message is above the limit
    └── ConnectionClosed                we wanted to send, but the connection ends or has ended

Knows the codes. Must not know who raises.
"""

from muntin.websocket.codes import WSCloseCode

__all__ = [
    "ConnectionClosed",
    "HandshakeError",
    "InvalidData",
    "MessageTooBig",
    "PolicyViolation",
    "ProtocolViolation",
    "WebSocketError",
]


class WebSocketError(Exception):
    """Anything that this package raises by itself."""


class HandshakeError(WebSocketError):
    """The other side did not agree to speak WebSocket; `status` is its answer, None if there was none."""

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.status = status


class ProtocolViolation(WebSocketError):
    """The peer broke RFC 6455 or RFC 7692; `code` is the close code to send, `str(error)` the reason."""

    code: WSCloseCode = WSCloseCode.PROTOCOL_ERROR


class InvalidData(ProtocolViolation):
    """Text that is not UTF-8, or compressed data that does not inflate."""

    code = WSCloseCode.INVALID_TEXT


class PolicyViolation(ProtocolViolation):
    """More frames than a sane peer sends."""

    code = WSCloseCode.POLICY_VIOLATION


class MessageTooBig(ProtocolViolation):
    """A message above the limit: as declared, as received so far, or as inflated so far."""

    code = WSCloseCode.MESSAGE_TOO_BIG


class ConnectionClosed(WebSocketError, ConnectionResetError):
    """Nothing can be sent any more: a close frame went out, or the connection is gone."""
