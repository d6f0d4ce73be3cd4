"""Reading the head of a request (RFC 9112 §3 and §5).

`parse_head` takes a whole head. In the common case it is one match, which proves that every line is well-formed
and that none but Host and Content-Length decides anything; no line is taken apart. All other heads go the long
way: one match for the request-line, one for the lines, one that picks the fields that frame the message.

What is wrong with those that match nothing, `_lines` tells.
"""

from collections.abc import Sequence

from muntin.http_core._events import HTTP_11, NO_BODY, HttpVersion, RequestHead
from muntin.http_core._framing import frame_length, frame_request
from muntin.http_core._grammar import FIELD_SECTION, FRAMING_FIELD, HOST, PLAIN_HEAD, REQUEST_LINE
from muntin.http_core._limits import Limits
from muntin.http_core._lines import REQUEST_LINES, VERSIONS, LineCheck, explain
from muntin.http_core._target import check_target
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["connection_options", "is_persistent", "parse_head", "pick_fields"]


def parse_head(block: bytes, limits: Limits) -> RequestHead:
    """Read a head, from its first byte to the empty line that ends it.

    Raises:
        RemoteProtocolError: with the status of the first fault.
    """
    plain = PLAIN_HEAD.fullmatch(block)
    if len(block) > limits.line_floor or block.count(b"\n") > limits.field_count:
        LineCheck(limits, REQUEST_LINES).check_all(block)
    if plain is not None:
        method, target, fields, behind, before = plain.groups()
        if method != b"CONNECT":
            length = behind or before
            framing = frame_length(int(length)) if length else NO_BODY
            return RequestHead(method.decode("ascii"), target.decode("ascii"), HTTP_11, fields, framing)
    return _parse_rare(block, limits)


def _parse_rare(block: bytes, limits: Limits) -> RequestHead:
    """Read a head of any kind."""
    line = REQUEST_LINE.match(block)
    section = FIELD_SECTION.match(block, line.end()) if line is not None else None
    if line is None or section is None or section.end() != len(block) - 2:
        raise explain(block, limits, REQUEST_LINES)
    method, target, major, minor = line.groups()
    version = VERSIONS.get((major, minor))
    if version is None:
        raise RemoteProtocolError(505, "HTTP version not supported")
    return _interpret(method, target, version, block[line.end() : -2], pick_fields(block, line.end()))


def pick_fields(block: bytes, start: int) -> dict[bytes, list[bytes]]:
    """Give the values of the fields that frame a message, by lower-case name; `start` is behind the first line."""
    told: dict[bytes, list[bytes]] = {}
    for name, value in FRAMING_FIELD.findall(block, start - 1):
        told.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return told


def _interpret(
    method: bytes,
    target: bytes,
    version: HttpVersion,
    fields: bytes,
    told: dict[bytes, list[bytes]],
) -> RequestHead:
    """Read what the fields that frame a message say together."""
    hosts = told.get(b"host", [])
    _check_hosts(version, hosts)
    check_target(method, target, hosts[0] if hosts else None)
    framing = frame_request(version, told.get(b"transfer-encoding", ()), told.get(b"content-length", ()))
    options = connection_options(told.get(b"connection", ()))
    keep_alive = is_persistent(version, options)
    expect = upgrade = None
    # An HTTP/1.0 peer knows neither (RFC 9110 §10.1.1 and §7.8).
    if version is HTTP_11:
        if b"expect" in told:
            # A list, whose empty elements do not count (RFC 9110, section 5.6.1.2); of none nothing is expected.
            expect = b", ".join(told[b"expect"]).decode("latin-1").lower().strip(", \t") or None
        if b"upgrade" in told and b"upgrade" in options:
            upgrade = b", ".join(told[b"upgrade"]).decode("latin-1")
    return RequestHead(
        method.decode("ascii"), target.decode("ascii"), version, fields, framing, keep_alive, expect, upgrade
    )


def _check_hosts(version: HttpVersion, hosts: list[bytes]) -> None:
    # RFC 9112 §3.2: none or several on 1.1, or an invalid one, must be answered 400. An old peer may have none.
    if len(hosts) > 1 or (not hosts and version is HTTP_11):
        raise RemoteProtocolError(400, "exactly one Host is required")
    if hosts:
        _check_host(hosts[0])


def _check_host(host: bytes) -> None:
    if not host or host[0] == 0x3A or not HOST.fullmatch(host):
        raise RemoteProtocolError(400, "malformed Host")


def connection_options(values: Sequence[bytes]) -> set[bytes]:
    """Give what the values of Connection name, lower-cased."""
    return {option.strip(b" \t").lower() for value in values for option in value.split(b",")}


def is_persistent(version: HttpVersion, options: set[bytes]) -> bool:
    """Tell whether a message lets its connection go on: unless closed, and with HTTP/1.0 only when asked for
    (RFC 9112 §9.3)."""
    return b"close" not in options and (version is HTTP_11 or b"keep-alive" in options)
