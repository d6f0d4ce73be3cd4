"""The errors of this package, as a small tree by remedy.

WebSocketError
├── HandshakeError                  the opening handshake failed: look at `status` and the reason
├── ProtocolViolation      1002     the peer broke the protocol: close with `code`
│   ├── InvalidData        1007     … its data is not valid UTF-8, or does not inflate
│   ├── PolicyViolation    1008     … it sent more frames than allowed
│   └── MessageTooBig      1009     … its message is above the limit
└── ConnectionClosed                a send failed: the connection is closing or has closed
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
    """The base of all errors that this package defines."""


class HandshakeError(WebSocketError):
    """The other side did not agree to speak WebSocket; `status` is that of its response, None if there was none."""

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
    """A message in more frames than allowed."""

    code = WSCloseCode.POLICY_VIOLATION


class MessageTooBig(ProtocolViolation):
    """A message above the limit, whether as declared, as received so far, or as inflated so far."""

    code = WSCloseCode.MESSAGE_TOO_BIG


class ConnectionClosed(WebSocketError, ConnectionResetError):
    """Nothing can be sent any more: a close frame was sent, or the connection is gone."""
