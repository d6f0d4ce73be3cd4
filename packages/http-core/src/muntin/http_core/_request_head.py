"""Reading the head of a request (RFC 9112 §3 and §5).

`parse_request_head` takes a whole head. The common head needs one match, which proves that every line is well-formed
and that only Host and Content-Length decide how the message is read; no line is taken apart. Any other head needs
three: one match for the request-line, one for the lines, and one that finds the fields that frame the message.

For a head that does not match, `_lines` finds out what is wrong.
"""

from collections.abc import Sequence

from muntin.http_core._events import HTTP_11, NO_BODY, HttpVersion, RequestHead
from muntin.http_core._framing import frame_length, frame_request
from muntin.http_core._grammar import FIELD_SECTION, FRAMING_FIELD, HOST, PLAIN_HEAD, REQUEST_LINE
from muntin.http_core._limits import Limits
from muntin.http_core._lines import REQUEST_LINES, VERSIONS, LineCheck, find_fault
from muntin.http_core._target import check_target
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["connection_options", "find_framing_fields", "is_persistent", "parse_request_head"]


def parse_request_head(block: bytes, limits: Limits) -> RequestHead:
    """Parse a head, from its first byte to the empty line that ends it.

    Raises:
        RemoteProtocolError: the head is malformed or exceeds a limit; the first fault is named.
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
    return _parse_uncommon(block, limits)


def _parse_uncommon(block: bytes, limits: Limits) -> RequestHead:
    """Parse a head of any kind."""
    line = REQUEST_LINE.match(block)
    section = FIELD_SECTION.match(block, line.end()) if line is not None else None
    if line is None or section is None or section.end() != len(block) - 2:
        raise find_fault(block, limits, REQUEST_LINES)
    method, target, major, minor = line.groups()
    version = VERSIONS.get((major, minor))
    if version is None:
        raise RemoteProtocolError(505, "HTTP version not supported")
    return _build_head(
        method, target, version, block[line.end() : -2], find_framing_fields(block, line.end())
    )


def find_framing_fields(block: bytes, start: int) -> dict[bytes, list[bytes]]:
    """Return the values of the fields that frame a message, by lower-case name; `start` is behind the first line."""
    found: dict[bytes, list[bytes]] = {}
    for name, value in FRAMING_FIELD.findall(block, start - 1):
        found.setdefault(name.lower(), []).append(value.strip(b" \t"))
    return found


def _build_head(
    method: bytes,
    target: bytes,
    version: HttpVersion,
    fields: bytes,
    framing_fields: dict[bytes, list[bytes]],
) -> RequestHead:
    """Build the head from its parts, and refuse those that contradict one another."""
    hosts = framing_fields.get(b"host", [])
    _check_hosts(version, hosts)
    check_target(method, target, hosts[0] if hosts else None)
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
    return RequestHead(
        method.decode("ascii"), target.decode("ascii"), version, fields, framing, keep_alive, expect, upgrade
    )


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
