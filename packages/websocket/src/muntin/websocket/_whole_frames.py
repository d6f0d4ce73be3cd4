"""Frames that are whole: messages of one frame each in received bytes, and the frames that are sent.

`_speedups.pyx` is the compiled twin of this module, and `_accel` selects one of them. This one is the reference, and is
used where nothing was compiled.

`take_messages` only takes what breaks no rule. It leaves the first frame that is unusual, and all that follows, to
`_frames`, which finds what is wrong with it, if anything is. So no error is worded twice.
"""

import struct

from muntin.websocket._mask import apply_mask, unmask
from muntin.websocket.codes import WSMsgType
from muntin.websocket.events import WSMessage

__all__ = ["format_frame", "take_messages"]

_TEXT, _BINARY = 0x81, 0x82  # the first byte of a whole message, uncompressed
_TEXT_TYPE, _BINARY_TYPE = WSMsgType.TEXT, WSMsgType.BINARY
_MASKED = 0x80
_LENGTH = 0x7F
_IN_TWO_BYTES = 126
_IN_EIGHT_BYTES = 127

# Frames that are taken in one call: that many take little memory, and most reads have fewer.
_BATCH = range(1024)

_make = tuple.__new__  # makes a named tuple without a call of a Python function
_BYTES = tuple(bytes((byte,)) for byte in range(256))
_format_medium = struct.Struct("!BBH").pack
_format_long = struct.Struct("!BBQ").pack


def take_messages(
    data: bytes, masked: bool, max_size: int, decode_text: bool, /
) -> tuple[list[WSMessage], int]:
    """Return the messages at the start of `data`, and the position behind them; at most 1024.

    Each is text or binary data, uncompressed, in one whole frame that breaks no rule (RFC 6455 §5.2, §8.1).

    Args:
        data: the bytes, from the start of a frame.
        masked: True if frames must be masked, False if they must not be.
        max_size: bytes of the largest payload.
        decode_text: True to return text as str, False to return it as bytes; it is checked in both cases.
    """
    messages: list[WSMessage] = []
    end, pos = len(data), 0
    for _ in _BATCH:
        if end - pos < 2:
            break
        head, length = data[pos], data[pos + 1]
        if (head != _BINARY and head != _TEXT) or (length >= _MASKED) is not masked:
            break
        length &= _LENGTH
        start = pos + 2
        if length >= _IN_TWO_BYTES:
            least = _IN_TWO_BYTES if length == _IN_TWO_BYTES else 0x10000
            start += 2 if length == _IN_TWO_BYTES else 8
            length = int.from_bytes(data[pos + 2 : start], "big")
            if length < least:
                break
        if masked:
            start += 4
        stop = start + length
        if stop > end or length > max_size:
            break
        payload = unmask(data, start, stop) if masked else data[start:stop]
        if head == _BINARY:
            messages.append(_make(WSMessage, (_BINARY_TYPE, payload, None)))
        else:
            try:
                text = payload.decode()
            except UnicodeDecodeError:
                break
            messages.append(_make(WSMessage, (_TEXT_TYPE, text if decode_text else payload, None)))
        pos = stop
    return messages, pos


def format_frame(head: int, payload: bytes, mask: bytes = b"") -> bytes:
    """Format a frame whose first byte is `head`; `mask` is four bytes, or empty for an unmasked frame."""
    size = len(payload)
    bit = _MASKED if mask else 0
    if size < _IN_TWO_BYTES:
        start = _BYTES[head] + _BYTES[bit | size]
    elif size < 0x10000:
        start = _format_medium(head, bit | _IN_TWO_BYTES, size)
    else:
        start = _format_long(head, bit | _IN_EIGHT_BYTES, size)
    return start + mask + apply_mask(payload, mask) if mask else start + payload
