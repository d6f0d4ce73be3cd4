"""Reading the head of a request (RFC 9112 §3 and §5).

`split_head` splits a head that is well-formed into parts: a kernel that is compiled, or patterns (`_head_parts`). What
the parts imply is decided here. For a head that is not well-formed, `_lines` finds out what is wrong.
"""

from collections.abc import Sequence

from muntin.http_core._accel import split_head
from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import HTTP_11, NO_BODY, HttpVersion, RequestHead
from muntin.http_core._framing import frame_length, frame_request
from muntin.http_core._grammar import HOST
from muntin.http_core._head_parts import FramingFields, HeadParts
from muntin.http_core._limits import Limits
from muntin.http_core._lines import REQUEST_LINES, VERSIONS, LineCheck, find_fault
from muntin.http_core._target import check_target
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["build_head", "connection_options", "is_persistent", "parse_request_head", "take_request_head"]


def take_request_head(buffer: ReceiveBuffer, limits: Limits, is_begun: bool) -> RequestHead | None:
    """Remove a head from the front of a buffer; return None while it is not complete.

    Args:
        buffer: what was received.
        limits: how much the peer may send.
        is_begun: True if a part of this head was there before, and was checked.

    Raises:
        RemoteProtocolError: the head is malformed or exceeds a limit; the first fault is named.
    """
    data, start = buffer.data, buffer.start
    # A head that arrives in pieces is searched piece by piece, so that the time is linear.
    if not is_begun and type(data) is bytes:
        parts = split_head(data, start, limits.field_count)
        if parts is not None:
            end = buffer.start = parts[0]
            if end - start > limits.line_floor:
                LineCheck(limits, REQUEST_LINES).check_all(data[start:end])
            return build_head(parts)
    block = buffer.take_past(b"\r\n\r\n")
    if block is None:
        return None
    if not is_begun and block.startswith(b"\r\n"):
        # RFC 9112 §2.2: one empty line before the request-line is to be ignored; old clients end bodies with it.
        block = block[2:]
    return parse_request_head(block, limits)


def parse_request_head(block: bytes, limits: Limits) -> RequestHead:
    """Parse a head, from its first byte to the empty line that ends it.

    Raises:
        RemoteProtocolError: the head is malformed or exceeds a limit; the first fault is named.
    """
    parts = split_head(block, 0, limits.field_count)
    if parts is None or parts[0] != len(block):
        raise find_fault(block, limits, REQUEST_LINES)
    if len(block) > limits.line_floor:
        LineCheck(limits, REQUEST_LINES).check_all(block)
    return build_head(parts)


def build_head(parts: HeadParts) -> RequestHead:
    """Build the head from its parts.

    Raises:
        RemoteProtocolError: the parts contradict one another.
    """
    _, method, target, digits, fields, length, framing_fields = parts
    if framing_fields is None:
        return RequestHead(method, target, HTTP_11, fields, frame_length(length) if length else NO_BODY)
    version = VERSIONS.get(digits)
    if version is None:
        raise RemoteProtocolError(505, "HTTP version not supported")
    return _build_uncommon(method, target, version, fields, framing_fields)


def _build_uncommon(
    method: str, target: str, version: HttpVersion, fields: bytes, framing_fields: FramingFields
) -> RequestHead:
    """Build a head of any kind, and refuse parts that contradict one another."""
    hosts = framing_fields.get(b"host", [])
    _check_hosts(version, hosts)
    check_target(method.encode("ascii"), target.encode("ascii"), hosts[0] if hosts else None)
    framing = frame_request(
        version, framing_fields.get(b"transfer-encoding", ()), framing_fields.get(b"content-length", ())
    )
    options = connection_options(framing_fields.get(b"connection", ()))
    keep_alive = is_persistent(version, options)
    expect = upgrade = None
    # HTTP/1.0 has neither (RFC 9110 §10.1.1 and §7.8).
    if version is HTTP_11:
        if b"expect" in framing_fields:
            # A list, in which empty elements do not count (RFC 9110 §5.6.1.2); an empty list expects nothing.
            expect = b", ".join(framing_fields[b"expect"]).decode("latin-1").lower().strip(", \t") or None
        if b"upgrade" in framing_fields and b"upgrade" in options:
            upgrade = b", ".join(framing_fields[b"upgrade"]).decode("latin-1")
    return RequestHead(method, target, version, fields, framing, keep_alive, expect, upgrade)


def _check_hosts(version: HttpVersion, hosts: list[bytes]) -> None:
    # RFC 9112 §3.2: the response to none or several with HTTP/1.1, and to an invalid one, is 400. HTTP/1.0 may have
    # none.
    if len(hosts) > 1 or (not hosts and version is HTTP_11):
        raise RemoteProtocolError(400, "exactly one Host is required")
    if hosts:
        _check_host(hosts[0])


def _check_host(host: bytes) -> None:
    if not host or host[0] == 0x3A or not HOST.fullmatch(host):
        raise RemoteProtocolError(400, "malformed Host")


def connection_options(values: Sequence[bytes]) -> set[bytes]:
    """Return the options that the values of Connection name, in lower case."""
    return {option.strip(b" \t").lower() for value in values for option in value.split(b",")}


def is_persistent(version: HttpVersion, options: set[bytes]) -> bool:
    """Return True if the connection persists after a message: if nobody closes it, and with HTTP/1.0 only if the
    message asks for it (RFC 9112 §9.3).
    """
    return b"close" not in options and (version is HTTP_11 or b"keep-alive" in options)
