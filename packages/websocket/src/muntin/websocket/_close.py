"""The payload of a close frame (RFC 6455 §5.5.1, §7.4): a code, and a reason in UTF-8."""

import warnings

from muntin.websocket._utf8 import decode_text
from muntin.websocket.codes import WSCloseCode, is_close_code
from muntin.websocket.errors import ProtocolViolation

__all__ = ["NO_STATUS", "format_close", "parse_close"]

NO_STATUS = 1005
"""The code for a close frame without a code (RFC 6455 §7.1.5). It is never sent."""

_MAX_REASON = 123


def parse_close(payload: bytes) -> tuple[int, str]:
    """Parse the payload of a close frame into code and reason (RFC 6455 §5.5.1).

    Raises:
        ProtocolViolation: the payload is malformed, or the code must not be sent.
        InvalidData: the reason is not UTF-8.
    """
    if not payload:
        return NO_STATUS, ""
    if len(payload) == 1:
        raise ProtocolViolation("close frame with half a code")
    code = int.from_bytes(payload[:2], "big")
    if not is_close_code(code):
        raise ProtocolViolation(f"close code {code} must not be sent")
    return code, decode_text(payload[2:])


def format_close(code: int, reason: str | bytes) -> bytes:
    """Format the payload of a close frame; `Connection.close` describes the arguments.

    Raises:
        TypeError: the code is not an int, or the reason neither str nor bytes.
        ValueError: the code must not be sent, or the reason is not UTF-8.
    """
    if not isinstance(code, int):
        raise TypeError(f"a close code is an int, not {type(code).__name__}")
    if not isinstance(reason, (str, bytes)):
        raise TypeError(f"a reason is a str or bytes, not {type(reason).__name__}")
    if code < 1000:
        warnings.warn(f"close code {code} cannot be sent, 1001 is sent for it", RuntimeWarning, stacklevel=4)
        code = WSCloseCode.GOING_AWAY
    if not is_close_code(code):
        raise ValueError(f"close code {code} must not be sent")
    data = reason.encode() if isinstance(reason, str) else reason
    data.decode()  # raises UnicodeDecodeError where it is not UTF-8
    if len(data) > _MAX_REASON:
        data = data[:_MAX_REASON].decode(errors="ignore").encode()
    return code.to_bytes(2, "big") + data
