"""Reading the head of a request (RFC 9112 §3 and §5).

`parse_head` takes a whole head. In the common case it is one match, which proves that every line is well-formed
and that none but Host decides anything; no line is taken apart. All other heads go the long way: one match for
the request-line, one for the lines, one that picks the fields that frame the message.

`LineCheck` looks at heads line by line: at those that arrive in pieces, so that hopeless ones are refused
before they are complete, and at those that `parse_head` could not match, to tell what is wrong. As it always
names the *first* fault in the order of the bytes, the verdict does not depend on how the bytes were cut.
"""

from typing import Final

from muntin.http_core._buffer import ReceiveBuffer
from muntin.http_core._events import HTTP_10, HTTP_11, HttpVersion, RequestHead
from muntin.http_core._framing import frame_request
from muntin.http_core._grammar import FIELD_SECTION, FRAMING_FIELD, HOST, PLAIN_HEAD, REQUEST_LINE
from muntin.http_core._limits import Limits
from muntin.http_core._target import check_target
from muntin.http_core.errors import RemoteProtocolError

__all__ = ["LineCheck", "parse_head"]

# Others are answered 505, the higher minor versions that RFC 9110 §2.5 lets us take for 1.1 included: nobody
# sends them.
_VERSIONS: Final = {(b"1", b"1"): HTTP_11, (b"1", b"0"): HTTP_10}


def parse_head(block: bytes, limits: Limits) -> RequestHead:
    """Read a head, from its first byte to the empty line that ends it.

    Raises:
        RemoteProtocolError: with the status of the first fault.
    """
    plain = PLAIN_HEAD.fullmatch(block)
    if len(block) > limits.line_floor or block.count(b"\n") > limits.field_count:
        LineCheck(limits).check_all(block)
    if plain is not None:
        method, target, fields = plain.groups()
        if method != b"CONNECT":
            return RequestHead(method.decode("ascii"), target.decode("ascii"), HTTP_11, fields)
    return _parse_rare(block, limits)


def _parse_rare(block: bytes, limits: Limits) -> RequestHead:
    """Read a head of any kind."""
    line = REQUEST_LINE.match(block)
    section = FIELD_SECTION.match(block, line.end()) if line is not None else None
    if line is None or section is None or section.end() != len(block) - 2:
        raise _explain(block, limits)
    method, target, major, minor = line.groups()
    version = _VERSIONS.get((major, minor))
    if version is None:
        raise RemoteProtocolError(505, "HTTP version not supported")
    framing_fields = FRAMING_FIELD.findall(block, line.end() - 1)
    return _interpret(method, target, version, block[line.end() : -2], framing_fields)


def _interpret(
    method: bytes,
    target: bytes,
    version: HttpVersion,
    fields: bytes,
    framing_fields: list[tuple[bytes, bytes]],
) -> RequestHead:
    """Read what the fields that frame a message say together."""
    told: dict[bytes, list[bytes]] = {}
    for name, value in framing_fields:
        told.setdefault(name.lower(), []).append(value.strip(b" \t"))
    hosts = told.get(b"host", [])
    _check_hosts(version, hosts)
    check_target(method, target, hosts[0] if hosts else None)
    framing = frame_request(version, told.get(b"transfer-encoding", ()), told.get(b"content-length", ()))
    options = _connection_options(told.get(b"connection", ()))
    # RFC 9112 §9.3: persistent unless closed, and with HTTP/1.0 only when asked for.
    keep_alive = b"close" not in options and (version is HTTP_11 or b"keep-alive" in options)
    expect = upgrade = None
    # An HTTP/1.0 peer knows neither (RFC 9110 §10.1.1 and §7.8).
    if version is HTTP_11:
        if b"expect" in told:
            expect = b", ".join(told[b"expect"]).decode("latin-1").lower()
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


def _connection_options(values: "list[bytes] | tuple[()]") -> set[bytes]:
    return {option.strip(b" \t").lower() for value in values for option in value.split(b",")}


def _explain(block: bytes, limits: Limits) -> RemoteProtocolError:
    """Find what `parse_head` stumbled over."""
    try:
        LineCheck(limits).check_all(block)
    except RemoteProtocolError as fault:
        return fault
    return RemoteProtocolError(400, "malformed head")  # pragma: no cover - the two readings agree


class LineCheck:
    """The lines of one head, checked one after the other as they become complete."""

    __slots__ = ("_count", "_limits", "_offset", "_searched", "_section")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._offset = 0
        """Where the first line that was not checked yet begins."""
        self._searched = 0
        """Up to where there is no end of that line."""
        self._count = -1
        """Field lines checked; -1 before the request-line."""
        self._section = 0
        """Bytes of field lines checked."""

    def check_all(self, block: bytes) -> None:
        """Check a whole head.

        Raises:
            RemoteProtocolError: with the status of the first fault.
        """
        buffer = ReceiveBuffer()
        buffer.append(block)
        self.check(buffer)

    def check(self, buffer: ReceiveBuffer) -> None:
        """Check the lines that have become complete since the last call, and the length of the one that has not.

        Raises:
            RemoteProtocolError: with the status of the first fault.
        """
        while (at := buffer.find(b"\n", self._searched)) >= 0:
            line = buffer.slice(self._offset, at + 1)
            self._offset = self._searched = at + 1
            if line == b"\r\n" and self._count >= 0:
                return
            self._check_line(line)
        self._searched = len(buffer)
        # One more than the limit may be the CR of a line that just fits.
        self._check_length(self._searched - self._offset - 1)

    def _check_line(self, line: bytes) -> None:
        self._check_length(len(line) - (2 if line.endswith(b"\r\n") else 1))
        self._count += 1
        if self._count == 0:
            match = REQUEST_LINE.fullmatch(line)
            if match is None:
                raise RemoteProtocolError(400, "malformed request line")
            if match.groups()[2:] not in _VERSIONS:
                raise RemoteProtocolError(505, "HTTP version not supported")
            return
        self._section += len(line)
        if self._count > self._limits.field_count or self._section > self._limits.field_section:
            raise RemoteProtocolError(431, "too many fields")
        match = FIELD_SECTION.fullmatch(line)
        if match is None:
            raise RemoteProtocolError(400, "malformed field line")

    def _check_length(self, length: int) -> None:
        if self._count < 0:
            if length > self._limits.request_line:
                raise RemoteProtocolError(414, "request line too long")
        elif length > self._limits.field_line:
            raise RemoteProtocolError(431, "field line too long")
