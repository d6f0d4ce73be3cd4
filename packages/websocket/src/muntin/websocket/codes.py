"""The numbers of the protocol: opcodes, kinds of message, and close codes.

They are those of RFC 6455 §5.2 and §7.4 and of the IANA registry.
"""

from enum import IntEnum

__all__ = ["Opcode", "WSCloseCode", "WSMsgType", "is_close_code"]


class Opcode(IntEnum):
    """The kinds of frame (RFC 6455 §5.2)."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


class WSMsgType(IntEnum):
    """The kinds of message: the opcodes and, above 255, the ends of a connection that no frame carries."""

    CONTINUATION = 0x0
    TEXT = 0x1
    BINARY = 0x2
    PING = 0x9
    PONG = 0xA
    CLOSE = 0x8
    CLOSING = 0x100
    CLOSED = 0x101
    ERROR = 0x102

    text = TEXT
    binary = BINARY
    ping = PING
    pong = PONG
    close = CLOSE
    closing = CLOSING
    closed = CLOSED
    error = ERROR


class WSCloseCode(IntEnum):
    """The reasons why a connection ends (RFC 6455 §7.4.1 and the IANA registry)."""

    OK = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    ABNORMAL_CLOSURE = 1006
    INVALID_TEXT = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014


_REGISTERED = frozenset((*range(1000, 1004), *range(1007, 1015)))
_OPEN_TO_LIBRARIES_AND_APPLICATIONS = range(3000, 5000)


def is_close_code(code: int) -> bool:
    """Return whether `code` may stand in a close frame (RFC 6455 §7.4).

    1004 is reserved without a meaning; 1005, 1006 and 1015 describe ends without a close frame or without a code.
    """
    return code in _REGISTERED or code in _OPEN_TO_LIBRARIES_AND_APPLICATIONS
