"""Reading the head of a response (RFC 9112 §4 and §5), for clients.

Lines and framing fields are read as in requests; only the first line, and what it implies, is different.
"""

from muntin.http_core._events import ReceivedResponse, RequestHead
from muntin.http_core._framing import frame_received_response
from muntin.http_core._grammar import FIELD_SECTION, STATUS_LINE
from muntin.http_core._head_parts import find_framing_fields
from muntin.http_core._limits import Limits
from muntin.http_core._lines import STATUS_LINES, VERSIONS, LineCheck, find_fault
from muntin.http_core._request_head import connection_options, is_persistent
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["parse_response_head"]


def parse_response_head(block: bytes, request: RequestHead, limits: Limits) -> ReceivedResponse:
    """Parse the head of a response, from its first byte to the empty line that ends it.

    Args:
        block: the bytes.
        request: the request that it responds to.
        limits: how much the peer may send.

    Raises:
        RemoteProtocolError: the head is malformed; the first fault is named.
    """
    if len(block) > limits.line_floor or block.count(b"\n") > limits.field_count:
        LineCheck(limits, STATUS_LINES).check_all(block)
    line = STATUS_LINE.match(block)
    section = FIELD_SECTION.match(block, line.end()) if line is not None else None
    if line is None or section is None or section.end() != len(block) - 2:
        raise find_fault(block, limits, STATUS_LINES)
    digits, code, reason = line.groups()
    version = VERSIONS.get(digits)
    if version is None:
        raise RemoteProtocolError(505, "HTTP version not supported")
    status = int(code)
    found = find_framing_fields(block, line.end(), len(block))
    options = connection_options(found.get(b"connection", ()))
    lengths, codings = found.get(b"content-length", ()), found.get(b"transfer-encoding", ())
    return ReceivedResponse(
        status,
        reason or b"",
        version,
        block[line.end() : -2],
        frame_received_response(request.method, version, status, codings, lengths),
        is_persistent(version, options),
        _has_switched(status, request),
    )


def _has_switched(status: int, request: RequestHead) -> bool:
    if status == 101:
        # RFC 9110 §15.2.2: only to what the request offered.
        if request.upgrade is None:
            raise RemoteProtocolError(502, "an upgrade that was not requested")
        return True
    return request.method == "CONNECT" and 200 <= status <= 299
